/** The small part of JSON path that EventBridge knows: `$`, `$.a.b`, `$.a[0]`, `$.a[*].b`, `$.detail['a b']`. Pure. */

const STEP = /\.([^.[\]]+)|\[(\d+|\*)\]|\['([^']+)'\]/g;

/** Throws a sentence that names the path and what is supported. */
export function checkPath(path: string): void {
  if (path.startsWith('$') && path.slice(1).replace(STEP, '') === '') return;
  throw new Error(
    `${JSON.stringify(path)} is not a supported JSON path; supported are $, .name, ['name'], [0] and [*]`,
  );
}

/** What stands at the path; undefined when there is nothing. */
export function valueAt(path: string, root: unknown): unknown {
  checkPath(path);
  return walk(
    root,
    [...path.matchAll(STEP)].map((step) => step[1] ?? step[2] ?? step[3] ?? ''),
  );
}

function walk(value: unknown, steps: readonly string[]): unknown {
  const [step, ...rest] = steps;
  if (step === undefined) return value;
  if (step === '*') return Array.isArray(value) ? value.map((element) => walk(element, rest)) : undefined;
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
  return walk((value as { readonly [member: string]: unknown })[step], rest);
}
