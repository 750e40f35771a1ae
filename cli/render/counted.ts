/** A number with what it counts, in the words of a person: `1 table`, `2 tables`. */

export const counted = (count: number | bigint, one: string, many = `${one}s`): string =>
  `${count} ${Number(count) === 1 ? one : many}`;
