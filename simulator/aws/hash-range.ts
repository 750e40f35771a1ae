/** Ranges of the 128-bit hash keys that route records to the shards of a Kinesis stream. Both ends belong to the range. Pure. */

export interface HashRange {
  readonly start: bigint;
  readonly end: bigint;
  /** As 32 hexadecimal digits, to compare with an MD5 as text. */
  readonly startHex: string;
  readonly endHex: string;
}

const HASH_KEYS = 1n << 128n;

function hashRange(start: bigint, end: bigint): HashRange {
  const hex = (value: bigint): string => value.toString(16).padStart(32, '0');
  return { start, end, startHex: hex(start), endHex: hex(end) };
}

/** As CreateStream divides them. */
export function evenRanges(count: number): readonly HashRange[] {
  const width = HASH_KEYS / BigInt(count);
  return Array.from({ length: count }, (_, place) =>
    hashRange(width * BigInt(place), place === count - 1 ? HASH_KEYS - 1n : width * BigInt(place + 1) - 1n),
  );
}

/** The second part begins at `place`. */
export function splitAt({ start, end }: HashRange, place: bigint): readonly [HashRange, HashRange] {
  if (place <= start || place > end) throw new Error(`${place} does not split the hash keys ${start} to ${end} in two`);
  return [hashRange(start, place - 1n), hashRange(place, end)];
}

/** The right one begins where the left one ends. */
export const touch = (left: HashRange, right: HashRange): boolean => left.end + 1n === right.start;

export const joined = (left: HashRange, right: HashRange): HashRange => hashRange(left.start, right.end);
