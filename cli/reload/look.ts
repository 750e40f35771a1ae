/** Looks again and again until something is there, and gives up only when nothing has moved for a while. */
import { setTimeout as delay } from 'node:timers/promises';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
/** A stream that is far behind still moves; what has not moved for so long will not. */
const STALLED_AFTER_MS = 120_000;

export interface Looked<T> {
  readonly found: T;
  readonly done: boolean;
  /** Text that changes while there is progress. */
  readonly progress: string;
}

/** The last look, with `done` false when nothing moved any more. */
export async function lookUntilDone<T>(
  look: () => Promise<Looked<T>>,
  show: (progress: string) => void,
  signal: AbortSignal,
): Promise<Looked<T>> {
  let shown: string | undefined;
  let movedAtMs = performance.now();
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 1.5, LONGEST_PAUSE_MS)) {
    signal.throwIfAborted();
    const looked = await look();
    if (looked.progress !== shown) {
      movedAtMs = performance.now();
      show(looked.progress);
    }
    shown = looked.progress;
    if (looked.done || performance.now() - movedAtMs > STALLED_AFTER_MS) return looked;
    await delay(pauseMs, undefined, { signal });
  }
}
