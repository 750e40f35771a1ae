/**
 * Replays that race the live path: what `relay replay` and the state machine of the template do, on simulated services. Each takes a random window of the
 * past, runs the real slices generation by generation, is killed with them, tries them again, and is now and then stopped and resumed.
 */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDbItemStore } from '#core/platform/dynamodb-item-store.ts';
import { EVERYTHING } from '#core/replay/record-filter.ts';
import { ReplayJournal } from '#core/replay/replay-journal.ts';
import type { ReplayRun, ShardCheckpoint } from '#core/replay/replay-run.ts';
import { shardGenerations } from '#core/replay/shard-generations.ts';
import type { Random } from '../engine/random.ts';
import { type VirtualTime, WORLD_START_MS } from '../engine/virtual-time.ts';
import type { SimulatedAws } from './aws.ts';
import { type Handler, TABLES } from './functions.ts';

/** Short, so that a replay takes several slices. */
const SLICE_TIMEOUT_MS = 60_000;

export class Replays {
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #aws: SimulatedAws;
  readonly #slice: Handler;
  readonly #journal: ReplayJournal;
  readonly #broken: (error: unknown) => void;
  #begun = 0;
  /** Replays that have not ended. */
  running = 0;
  /** Slices that answered, and shards whose replay was refused. */
  slices = 0;
  refused = 0;

  constructor(time: VirtualTime, random: Random, aws: SimulatedAws, slice: Handler, broken: (error: unknown) => void) {
    this.#time = time;
    this.#random = random;
    this.#aws = aws;
    this.#slice = slice;
    this.#broken = broken;
    const { dynamodb } = aws;
    const client = {
      send: (command: { readonly input: object }) =>
        dynamodb.request(command.constructor.name.replace(/Command$/, ''), command.input),
    } as unknown as DynamoDBClient;
    const store = new DynamoDbItemStore(client, () => time.sleep(50));
    this.#journal = new ReplayJournal(store, TABLES.replays, () => time.nowMs());
  }

  begin(): void {
    const replayId = `replay-${++this.#begun}`;
    const toMs = this.#time.nowMs();
    const fromMs = toMs - this.#random.between(1, Math.max(1, toMs - WORLD_START_MS));
    this.running += 1;
    this.#replay(replayId, { fromMs, toMs })
      .catch(this.#broken)
      .finally(() => {
        this.running -= 1;
      });
  }

  async #replay(replayId: string, window: { readonly fromMs: number; readonly toMs: number }): Promise<void> {
    const shards = await this.#aws.kinesis.source().listShards();
    const generations = shardGenerations(shards.map((shard) => ({ ...shard, closed: false })));
    const run: ReplayRun = {
      replayId,
      request: { source: 'stream', window, filter: EVERYTHING, allowGap: true, readShare: 1, generations },
      execution: `${replayId}-1`,
      startedAtMs: window.toMs,
      stopped: false,
    };
    await this.#insist(() => this.#journal.putRun(run));
    if (!this.#random.chance(0.3)) return this.#execute(run);
    await Promise.all([this.#execute(run), this.#stopLater(run)]);
    const resumed = { ...run, execution: `${replayId}-2` };
    await this.#insist(() => this.#journal.putRun(resumed));
    return this.#execute(resumed);
  }

  async #stopLater(run: ReplayRun): Promise<void> {
    await this.#time.sleep(this.#random.between(1, 30_000));
    await this.#insist(() => this.#journal.putRun({ ...run, stopped: true }));
    for (const shardId of run.request.generations.flat())
      await this.#insist(() => this.#journal.takeAway(run.replayId, shardId, 'stop'));
  }

  async #execute(run: ReplayRun): Promise<void> {
    for (const generation of run.request.generations)
      await Promise.all(generation.map((shardId) => this.#replayShard(run, shardId)));
  }

  async #replayShard({ replayId, execution }: ReplayRun, shardId: string): Promise<void> {
    let checkpoint: ShardCheckpoint | undefined;
    while (!checkpoint?.done) {
      const task = { replayId, execution, shardId, ...(checkpoint && { checkpoint }) };
      const outcome = await this.#aws.lambda.invoke('replay-slice', this.#slice, task, SLICE_TIMEOUT_MS);
      if ('answer' in outcome) {
        this.slices += 1;
        checkpoint = outcome.answer as ShardCheckpoint;
      } else if (/ReplayRefused|does not exist/.test(outcome.message)) {
        this.refused += 1;
        return;
      } else {
        await this.#time.sleep(this.#random.between(1_000, 20_000));
      }
    }
  }

  /** An operator tries again what the network refused; a mistake of the code is no such thing. */
  async #insist(action: () => Promise<unknown>): Promise<void> {
    for (;;) {
      try {
        await action();
        return;
      } catch (error) {
        if (error instanceof TypeError || error instanceof ReferenceError) throw error;
        await this.#time.sleep(this.#random.between(100, 2_000));
      }
    }
  }
}
