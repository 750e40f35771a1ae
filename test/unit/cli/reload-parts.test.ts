import type { SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, test } from 'vitest';
import { releaseMetrics } from '#cli/reload/release-metrics.ts';

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
