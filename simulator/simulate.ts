/** Spreads random histories over threads and adds up what they saw. */
import { Worker } from 'node:worker_threads';
import type { WorkerMessage, WorkerTask } from './worker.ts';

export interface BrokenHistory {
  readonly seed: string;
  readonly law: string;
  readonly message: string;
}

export interface SimulationResult extends Readonly<Record<string, unknown>> {
  readonly histories: number;
  readonly seconds: number;
  readonly historiesPerSecond: number;
  readonly virtualHours: number;
  /** Of virtual time in a minute of the machine's. */
  readonly virtualHoursPerMinute: number;
  readonly broken: readonly BrokenHistory[];
}

export interface SimulationOptions {
  readonly histories: number;
  readonly minutes?: number;
  readonly seed: string;
  readonly threads: number;
}

const SAY_EVERY_MS = 5_000;
/** More failures than this tell nothing new. */
const BROKEN_MAX = 20;

export async function simulate(options: SimulationOptions, say: (line: string) => void): Promise<SimulationResult> {
  const startedAt = performance.now();
  const end = options.minutes === undefined ? options.histories : Number.MAX_SAFE_INTEGER;
  const forMs = options.minutes === undefined ? Number.MAX_SAFE_INTEGER : options.minutes * 60_000;
  let saidAt = startedAt;
  let histories = 0;
  let virtualMs = 0;
  const counts: Record<string, number> = {};
  const broken: BrokenHistory[] = [];
  const seconds = (): number => (performance.now() - startedAt) / 1000;
  const rate = (): number => Math.round(histories / seconds());

  const runThread = (first: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const task: WorkerTask = { seed: options.seed, first, step: options.threads, end, forMs };
      const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: task });
      worker.on('message', (message: WorkerMessage) => {
        if (message.kind === 'broken') {
          broken.push(message);
          say(`history ${message.seed} breaks ${message.message.slice(0, 400)}`);
          if (broken.length >= BROKEN_MAX) void worker.terminate();
          return;
        }
        histories += message.histories;
        virtualMs += message.virtualMs;
        for (const [name, count] of Object.entries(message.counts)) counts[name] = (counts[name] ?? 0) + count;
        if (performance.now() - saidAt < SAY_EVERY_MS) return;
        saidAt = performance.now();
        say(`${histories} histories, ${rate()} a second, ${broken.length} broke a law`);
      });
      worker.on('error', reject);
      worker.on('exit', () => resolve());
    });

  await Promise.all(Array.from({ length: options.threads }, (_, index) => runThread(index)));
  const virtualHours = virtualMs / 3_600_000;
  return {
    histories,
    seconds: round(seconds()),
    historiesPerSecond: rate(),
    virtualHours: round(virtualHours),
    virtualHoursPerMinute: round(virtualHours / (seconds() / 60)),
    ...counts,
    broken,
  };
}

const round = (value: number): number => Math.round(value * 10) / 10;
