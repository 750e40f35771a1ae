/** Hands metrics to the projector at a pace, and waits until its queue is empty. */
import { setTimeout as delay } from 'node:timers/promises';
import { GetQueueAttributesCommand, SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import type { ProjectionMessage } from '#schemas/projection-message.ts';
import { failed } from '../command-failure.ts';
import { counted } from '../render/counted.ts';
import type { RebuildConnection } from './rebuild-connection.ts';

/** Metrics in one message: well within one invocation of the projector, also when each has many versions to put back. */
const METRICS_PER_MESSAGE = 10;
/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html */
const MESSAGES_PER_REQUEST = 10;

export interface HandOver {
  /** Metrics a second. */
  readonly rate: number;
  readonly committedAt: string;
  readonly sleep: (ms: number) => Promise<void>;
  readonly mustStop: () => boolean;
  readonly progress: (done: number) => void;
}

/** @returns how many metrics were handed over; fewer than given when it was stopped. */
export async function sendRebuild(
  { queue, queueUrl }: Pick<RebuildConnection, 'queue' | 'queueUrl'>,
  metricIds: readonly string[],
  { rate, committedAt, sleep, mustStop, progress }: HandOver,
): Promise<number> {
  const perRequest = Math.max(1, Math.min(METRICS_PER_MESSAGE * MESSAGES_PER_REQUEST, rate));
  const startedMs = Date.now();
  let done = 0;
  while (done < metricIds.length) {
    await sleep(Math.max(0, startedMs + (done * 1000) / rate - Date.now()));
    if (mustStop()) break;
    const ids = metricIds.slice(done, done + perRequest);
    const entries = [];
    for (let from = 0; from < ids.length; from += METRICS_PER_MESSAGE) {
      const message: ProjectionMessage = {
        kind: 'recompute',
        metricIds: ids.slice(from, from + METRICS_PER_MESSAGE),
        commit: { committedAt },
        byItems: true,
      };
      entries.push({ Id: String(from), MessageBody: JSON.stringify(message) });
    }
    const { Failed = [] } = await queue.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries: entries }));
    const [refused] = Failed;
    if (refused)
      throw failed(
        `The projection queue refused ${counted(Failed.length, 'message')}: ${refused.Code}: ${refused.Message ?? ''}`,
        `${counted(done, 'metric was', 'metrics were')} handed over before. The same command does the rest.`,
      );
    done += ids.length;
    progress(done);
  }
  return done;
}

/** Counts of a queue are approximate, so it must be found empty this often in a row. */
const EMPTY_LOOKS = 3;
const LOOK_EVERY_MS = 1_000;

/** @returns false when it was stopped before. Messages that failed for good leave for the dead letters, so it ends. */
export async function queueDrained(
  { queue, queueUrl }: Pick<RebuildConnection, 'queue' | 'queueUrl'>,
  signal: AbortSignal,
  progress: (left: number) => void,
): Promise<boolean> {
  for (let empty = 0; empty < EMPTY_LOOKS; ) {
    await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
    if (signal.aborted) return false;
    const { Attributes } = await queue.send(
      new GetQueueAttributesCommand({
        QueueUrl: queueUrl,
        AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
      }),
    );
    const left =
      Number(Attributes?.ApproximateNumberOfMessages ?? 0) +
      Number(Attributes?.ApproximateNumberOfMessagesNotVisible ?? 0);
    empty = left === 0 ? empty + 1 : 0;
    if (left > 0) progress(left);
  }
  return true;
}
