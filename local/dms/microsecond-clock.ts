/** A clock that never gives the same microsecond twice and never goes back, for `metadata.timestamp` of DMS records. */
export type MicrosecondClock = () => string;

/** The wall clock that stamps records: milliseconds with a fraction. */
export const clockMs = (): number => performance.timeOrigin + performance.now();

/** @param nowMs wall clock in milliseconds; may stand still or go back. */
export function microsecondClock(nowMs: () => number = clockMs): MicrosecondClock {
  let last = 0n;
  return () => {
    const now = BigInt(Math.floor(nowMs() * 1000));
    last = now > last ? now : last + 1n;
    return isoMicroseconds(last);
  };
}

/** `2024-07-29T00:58:17.983670Z` */
export function isoMicroseconds(micros: bigint): string {
  const seconds = new Date(Number(micros / 1000n)).toISOString().slice(0, 19);
  return `${seconds}.${String(micros % 1_000_000n).padStart(6, '0')}Z`;
}
