/** Waiting between attempts: none before the second, then growing with full jitter, so that workers that met do not meet again. */

const BASE_MS = 5;
const MAX_MS = 400;

/** Longest wait before the given attempt, milliseconds; attempt 0 is the first retry. */
export function pauseLimitMs(attempt: number): number {
  return attempt === 0 ? 0 : Math.min(MAX_MS, BASE_MS * 2 ** attempt);
}

export function jitteredPause(random: () => number): (attempt: number) => Promise<void> {
  return async (attempt) => {
    const limit = pauseLimitMs(attempt);
    if (limit > 0) await new Promise((resolve) => setTimeout(resolve, random() * limit));
  };
}
