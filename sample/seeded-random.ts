/**
 * A small seeded generator of random numbers (mulberry32): the same seed gives the same sample and the same writes on every
 * machine, so that a run can be repeated from its seed alone. Not for secrets.
 */
export interface SeededRandom {
  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number;
  /** True with the given probability, 0 to 1. */
  chance(probability: number): boolean;
  /** One of the elements; throws when there are none. */
  pick<T>(elements: readonly T[]): T;
  /** `count` different elements (all of them when there are fewer), in random order. */
  sample<T>(elements: readonly T[], count: number): T[];
}

export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  const pick = <T>(elements: readonly T[]): T => {
    const element = elements[below(elements.length)];
    if (element === undefined) throw new Error('Cannot pick from an empty list');
    return element;
  };
  return {
    below,
    chance: (probability) => next() < probability,
    pick,
    sample(elements, count) {
      const rest = [...elements];
      const chosen: (typeof elements)[number][] = [];
      while (chosen.length < count && rest.length > 0) {
        chosen.push(...rest.splice(below(rest.length), 1));
      }
      return chosen;
    },
  };
}
