/** A task of the replay's state machine → core: one slice of a shard, or the note that a shard was given up. Answers with the shard's checkpoint. */
import * as z from 'zod/mini';
import { archiveLogOf } from '#core/archive/archive-change-log.ts';
import { s3ArchiveStore } from '#core/archive/s3-archive-store.ts';
import type { ChangeLog } from '#core/replay/change-log.ts';
import { KinesisChangeLog } from '#core/replay/kinesis-change-log.ts';
import { ReplayJournal } from '#core/replay/replay-journal.ts';
import { ReplayRefused, type ReplayRequest, type ShardCheckpoint } from '#core/replay/replay-run.ts';
import { noteFailure, replaySlice } from '#core/replay/replay-slice.ts';
import { itemStore, kinesis, s3, sqs } from '../clients.ts';
import { errorFields, lambdaHandler, logger } from '../middleware.ts';
import { replicationContext } from '../replication-context.ts';
import { replaySliceEnvironment } from './environment.ts';

/** Why the state machine gave a shard up. */
const givenUp = z.object({ Error: z.optional(z.string()), Cause: z.optional(z.string()) });

/** What the state machine holds of a shard; see infra/constructs/replay-definition.ts. */
const sliceTask = z.object({
  replayId: z.string(),
  execution: z.string(),
  shardId: z.string(),
  /** Answer of the slice before; absent for the first. It was made here, so it is taken as it is. */
  checkpoint: z.optional(z.nullable(z.custom<ShardCheckpoint>((value) => typeof value === 'object' && value !== null))),
  /** Present when the shard was given up. */
  failure: z.optional(givenUp),
});

const environment = replaySliceEnvironment.parse(process.env);
const store = itemStore();
const objects = s3();
const replication = replicationContext(environment, store, sqs(), objects);
const journal = new ReplayJournal(store, environment.REPLAYS_TABLE, Date.now);
const stream = new KinesisChangeLog(kinesis(), environment.CHANGE_STREAM);
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export const handler = lambdaHandler<unknown, ShardCheckpoint>(async (event, context) => {
  const { replayId, execution, shardId, checkpoint, failure } = sliceTask.parse(event);
  const writer = context.awsRequestId;
  if (failure) return noteFailure({ journal, writer }, { replayId, shardId, execution }, reasonOf(failure));
  const slice = {
    replication,
    journal,
    logOf,
    batchRecords: environment.BATCH_RECORDS,
    writer,
    nowMs: Date.now,
    sleep,
    remainingMs: () => context.getRemainingTimeInMillis(),
  };
  try {
    const reached = await replaySlice(slice, { replayId, execution, shardId, checkpoint: checkpoint ?? undefined });
    const { done, looked, counts, throttled } = reached;
    logger.info('replay slice', { replayId, shardId, done, looked, counts, throttled });
    return reached;
  } catch (error) {
    const isFinal = error instanceof ReplayRefused;
    logger.error(isFinal ? 'replay slice refused' : 'replay slice failed', {
      replayId,
      shardId,
      ...errorFields(error),
    });
    throw error;
  }
});

/** The archive is read anew in each slice: what is left open of one belongs to its shard and window. */
function logOf({ source, window }: ReplayRequest): ChangeLog {
  if (source === 'stream') return stream;
  const { CHANGE_ARCHIVE_BUCKET: bucket, CHANGE_ARCHIVE_DAYS: keptDays } = environment;
  if (bucket === undefined || keptDays === undefined)
    throw new ReplayRefused(
      'the change archive is not on any more, and this replay reads it; deploy with relay:changeArchive=true and resume it, or load the tables again (npx relay reload)',
    );
  return archiveLogOf(s3ArchiveStore(objects, bucket), window, keptDays);
}

/** Lambda gives a function's error as JSON text with its message; anything else (a time-out, no memory) is told by its name. */
function reasonOf({ Error: name = 'unknown error', Cause: cause = '' }: z.infer<typeof givenUp>): string {
  try {
    const { errorMessage } = JSON.parse(cause) as { errorMessage?: unknown };
    if (typeof errorMessage === 'string') return `${name}: ${errorMessage}`;
  } catch {
    // no JSON
  }
  return cause === '' ? name : `${name}: ${cause}`;
}
