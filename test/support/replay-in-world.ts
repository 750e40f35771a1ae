/** A replay in a world, as the state machine runs it: its run stands in the journal, and every slice is a writer of its own. It shares nothing with the live path but the tables. */
import type { WriteAction } from '#core/platform/item-store.ts';
import type { ChangeLog } from '#core/replay/change-log.ts';
import { EVERYTHING } from '#core/replay/record-filter.ts';
import { ReplayJournal } from '#core/replay/replay-journal.ts';
import type { ReplayRequest, ReplayRun, ShardCheckpoint } from '#core/replay/replay-run.ts';
import { replaySlice } from '#core/replay/replay-slice.ts';
import { failingWrites } from './faulty-store.ts';
import { MemoryItemStore } from './memory-item-store.ts';
import type { RelayWorld } from './relay-world.ts';

export const REPLAY = 'r1';

/** Of all records of a window, as fast as the stream gives them. */
export const wholeWindow = (
  window: ReplayRequest['window'],
  generations: ReplayRequest['generations'],
  otherwise: Partial<ReplayRequest> = {},
): ReplayRequest => ({
  source: 'stream',
  window,
  filter: EVERYTHING,
  allowGap: false,
  readShare: 1,
  generations,
  ...otherwise,
});

/** Waiting moves the world's clock, and nothing else. */
export const sleepIn =
  (world: RelayWorld) =>
  async (ms: number): Promise<void> => {
    world.nowMs += ms;
  };

export interface SliceOptions {
  /** The first of the first generation, when it is not said. */
  readonly shardId?: string | undefined;
  /** Before every operation of the store. */
  readonly gate?: () => Promise<void>;
  readonly remainingMs?: () => number;
  readonly execution?: string;
  readonly checkpoint?: ShardCheckpoint;
  /** Writes of the replicated records, not of the journal, that fail. */
  readonly faulty?: (action: WriteAction) => boolean;
}

export async function replayInWorld(
  world: RelayWorld,
  request: ReplayRequest,
  { logOf, batchRecords }: { readonly logOf: (request: ReplayRequest) => ChangeLog; readonly batchRecords: number },
) {
  const journalBehind = (gate?: () => Promise<void>): ReplayJournal =>
    new ReplayJournal(new MemoryItemStore(world.tables, gate), 'Replays', () => world.nowMs);
  const journal = journalBehind();
  const run: ReplayRun = {
    replayId: REPLAY,
    request,
    execution: `${REPLAY}-1`,
    startedAtMs: world.nowMs,
    stopped: false,
  };
  await journal.putRun(run);
  let slices = 0;
  const slice = ({
    shardId = request.generations[0]?.[0] ?? '',
    gate,
    remainingMs = () => 900_000,
    execution = run.execution,
    checkpoint,
    faulty = () => false,
  }: SliceOptions = {}): Promise<ShardCheckpoint> => {
    const replication = world.context(gate);
    return replaySlice(
      {
        replication: { ...replication, store: failingWrites(replication.store, faulty) },
        journal: journalBehind(gate),
        logOf,
        batchRecords,
        writer: `slice ${++slices}`,
        nowMs: () => world.nowMs,
        sleep: sleepIn(world),
        remainingMs,
      },
      { replayId: REPLAY, shardId, execution, checkpoint },
    );
  };
  return { journal, run, slice };
}
