import type { KinesisClient } from '@aws-sdk/client-kinesis';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, test } from 'vitest';
import { putAbsent } from '#cli/reload/put-absent.ts';
import { releaseMetrics } from '#cli/reload/release-metrics.ts';
import { withParts } from '#cli/reload/with-parts.ts';
import type { AbsentRow } from '#core/reload/absent-record.ts';
import { SOURCE_TABLES } from '#schemas/source/lph.ts';

describe('records of absences', () => {
  const metrics = SOURCE_TABLES.find(({ name }) => name === 'metrics');
  const rows: readonly AbsentRow[] =
    metrics === undefined ? [] : ['1', '2', '3'].map((id) => ({ table: metrics, key: [id] }));

  /** Takes the records as its answers say, and none in the end. */
  const streamThat = (...answers: readonly (readonly object[] | undefined)[]) => {
    const asked: number[] = [];
    const send = async ({ input }: { input: { Records: readonly object[] } }) => {
      asked.push(input.Records.length);
      return { Records: answers[asked.length - 1] };
    };
    return { asked, client: { send } as unknown as KinesisClient };
  };
  const taken = { SequenceNumber: '1' };

  test('are put again until the stream has each: an answer without a sequence number is no acceptance', async () => {
    const refused = { ErrorCode: 'ProvisionedThroughputExceededException' };
    const { asked, client } = streamThat([taken, refused, taken], undefined, [{}], [taken]);
    await putAbsent(client, 'changes', rows, new Map([['metrics', '2026-11-20T12:00:00.000000Z']]), async () => {});
    expect(asked).toEqual([3, 1, 1, 1]);
  });

  test('that the stream goes on refusing are said, with how many', async () => {
    const { client } = streamThat();
    await expect(putAbsent(client, 'changes', rows, new Map(), async () => {})).rejects.toThrow(
      'Kinesis refused 3 of 3 records 8 times.',
    );
  });
});

describe('the release of what a lost mirror held', () => {
  const queueOf = (left: string) => {
    const sent: string[] = [];
    const send = async ({ input }: { input: { Entries?: readonly { MessageBody: string }[] } }) => {
      for (const { MessageBody } of input.Entries ?? []) sent.push(...JSON.parse(MessageBody).metricIds);
      return input.Entries ? {} : { Attributes: { ApproximateNumberOfMessages: left } };
    };
    return { sent, projector: { queue: { send } as unknown as SQSClient, queueUrl: 'https://queue' } };
  };

  test('that is interrupted has handed over every metric that it released, and says that it did not see the end', async () => {
    const { sent, projector } = queueOf('1');
    const released: string[] = [];
    const mirror = { release: async (ids: readonly string[]) => void released.push(...ids) };
    const ids = Array.from({ length: 25 }, (_, id) => String(id));
    expect(await releaseMetrics(mirror, projector, ids, () => {}, AbortSignal.abort())).toBe(false);
    expect([released, sent]).toEqual([ids, ids]);
  });
});

describe('single tables', () => {
  test('bring along what a cascade takes with their rows, and nothing more', () => {
    expect(withParts(['dimensions'])).toEqual(['dimensions', 'dimensions_metric_groups']);
    expect(withParts(['metric_groups'])).toEqual(['metric_groups', 'dimensions_metric_groups']);
    expect(new Set(withParts(['metrics']))).toEqual(new Set(['metrics', 'metric_versions', 'metric_relationships']));
    for (const part of ['dimensions_metric_groups', 'metric_versions', 'metric_relationships'])
      expect(withParts([part])).toEqual([part]);
  });
});
