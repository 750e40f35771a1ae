/**
 * A scope: a small source with its changes, and every way in which their records can reach the workers. A record reaches one worker or both
 * (DMS and its producer send again), and a worker receives its records as one batch or one by one.
 */
import type { SourceStory } from '../support/source-story.ts';
import type { CoreSettings } from './delivery.ts';

export interface Scope {
  readonly name: string;
  /** What could go wrong here, in one sentence. */
  readonly about: string;
  /** Everything that is published before the changes. */
  readonly before: (story: SourceStory) => void;
  /** The changes; each message that they yield is one record. */
  readonly changes: (story: SourceStory) => void;
  /** Records to use instead of those that the changes yield: a full load, records in an odd order. */
  readonly records?: (story: SourceStory, messages: readonly string[]) => readonly string[];
  readonly settings?: Partial<CoreSettings>;
  /** Workers beside those that run projections; 2 unless told. */
  readonly workers?: number;
}

/** Per worker its batches in order; a batch is a list of places of records. */
export type Distribution = readonly (readonly (readonly number[])[])[];

/** All ways to give `records` records to workers; workers are alike, so mirrored ways count once. */
export function distributions(records: number, workers: number): readonly Distribution[] {
  const found = new Map<string, Distribution>();
  const holders = 2 ** workers - 1; // each record has a non-empty set of workers
  for (let code = 0; code < holders ** records; code++) {
    const places: number[][] = Array.from({ length: workers }, () => []);
    for (let record = 0, rest = code; record < records; record++, rest = Math.floor(rest / holders)) {
      const set = (rest % holders) + 1;
      for (const [worker, held] of places.entries()) if (set & (1 << worker)) held.push(record);
    }
    for (const ways of product(places.map(waysToBatch))) {
      const busy = ways.filter((batches) => batches.length > 0);
      const name = busy
        .map((batches) => JSON.stringify(batches))
        .sort()
        .join(' ');
      if (!found.has(name)) found.set(name, busy);
    }
  }
  return [...found.values()];
}

function waysToBatch(places: readonly number[]): readonly (readonly (readonly number[])[])[] {
  if (places.length === 0) return [[]];
  const oneByOne = places.map((place) => [place]);
  return places.length === 1 ? [oneByOne] : [[[...places]], oneByOne];
}

const product = <T>(lists: readonly (readonly T[])[]): readonly (readonly T[])[] =>
  lists.reduce<readonly (readonly T[])[]>(
    (ways, list) => ways.flatMap((way) => list.map((one) => [...way, one])),
    [[]],
  );

/** `1+2 | 2, 3`: worker A has records 1 and 2 in one batch, worker B has 2 and then 3. */
export const describeDistribution = (distribution: Distribution): string =>
  distribution
    .map((batches) => batches.map((batch) => batch.map((place) => place + 1).join('+')).join(', '))
    .join(' | ');
