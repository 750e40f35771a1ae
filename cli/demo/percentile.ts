/** Nearest-rank percentile: always a value that was measured. */

/** `percent` in 0–100. Undefined when nothing was measured. */
export function percentile(values: readonly number[], percent: number): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  const rank = Math.max(1, Math.ceil((percent / 100) * sorted.length));
  return sorted[rank - 1];
}
