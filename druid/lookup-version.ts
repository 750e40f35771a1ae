/**
 * Versions of a lookup. Druid takes an update only if its version is higher, compared as text, whoever wrote the present one and
 * whatever their clock said. A version is a time and a counter, `2026-11-20T12:00:00.000Z-000000000000`; it is made from the present one.
 * https://druid.apache.org/docs/latest/api-reference/lookups-api#bulk-update
 */

const COUNTER_DIGITS = 12;
const COUNTED = new RegExp(`^(.*)-(\\d{${COUNTER_DIGITS}})$`, 's');
const HIGHEST = '9'.repeat(COUNTER_DIGITS);

/** Always higher than `present`. Where the clock is behind it, or it has a form of its own, the counter goes on. */
export function nextLookupVersion(present: string | undefined, nowMs: number): string {
  const byClock = `${new Date(nowMs).toISOString()}-${'0'.repeat(COUNTER_DIGITS)}`;
  if (present === undefined || isHigherVersion(byClock, present)) return byClock;
  const [, prefix, counter] = COUNTED.exec(present) ?? [];
  if (prefix === undefined || counter === undefined || counter === HIGHEST) {
    return `${present}-${'1'.padStart(COUNTER_DIGITS, '0')}`;
  }
  return `${prefix}-${String(Number(counter) + 1).padStart(COUNTER_DIGITS, '0')}`;
}

/** Java's String.compareTo compares UTF-16 units, and so does `>`. */
export const isHigherVersion = (version: string, than: string): boolean => version > than;
