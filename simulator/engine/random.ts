/**
 * The seeded source of every accident in a simulated world. Each part of the world gets a fork under its own name, so that switching one
 * kind of fault off, or leaving one write out, does not change what the other parts draw.
 */
export interface Random {
  /** In [0, 1). */
  next(): number;
  /** Whole number in [0, limit). */
  below(limit: number): number;
  /** Whole number in [from, to]. */
  between(from: number, to: number): number;
  chance(probability: number): boolean;
  pick<T>(list: readonly T[]): T;
  /** In place. */
  shuffle<T>(list: T[]): T[];
  fork(name: string): Random;
}

/** `seed`: any text; equal texts draw equal numbers. */
export function seededRandom(seed: string): Random {
  let state = hash(seed);
  /** Mulberry32: one 32-bit state, passes the usual tests, and far faster than what is drawn for. https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    next,
    below,
    between: (from, to) => from + below(to - from + 1),
    chance: (probability) => probability > 0 && next() < probability,
    pick: (list) => {
      if (list.length === 0) throw new Error('nothing to pick from');
      return list[below(list.length)] as (typeof list)[number];
    },
    shuffle: (list) => {
      for (let place = list.length - 1; place > 0; place--) {
        const other = below(place + 1);
        [list[place], list[other]] = [list[other] as (typeof list)[number], list[place] as (typeof list)[number]];
      }
      return list;
    },
    fork: (name) => seededRandom(`${seed}/${name}`),
  };
}

/** FNV-1a over UTF-16 units, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  return value | 0;
}
