/** One thread of the simulator: a world takes its process's clock and dice, so every thread runs one history after the other. */
import { parentPort, workerData } from 'node:worker_threads';
import { planOf } from './plan.ts';
import { runHistory } from './run-history.ts';
import type { WorldCounts } from './world/world.ts';

export interface WorkerTask {
  readonly seed: string;
  /** This thread runs the histories `first`, `first + step`, … below `end`. */
  readonly first: number;
  readonly step: number;
  readonly end: number;
  /** Real milliseconds after which it stops between two histories. */
  readonly forMs: number;
}

export type WorkerMessage =
  | { readonly kind: 'progress'; readonly histories: number; readonly virtualMs: number; readonly counts: WorldCounts }
  | { readonly kind: 'broken'; readonly seed: string; readonly message: string; readonly law: string };

const REPORT_EVERY_MS = 500;

async function work(
  { seed, first, step, end, forMs }: WorkerTask,
  tell: (message: WorkerMessage) => void,
): Promise<void> {
  const startedAt = performance.now();
  let reportedAt = startedAt;
  let histories = 0;
  let virtualMs = 0;
  let counts: Record<string, number> = {};
  const report = (): void => {
    tell({ kind: 'progress', histories, virtualMs, counts: counts as WorldCounts });
    [histories, virtualMs, counts, reportedAt] = [0, 0, {}, performance.now()];
  };
  for (let number = first; number < end && performance.now() - startedAt < forMs; number += step) {
    const history = `${seed}.${number}`;
    const result = await runHistory(planOf(history));
    histories += 1;
    virtualMs += result.virtualMs;
    for (const [name, count] of Object.entries(result.counts)) counts[name] = (counts[name] ?? 0) + count;
    if (result.violation) {
      const { law, message } = result.violation;
      tell({ kind: 'broken', seed: history, law, message });
    }
    if (performance.now() - reportedAt >= REPORT_EVERY_MS) report();
  }
  report();
}

if (parentPort) {
  const port = parentPort;
  await work(workerData as WorkerTask, (message) => port.postMessage(message));
  port.close();
}
