/**
 * The table `Replays`: one item per replay, one per shard of it, one per window that is being replayed. A shard's item is replaced only by the
 * one who wrote it last, so a slice that has been stopped or taken over finds out at its next checkpoint and ends. It never decides what to do next.
 */
import type { Item, ItemStore, WriteOutcome } from '../platform/item-store.ts';
import {
  newCheckpoint,
  ReplayRefused,
  type ReplayRequest,
  type ReplayRun,
  type ShardCheckpoint,
} from './replay-run.ts';

/** Days for which a replay is remembered after its last write. Step Functions remembers an execution as long. */
const REMEMBERED_DAYS = 90;
const DAY_SECONDS = 86_400;
const ATTEMPTS_MAX = 20;

const RUNS = 'runs';
const RUN = 'run#';
const WINDOWS = 'windows';
const SHARD = 'shard#';

/** A shard's checkpoint with what is needed to replace it. */
export interface HeldCheckpoint {
  readonly checkpoint: ShardCheckpoint;
  readonly writes: number;
}

export class ReplayJournal {
  readonly #store: ItemStore;
  readonly #table: string;
  readonly #nowMs: () => number;

  constructor(store: ItemStore, table: string, nowMs: () => number) {
    this.#store = store;
    this.#table = table;
    this.#nowMs = nowMs;
  }

  async run(replayId: string): Promise<ReplayRun | undefined> {
    const item = await this.#store.get(this.#table, { pk: { S: RUNS }, sk: { S: RUN + replayId } });
    return item && runOf(item);
  }

  /** Every remembered replay, the oldest first. */
  async runs(): Promise<readonly ReplayRun[]> {
    return (await this.#store.query(this.#table, RUNS, RUN)).map(runOf);
  }

  async putRun(run: ReplayRun): Promise<void> {
    await this.#put(runItem(run));
  }

  async checkpoints(replayId: string): Promise<readonly ShardCheckpoint[]> {
    const items = await this.#store.query(this.#table, partition(replayId), SHARD);
    return items.map(checkpointOf);
  }

  /**
   * Takes the window for a replay, unless another one holds it that `isOver` does not declare finished.
   * @returns the id of the replay that holds it, or undefined when it is taken now.
   */
  async takeWindow(
    request: ReplayRequest,
    replayId: string,
    isOver: (holder: string) => Promise<boolean>,
  ): Promise<string | undefined> {
    const key = { pk: { S: WINDOWS }, sk: { S: windowName(request) } };
    const found = await this.#store.get(this.#table, key);
    const holder = found?.replayId?.S;
    if (holder !== undefined && holder !== replayId && !(await isOver(holder))) return holder;
    const taken = await this.#put(
      { ...key, replayId: { S: replayId } },
      holder === undefined
        ? { expression: 'attribute_not_exists(pk)' }
        : { expression: 'replayId = :holder', values: { ':holder': { S: holder } } },
    );
    if (taken.written || taken.found?.replayId?.S === replayId) return undefined;
    return taken.found?.replayId?.S ?? 'another replay';
  }

