/**
 * A second reading of the event pattern rules, made another way than the real one: the event is flattened into leaves that know
 * through which array elements they were reached, and conditions are tried leaf by leaf. Slow and simple on purpose.
 */

interface Leaf {
  readonly path: string;
  readonly value: unknown;
  /** Array place → element chosen, outermost first. */
  readonly chosen: readonly (readonly [array: string, element: number])[];
}

interface Condition {
  readonly path: string;
  readonly alternatives: readonly unknown[];
}

export function matchesNaively(pattern: unknown, event: unknown): boolean {
  const leaves = flatten(event, '', '', []);
  return conjunctions(pattern as object, '').some((conditions) => someChoice(conditions, leaves, []));
}

/** All ways to satisfy the pattern, each a list of conditions that must all hold. */
function conjunctions(pattern: object, prefix: string): Condition[][] {
  return Object.entries(pattern).reduce<Condition[][]>(
    (soFar, [field, below]) => {
      const options =
        field === '$or'
          ? (below as object[]).flatMap((one) => conjunctions(one, prefix))
          : Array.isArray(below)
            ? [[{ path: `${prefix}/${field}`, alternatives: below }]]
            : conjunctions(below as object, `${prefix}/${field}`);
      return soFar.flatMap((left) => options.map((right) => [...left, ...right]));
    },
    [[]],
  );
}

function flatten(value: unknown, path: string, place: string, chosen: Leaf['chosen']): Leaf[] {
  if (Array.isArray(value))
    return value.flatMap((element, index) => flatten(element, path, `${place}[${index}]`, [...chosen, [place, index]]));
  if (typeof value !== 'object' || value === null) return [{ path, value, chosen }];
  return Object.entries(value).flatMap(([field, below]) =>
    flatten(below, `${path}/${field}`, `${place}/${field}`, chosen),
  );
}

/** Values first: they choose the elements; what must be missing is then looked for among the leaves of the same elements. */
function someChoice(conditions: readonly Condition[], leaves: readonly Leaf[], picked: readonly Leaf[]): boolean {
  const [first, ...rest] = conditions;
  if (first === undefined) return true;
  const present = leaves.filter((leaf) => leaf.path === first.path && picked.every((other) => consistent(leaf, other)));
  if (
    present.some(
      (leaf) => first.alternatives.some((one) => holds(one, leaf.value)) && someChoice(rest, leaves, [...picked, leaf]),
    )
  )
    return true;
  const mayBeMissing = first.alternatives.some((one) => isOperator(one, 'exists') && one.exists === false);
  if (!mayBeMissing) return false;
  // Absence is judged when all values have been chosen.
  return someAbsent(first, rest, leaves, picked);
}

function someAbsent(
  absent: Condition,
  rest: readonly Condition[],
  leaves: readonly Leaf[],
  picked: readonly Leaf[],
): boolean {
  const tryRest = (
    remaining: readonly Condition[],
    chosen: readonly Leaf[],
    missing: readonly Condition[],
  ): boolean => {
    const [next, ...after] = remaining;
    if (next === undefined)
      return missing.every(
        (one) => !leaves.some((leaf) => leaf.path === one.path && chosen.every((other) => consistent(leaf, other))),
      );
    const options = leaves.filter(
      (leaf) => leaf.path === next.path && chosen.every((other) => consistent(leaf, other)),
    );
    if (
      options.some(
        (leaf) => next.alternatives.some((one) => holds(one, leaf.value)) && tryRest(after, [...chosen, leaf], missing),
      )
    )
      return true;
    return (
      next.alternatives.some((one) => isOperator(one, 'exists') && one.exists === false) &&
      tryRest(after, chosen, [...missing, next])
    );
  };
  return tryRest(rest, picked, [absent]);
}

