/**
 * The optional archive in the whole pipeline, from its own template: under the permissions of its role it holds every record of the change
 * stream, byte for byte, the full load included, and nothing else waits for it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetRecordsCommand, GetShardIteratorCommand, KinesisClient, ListShardsCommand } from '@aws-sdk/client-kinesis';
import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { reportOf } from '#cli/pipeline/resource-status.ts';
import { hops } from '#cli/status/hops.ts';
import { archivedShards, readArchivedShard } from '#core/archive/read-archive.ts';
import { s3ArchiveStore } from '#core/archive/s3-archive-store.ts';
import { relayApp } from '#infra/relay-app.ts';
import { until } from './support/eventually.ts';
import { type PipelineUnderTest, startPipelineUnderTest } from './support/pipeline-under-test.ts';

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
  const StreamName = pipeline.reach.output('ChangeStream');
  const found: string[] = [];
  const { Shards = [] } = await kinesis.send(new ListShardsCommand({ StreamName }));
  for (const { ShardId } of Shards) {
    const first = { StreamName, ShardId, ShardIteratorType: 'TRIM_HORIZON' as const };
    let { ShardIterator } = await kinesis.send(new GetShardIteratorCommand(first));
    for (let behind = 1; behind > 0 && ShardIterator !== undefined; ) {
      const answer = await kinesis.send(new GetRecordsCommand({ ShardIterator }));
      for (const { SequenceNumber, Data } of answer.Records ?? []) {
        found.push(`${ShardId} ${SequenceNumber}: ${Buffer.from(Data ?? []).toString()}`);
      }
      behind = answer.Records?.length === 0 ? (answer.MillisBehindLatest ?? 0) : 1;
      ShardIterator = answer.NextShardIterator;
    }
  }
  kinesis.destroy();
  return found.sort();
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

test('every record of the stream is in the archive, the full load and what is written afterwards', async () => {
  await pipeline.source.connection.query("UPDATE lph.dimensions SET name = CONCAT(name, ' é𝄞') WHERE id <= 3");
  const count = () => reportOf(pipeline.local.status()).replication?.tables.find(({ table }) => table === 'dimensions');
  await until('the update is captured', () => (count()?.updates ?? 0) >= 3);
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
  expect(inArchive).toEqual(onStream);
  expect(onStream.filter((record) => record.includes('é𝄞')).length).toBeGreaterThanOrEqual(3);
  const seen = { report: reportOf(pipeline.local.status()) };
  expect(hops(seen).find(({ hop }) => hop === 'change archive')).toMatchObject({ state: 'ok' });
  expect(hops(seen).find(({ hop }) => hop === 'replay')).toMatchObject({ state: 'ok' });
});