  /**
   * The checkpoint as it is, now held by `writer`: whoever held it before is refused at its next checkpoint.
   * @param permit asked between reading the shard and taking it, so whoever takes it afterwards keeps it; what it throws ends this.
   */
  async hold(
    replayId: string,
    shardId: string,
    writer: string,
    first: ShardCheckpoint,
    permit: () => Promise<unknown> = async () => {},
  ): Promise<HeldCheckpoint> {
    const key = { pk: { S: partition(replayId) }, sk: { S: SHARD + shardId } };
    let found = await this.#store.get(this.#table, key);
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      await permit();
      const checkpoint = found ? checkpointOf(found) : first;
      const writes = Number(found?.writes?.N ?? 0) + 1;
      const put = await this.#putCheckpoint(replayId, checkpoint, writes, writer);
      if (put.written || isMine(put.found, writes, writer)) return { checkpoint, writes };
      found = put.found;
    }
    throw new Error(`the checkpoint of ${shardId} of replay ${replayId} was written by others ${ATTEMPTS_MAX} times`);
  }

  /** Whoever holds the shard is refused at its next checkpoint. */
  async takeAway(replayId: string, shardId: string, writer: string): Promise<void> {
    await this.hold(replayId, shardId, writer, newCheckpoint(shardId));
  }

  /** @throws ReplayRefused when somebody else holds the shard by now. */
  async move(replayId: string, held: HeldCheckpoint, to: ShardCheckpoint, writer: string): Promise<HeldCheckpoint> {
    const writes = held.writes + 1;
    const put = await this.#putCheckpoint(replayId, to, writes, writer);
    if (put.written || isMine(put.found, writes, writer)) return { checkpoint: to, writes };
    throw new ReplayRefused(`${to.shardId} of replay ${replayId} was stopped, or is read by another slice by now`);
  }

  #putCheckpoint(replayId: string, checkpoint: ShardCheckpoint, writes: number, writer: string): Promise<WriteOutcome> {
    const item = checkpointItem(replayId, checkpoint, writes, writer);
    if (writes === 1) return this.#put(item, { expression: 'attribute_not_exists(pk)' });
    return this.#put(item, {
      expression: '#writes = :read',
      names: { '#writes': 'writes' },
      values: { ':read': { N: String(writes - 1) } },
    });
  }

  #put(
    item: Item,
    condition?: { expression: string; names?: Record<string, string>; values?: Item },
  ): Promise<WriteOutcome> {
    const expiresAt = Math.floor(this.#nowMs() / 1000) + REMEMBERED_DAYS * DAY_SECONDS;
    return this.#store.write({
      kind: 'put',
      table: this.#table,
      item: { ...item, expiresAt: { N: String(expiresAt) } },
      ...(condition && { condition }),
    });
  }
}

/** The answer to a write of mine may have been lost, and the retry of the request then met that write. */
const isMine = (found: Item | undefined, writes: number, writer: string): boolean =>
  found?.writer?.S === writer && found.writes?.N === String(writes);

const partition = (replayId: string): string => `replay#${replayId}`;

/** What must not run twice at once: the same records. Overlapping windows may, they converge. */
function windowName({ window, filter }: ReplayRequest): string {
  const { tables, metricIds } = filter;
  return JSON.stringify([window.fromMs, window.toMs, [...tables].sort(), [...metricIds].sort()]);
}

function runItem({ replayId, request, execution, startedAtMs, stopped }: ReplayRun): Item {
  return {
    pk: { S: RUNS },
    sk: { S: RUN + replayId },
    request: { S: JSON.stringify(request) },
    execution: { S: execution },
    startedAtMs: { N: String(startedAtMs) },
    stopped: { BOOL: stopped },
  };
}

function runOf(item: Item): ReplayRun {
  return {
    replayId: item.sk?.S?.slice(RUN.length) ?? '',
    // A run of an earlier version read the stream, and did not say so.
    request: { source: 'stream', ...(JSON.parse(item.request?.S ?? '{}') as Omit<ReplayRequest, 'source'>) },
    execution: item.execution?.S ?? '',
    startedAtMs: Number(item.startedAtMs?.N ?? 0),
    stopped: item.stopped?.BOOL ?? false,
  };
}

function checkpointItem(replayId: string, checkpoint: ShardCheckpoint, writes: number, writer: string): Item {
  return {
    pk: { S: partition(replayId) },
    sk: { S: SHARD + checkpoint.shardId },
    checkpoint: { S: JSON.stringify(checkpoint) },
    writes: { N: String(writes) },
    writer: { S: writer },
  };
}

function checkpointOf(item: Item): ShardCheckpoint {
  // JSON leaves out what is undefined.
  return { ...newCheckpoint(''), ...(JSON.parse(item.checkpoint?.S ?? '{}') as Partial<ShardCheckpoint>) };
}
