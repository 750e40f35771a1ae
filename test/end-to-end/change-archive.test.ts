/**
 * The optional archive in the whole pipeline, from its own template: under the permissions of its role it holds every record of the change
 * stream, byte for byte, the full load included, and nothing else waits for it. A target that lost everything is replayed from it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KinesisClient } from '@aws-sdk/client-kinesis';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EXIT } from '#cli/exit-code.ts';
import { reportOf } from '#cli/pipeline/resource-status.ts';
import { hops } from '#cli/status/hops.ts';
import { archivedShards, readArchivedShard } from '#core/archive/read-archive.ts';
import { s3ArchiveStore } from '#core/archive/s3-archive-store.ts';
import { relayApp } from '#infra/relay-app.ts';
import { streamRecords } from '../support/stream-records.ts';
import { until } from './support/eventually.ts';
import { settled } from './support/laws.ts';
import { announce, type PipelineUnderTest, startPipelineUnderTest } from './support/pipeline-under-test.ts';
import { runRelay } from './support/relay-process.ts';
import { group, inGroup, metric, version } from './support/source-writes.ts';

const EVER = { fromMs: Date.now() - 3_600_000, toMs: Date.now() + 3_600_000 };
const folder = mkdtempSync(join(tmpdir(), 'relay-archive-'));

let pipeline: PipelineUnderTest;
beforeAll(async () => {
  relayApp({ outdir: folder, settings: { changeArchive: true, changeArchiveWindowSeconds: 1 } }).synth();
  pipeline = await startPipelineUnderTest({
    assemblyDirectory: folder,
    sample: { seed: 1, dimensions: 10, primitives: 20, hybrids: 3 },
  });
});
afterAll(async () => {
  await pipeline?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** `shard number: bytes`, of every record that the stream has. */
async function streamed(): Promise<string[]> {
  const kinesis = new KinesisClient(pipeline.reach.client);
  const found = await streamRecords(kinesis, { StreamName: pipeline.reach.output('ChangeStream') });
  kinesis.destroy();
  return found.map(({ shardId, record, text }) => `${shardId} ${record.SequenceNumber}: ${text}`).sort();
}

async function archived(): Promise<string[]> {
  const client = new S3Client({ ...pipeline.reach.client, forcePathStyle: true });
  const store = s3ArchiveStore(client, pipeline.reach.output('ChangeArchiveBucket'));
  const found: string[] = [];
  for (const { shardId } of await archivedShards(store, EVER)) {
    for await (const { sequenceNumber, bytes } of readArchivedShard(store, shardId, EVER)) {
      found.push(`${shardId} ${sequenceNumber}: ${Buffer.from(bytes).toString()}`);
    }
  }
  client.destroy();
  return found.sort();
}

async function archiveHasTheStream(): Promise<[string[], string[]]> {
  let [onStream, inArchive] = [await streamed(), await archived()];
  await until(
    'the archive has as many records as the stream',
    async () => {
      [onStream, inArchive] = [await streamed(), await archived()];
      return onStream.length > 0 && inArchive.length === onStream.length;
    },
    () => [onStream.length, inArchive.length, ...pipeline.talk.slice(-10)],
    60_000,
  );
  return [onStream, inArchive];
}

test('every record of the stream is in the archive, the full load and what is written afterwards', async () => {
  await pipeline.source.connection.query("UPDATE lph.dimensions SET name = CONCAT(name, ' é𝄞') WHERE id <= 3");
  const count = () => reportOf(pipeline.local.status()).replication?.tables.find(({ table }) => table === 'dimensions');
  await until('the update is captured', () => (count()?.updates ?? 0) >= 3);
  const [onStream, inArchive] = await archiveHasTheStream();
  expect(inArchive).toEqual(onStream);
  expect(onStream.filter((record) => record.includes('é𝄞')).length).toBeGreaterThanOrEqual(3);
  const seen = { report: reportOf(pipeline.local.status()) };
  expect(hops(seen).find(({ hop }) => hop === 'change archive')).toMatchObject({ state: 'ok' });
  expect(hops(seen).find(({ hop }) => hop === 'replay')).toMatchObject({ state: 'ok' });
});

