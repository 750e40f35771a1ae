import { CreateStreamCommand, KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { archiveBatch } from '#core/archive/archive-batch.ts';
import { archiveCoverage } from '#core/archive/archive-coverage.ts';
import type { ArchivedRecord } from '#core/archive/archive-object.ts';
import { archivedShards, readArchivedShard } from '#core/archive/read-archive.ts';
import { s3ArchivePut, s3ArchiveStore } from '#core/archive/s3-archive-store.ts';
import { eventSourceMappingProvider } from '#local/resources/event-source-mapping.ts';
import { lambdaFunctionProvider } from '#local/resources/lambda-function.ts';
import { allOf, archivedRecord } from '../support/memory-archive.ts';
import { eventually, type Platform, REGION, ROLE, startPlatform } from './platform-rig.ts';

const STREAM = 'changes';
const EVER = { fromMs: Date.now() - 3_600_000, toMs: Date.now() + 3_600_000 };

let platform: Platform;
let s3: S3Client;
let kinesis: KinesisClient;

beforeAll(async () => {
  platform = await startPlatform();
  s3 = new S3Client({ ...platform.access, forcePathStyle: true });
  kinesis = new KinesisClient(platform.access);
});

afterAll(async () => {
  s3.destroy();
  kinesis.destroy();
  await platform.stop();
});

async function bucket(name: string): Promise<string> {
  await s3.send(new CreateBucketCommand({ Bucket: name }));
  return name;
}

describe('the change archive in a bucket', () => {
  it('gives back what was put, once, more than one page of names included', async () => {
    const name = await bucket('many');
    const records = Array.from({ length: 1_100 }, (_, place) =>
      archivedRecord('shardId-0', place, EVER.fromMs + place),
    );
    const put = s3ArchivePut(s3, name);
    for (const record of records) await archiveBatch([record], put);
    await archiveBatch(records.slice(0, 1), put);
    await archiveBatch(records.slice(5, 20), put);
    await s3.send(new PutObjectCommand({ Bucket: name, Key: 'changes/notes.txt', Body: 'not ours' }));
    const read = await allOf(readArchivedShard(s3ArchiveStore(s3, name), 'shardId-0', EVER));
    expect(read).toEqual(records);
    const coverage = await archiveCoverage(s3ArchiveStore(s3, name), { ...EVER, fromMs: EVER.fromMs - 7_200_000 });
    expect(coverage.beginsMs).toBe(EVER.fromMs);
    expect(coverage.silences[0]).toEqual({
      fromMs: EVER.fromMs - 7_200_000,
      toMs: EVER.fromMs,
      missing: true,
    });
  });

  it('gets every record of the stream through the function, and a second delivery makes no second object', async () => {
    const name = await bucket('archive');
    await kinesis.send(new CreateStreamCommand({ StreamName: STREAM, ShardCount: 2 }));
    const sent = Array.from({ length: 300 }, (_, n) => ({
      PartitionKey: `key ${n % 17}`,
      Data: Buffer.from(`change ${n}`),
    }));
    await eventually(
      () =>
        kinesis.send(new PutRecordsCommand({ StreamName: STREAM, Records: sent })).then(
          () => true,
          () => false,
        ),
      (done) => done,
    );
    const bundle = await build({
      entryPoints: ['functions/change-archiver/handler.ts'],
      bundle: true,
      write: false,
      platform: 'node',
      format: 'esm',
      target: 'node24',
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    });
    const archiver = await platform.create(lambdaFunctionProvider, 'ChangeArchiver', {
      Code: await platform.asset(bundle.outputFiles[0]?.text ?? ''),
      Handler: 'index.handler',
      Role: ROLE,
      Runtime: 'nodejs24.x',
      Timeout: 60,
      Environment: { Variables: { CHANGE_ARCHIVE_BUCKET: name } },
    });
    const deliverAll = async (logicalId: string): Promise<void> => {
      const mapping = await platform.create(eventSourceMappingProvider, logicalId, {
        BatchSize: 100,
        EventSourceArn: `arn:aws:kinesis:${REGION}:000000000000:stream/${STREAM}`,
        FunctionName: archiver.ref,
        StartingPosition: 'TRIM_HORIZON',
      });
      await mapping.start?.();
      await eventually(
        () => mapping.status?.() ?? {},
        ({ records }) => records === sent.length,
      );
    };
    await deliverAll('First');
    const store = s3ArchiveStore(s3, name);
    const objects = (await allOf(store.list('changes/'))).sort();
    const shards = await archivedShards(store, EVER);
    expect(shards).toHaveLength(2);
    const read: ArchivedRecord[] = [];
    for (const { shardId } of shards) read.push(...(await allOf(readArchivedShard(store, shardId, EVER))));
    const asSent = (records: readonly { PartitionKey: string; Data: Buffer }[]) =>
      records.map(({ PartitionKey, Data }) => `${PartitionKey}: ${Data}`).sort();
    expect(
      asSent(read.map(({ partitionKey, bytes }) => ({ PartitionKey: partitionKey, Data: Buffer.from(bytes) }))),
    ).toEqual(asSent(sent));
    // Another mapping begins anew: what it hands over is there already.
    await deliverAll('Second');
    expect((await allOf(store.list('changes/'))).sort()).toEqual(objects);
  });
});
