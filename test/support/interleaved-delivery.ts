/**
 * Delivers batches and queue messages to several workers, interleaved at every storage operation, some of which kill their worker. What a
 * dead or failed worker had is delivered again, as Kinesis and SQS do.
 */
import { replicateBatch } from '#core/replication/replicate-batch.ts';
import { runProjection } from '#core/replication/run-projection.ts';
import { Interleaving } from './interleaving.ts';
import type { RelayWorld } from './relay-world.ts';
import type { SeededRandom } from './seeded-random.ts';

export interface DeliveryOptions {
  readonly workers: number;
  /** Workers that may die. */
  readonly crashes: number;
  readonly crashProbability: number;
}

type Work = (gate: () => Promise<void>) => Promise<boolean>;

export async function deliverInterleaved(
  world: RelayWorld,
  batches: string[][],
  random: SeededRandom,
  options: DeliveryOptions,
): Promise<void> {
  const interleaving = new Interleaving(random);
  let crashes = options.crashes;
  let running = 0;
  const start = (work: Work, redo: () => void): void => {
    running++;
    void work(interleaving.worker().gate)
      .catch(() => false)
      .then((done) => {
        running--;
        if (!done) redo();
      });
  };
  for (let step = 0; running > 0 || batches.length > 0 || world.queue.length > 0; step++) {
    if (step > 200_000) throw new Error('the delivery does not come to rest');
    while (running < options.workers && (batches.length > 0 || world.queue.length > 0)) {
      const batch = random.chance(0.7) || world.queue.length === 0 ? batches.shift() : undefined;
      if (batch) startBatch(world, batch, batches, start);
      else startMessage(world, start);
    }
    const before = running;
    await interleaving.step(crashes > 0 ? options.crashProbability : 0);
    if (running < before) crashes--;
  }
}

function startBatch(
  world: RelayWorld,
  batch: string[],
  batches: string[][],
  start: (work: Work, redo: () => void) => void,
): void {
  const records = world.records(batch);
  start(
    async (gate) => (await replicateBatch(world.context(gate), records)).retryFrom === undefined,
    () => batches.unshift(batch),
  );
}

function startMessage(world: RelayWorld, start: (work: Work, redo: () => void) => void): void {
  const queued = world.queue.shift();
  if (!queued) return;
  world.nowMs = Math.max(world.nowMs, queued.dueMs);
  start(
    async (gate) => {
      await runProjection(world.context(gate), JSON.stringify(queued.body));
      return true;
    },
    () => world.queue.push(queued),
  );
}