async function relay(expected: number, ...args: readonly string[]) {
  const { code, stdout, stderr } = await runRelay([...args, '--json', '--data-dir', pipeline.dataDirectory]);
  expect(code, stderr).toBe(expected);
  return { said: stderr, ...(stdout === '' ? {} : JSON.parse(stdout)) };
}

/** Cuts one object off, and gives back what mends it. */
async function damagedObject(): Promise<{ key: string; mend: () => Promise<void> }> {
  const client = new S3Client({ ...pipeline.reach.client, forcePathStyle: true });
  const Bucket = pipeline.reach.output('ChangeArchiveBucket');
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix: 'changes/' }));
  const Key = Contents.at(-1)?.Key ?? '';
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
  const content = (await Body?.transformToByteArray()) ?? new Uint8Array();
  await client.send(new PutObjectCommand({ Bucket, Key, Body: content.subarray(0, content.length - 9) }));
  return {
    key: Key,
    mend: async () => {
      await client.send(new PutObjectCommand({ Bucket, Key, Body: content }));
      client.destroy();
    },
  };
}

test('a target that lost everything is replayed from the archive; what is missing or damaged there is named first', async () => {
  const { source, dataDirectory } = pipeline;
  await announce(pipeline, dataDirectory);
  await source.transaction(group(9000, 'archived group'), inGroup(9000, 1, 2));
  await source.transaction(metric(9000, 'archived_metric', 9000), version(9000, 1));
  await source.transaction("UPDATE metric_versions SET created_by = 'later' WHERE metric_id = 9000");
  await source.transaction(metric(9001, 'short_lived', 9000), version(9001, 1));
  await source.transaction('DELETE FROM metric_versions WHERE metric_id = 9001', 'DELETE FROM metrics WHERE id = 9001');
  await settled(pipeline);
  await archiveHasTheStream();

  const window = ['--from', '-30m', '--to', 'now', '--from-archive'];
  expect(await relay(EXIT.ok, 'replay', 'plan', ...window)).toMatchObject({ source: 'archive', nothing: true });

  const items = (await pipeline.tables.all('MetricsTable')).length;
  await pipeline.tables.lose('MetricsTable');
  await pipeline.tables.lose('SourceRowsTable');
  const { gone, archive, ...plan } = await relay(EXIT.ok, 'replay', 'plan', ...window);
  expect(plan).toMatchObject({ source: 'archive', nothing: false, records: (await streamed()).length });
  expect(plan.items.length).toBeGreaterThanOrEqual(items - 1);
  expect(gone).toBeNull();
  expect(archive).toMatchObject({ silences: [], lateFrom: expect.any(String) });
  expect(await pipeline.tables.all('MetricsTable')).toEqual([]);

  const early = await relay(EXIT.precondition, 'replay', 'start', ...window.with(1, '-3h'));
  expect(early.said).toMatch(/has no object of \S+Z to \S+Z \(2 h 5\d min\); the archive begins at .*--allow-gap/s);
  const empty = await relay(EXIT.precondition, 'replay', 'plan', ...window.with(1, '-3h').with(3, '-2h'));
  expect(empty.said).toMatch(/Nothing of the window is archived: \S+ has no object from \S+Z to \S+Z/);

  const { stdout: shown } = await runRelay(['replay', 'plan', ...window, '--data-dir', dataDirectory]);
  expect(shown).toMatch(/^archive {3}\S+ keeps 365 d, \d+ objects of the window; the stream is not read$/m);
  expect(shown).toMatch(/^LATE {6}What arrived after \S+Z may not be archived yet/m);

  const { key, mend } = await damagedObject();
  const unreadable = await relay(EXIT.failure, 'replay', 'plan', ...window);
  expect(unreadable.said).toContain(`the object ${key} of the change archive cannot be read`);
  const failed = await relay(EXIT.failure, 'replay', 'start', '--wait', ...window);
  expect(failed).toMatchObject({ source: 'archive', state: 'failed' });
  expect(failed.shards.filter(({ failure }: { failure: string | null }) => failure?.includes(key))).toHaveLength(1);
  await mend();
  expect(await relay(EXIT.ok, 'replay', 'resume', failed.replayId, '--wait')).toMatchObject({ state: 'succeeded' });
  await settled(pipeline);
  expect(await relay(EXIT.ok, 'replay', 'plan', ...window)).toMatchObject({ nothing: true, outcomes: { applied: 0 } });
});