function consistent(left: Leaf, right: Leaf): boolean {
  // A leaf may be one of several values of a last array; two conditions on other paths are bound only by arrays of objects they share.
  return left.chosen.every(([array, element]) =>
    right.chosen.every(([other, chosen]) => other !== array || element === chosen),
  );
}

function isOperator<Name extends string>(one: unknown, name: Name): one is Record<Name, unknown> {
  return typeof one === 'object' && one !== null && name in one;
}

function holds(one: unknown, value: unknown): boolean {
  const text = typeof value === 'string' ? value : undefined;
  if (typeof one !== 'object' || one === null) return one === value;
  if (isOperator(one, 'exists')) return one.exists === true;
  if (isOperator(one, 'numeric')) return numeric(one.numeric as (string | number)[], value);
  if (isOperator(one, 'anything-but')) return !excluded(one['anything-but'], value);
  if (text === undefined) return false;
  if (isOperator(one, 'equals-ignore-case'))
    return new RegExp(`^${literal(String(one['equals-ignore-case']))}$`, 'i').test(text);
  if (isOperator(one, 'prefix')) return affix(one.prefix, (affixed) => `^${affixed}`, text);
  if (isOperator(one, 'suffix')) return affix(one.suffix, (affixed) => `${affixed}$`, text);
  if (isOperator(one, 'wildcard')) {
    const source = String(one.wildcard).replace(/\\(.)|\*|[^*\\]/g, (token, escaped?: string) =>
      escaped ? literal(escaped) : token === '*' ? '.*' : literal(token),
    );
    return new RegExp(`^${source}$`, 's').test(text);
  }
  if (isOperator(one, 'cidr')) return inBlock(text, String(one.cidr));
  throw new Error(`unknown operator in ${JSON.stringify(one)}`);
}

function affix(wanted: unknown, source: (literalText: string) => string, text: string): boolean {
  if (typeof wanted === 'string') return new RegExp(source(literal(wanted))).test(text);
  return new RegExp(source(literal((wanted as { 'equals-ignore-case': string })['equals-ignore-case'])), 'i').test(
    text,
  );
}

function excluded(operand: unknown, value: unknown): boolean {
  if (Array.isArray(operand)) return operand.some((one) => one === value);
  if (typeof operand !== 'object' || operand === null) return operand === value;
  return Object.entries(operand).some(([operator, wanted]) =>
    [wanted].flat().some((one) => holds({ [operator]: one }, value)),
  );
}

function numeric(terms: readonly (string | number)[], value: unknown): boolean {
  if (typeof value !== 'number' || value > 5e9 || value < -5e9) return false;
  for (let index = 0; index < terms.length; index += 2) {
    const sign = Math.sign(value - Number(terms[index + 1]));
    const allowed: Record<string, number[]> = { '=': [0], '<': [-1], '<=': [-1, 0], '>': [1], '>=': [0, 1] };
    if (!allowed[String(terms[index])]?.includes(sign)) return false;
  }
  return true;
}

function inBlock(text: string, block: string): boolean {
  const [base = '', bits] = block.split('/');
  const left = addressBits(base);
  const right = addressBits(text);
  return (
    left !== undefined &&
    right !== undefined &&
    left.length === right.length &&
    left.slice(0, Number(bits)) === right.slice(0, Number(bits))
  );
}

/** The bits of the few address forms that the property uses. */
function addressBits(text: string): string | undefined {
  if (/^\d+\.\d+\.\d+\.\d+$/.test(text))
    return text
      .split('.')
      .map((part) => Number(part).toString(2).padStart(8, '0'))
      .join('');
  const [head, tail] = text.split('::');
  if (head === undefined || tail === undefined) return undefined;
  const groups = (half: string) => (half === '' ? [] : half.split(':'));
  const middle = Array<string>(8 - groups(head).length - groups(tail).length).fill('0');
  return [...groups(head), ...middle, ...groups(tail)]
    .map((group) => Number.parseInt(group, 16).toString(2).padStart(16, '0'))
    .join('');
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
