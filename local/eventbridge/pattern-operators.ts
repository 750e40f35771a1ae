/**
 * The leaves of the event pattern language: one element of a pattern's array becomes one test of one scalar value. It owns
 * what each operator accepts and the error that says so. It must never look at more than one value: arrays, nesting and
 * `$or` belong to event-pattern.ts. Rules: Amazon EventBridge user guide, "Comparison operators for use in event patterns".
 */
import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** What a JSON event holds where a pattern can test it. */
export type Scalar = string | number | boolean | null;

/** One alternative of a leaf: a test of a value that is there, or the demand that no value is there. */
export type Alternative =
  | { readonly kind: 'value'; readonly test: (value: Scalar) => boolean }
  | { readonly kind: 'absent' };

/** A pattern that AWS would refuse with InvalidEventPatternException. */
export class EventPatternError extends Error {
  override readonly name = 'EventPatternError';
  readonly path: string;

  constructor(path: readonly string[], problem: string) {
    const where = path.length === 0 ? 'the event pattern' : `the event pattern at ${path.join('.')}`;
    super(`${where} is not valid: ${problem}`);
    this.path = path.join('.');
  }
}

/** EventBridge compares numbers only within these bounds; outside them a number of an event matches no numeric range. */
const LARGEST_NUMBER = 5.0e9;
const OPERATORS = ['anything-but', 'cidr', 'equals-ignore-case', 'exists', 'numeric', 'prefix', 'suffix', 'wildcard'];

/** Compiles one element of a pattern's array: a scalar for equality, or an object with exactly one operator. */
export function compileAlternative(element: unknown, path: readonly string[]): Alternative {
  if (isScalar(element)) return onValue((value) => value === element);
  if (Array.isArray(element)) throw new EventPatternError(path, 'an array inside an array is not allowed');
  const [operator, operand] = onlyMember(element, path);
  if (operator === 'exists') {
    if (typeof operand !== 'boolean') throw wrongOperand(path, 'exists', operand, 'true or false');
    return operand ? onValue(() => true) : { kind: 'absent' };
  }
  return onValue(compileOperator(operator, operand, path));
}

function compileOperator(operator: string, operand: unknown, path: readonly string[]): (value: Scalar) => boolean {
  switch (operator) {
    case 'prefix':
    case 'suffix':
      return compileAffix(operator, operand, path);
    case 'equals-ignore-case':
      return equalsIgnoringCase(stringOperand(operator, operand, path));
    case 'wildcard':
      return compileWildcard(stringOperand(operator, operand, path), path);
    case 'anything-but':
      return compileAnythingBut(operand, path);
    case 'numeric':
      return compileNumeric(operand, path);
    case 'cidr':
      return compileCidr(operand, path);
    default:
      throw new EventPatternError(
        path,
        `"${operator}" is not an operator; allowed are ${OPERATORS.join(', ')}, and $or beside field names`,
      );
  }
}

/** `{"prefix": "a"}`, or `{"prefix": {"equals-ignore-case": "a"}}`; the same for suffix. */
function compileAffix(operator: 'prefix' | 'suffix', operand: unknown, path: readonly string[]) {
  const hasAffix = (value: string, affix: string) =>
    operator === 'prefix' ? value.startsWith(affix) : value.endsWith(affix);
  if (typeof operand === 'string') return onText((text) => hasAffix(text, operand));
  const allowed = 'a string, or an object with only equals-ignore-case';
  if (!isObject(operand)) throw wrongOperand(path, operator, operand, allowed);
  const [inner, affix] = onlyMember(operand, path);
  if (inner !== 'equals-ignore-case' || typeof affix !== 'string') throw wrongOperand(path, operator, operand, allowed);
  const folded = affix.toLowerCase();
  return onText((text) => hasAffix(text.toLowerCase(), folded));
}

function equalsIgnoringCase(wanted: string) {
  const folded = wanted.toLowerCase();
  return onText((text) => text.toLowerCase() === folded);
}

/** A value that is there and is none of those excluded; also null, a boolean, or a number where strings are excluded. */
function compileAnythingBut(operand: unknown, path: readonly string[]): (value: Scalar) => boolean {
  const allowed =
    'a string, a number, a list of only strings or only numbers, or an object with one of prefix, suffix, ' +
    'equals-ignore-case, wildcard whose value is a string or a list of strings';
  if (isObject(operand)) {
    const [operator, inner] = onlyMember(operand, path);
    if (!['prefix', 'suffix', 'equals-ignore-case', 'wildcard'].includes(operator))
      throw wrongOperand(path, 'anything-but', operand, allowed);
    const values: unknown[] = Array.isArray(inner) ? inner : [inner];
    if (values.length === 0 || !values.every((value) => typeof value === 'string' && value !== ''))
      throw wrongOperand(path, 'anything-but', operand, `${allowed}; an empty string or list is not`);
    const excluded = values.map((value) => compileOperator(operator, value, path));
    return (value) => !excluded.some((test) => test(value));
  }
  const values: unknown[] = Array.isArray(operand) ? operand : [operand];
  const oneType = ['string', 'number'].some((type) => values.every((value) => typeof value === type));
  if (values.length === 0 || !oneType) throw wrongOperand(path, 'anything-but', operand, allowed);
  const excluded = new Set(values);
  return (value) => !excluded.has(value);
}

/** `["=", n]`, `["<" or "<=", n]`, `[">" or ">=", n]`, or a range `[">" or ">=", low, "<" or "<=", high]`. */
function compileNumeric(operand: unknown, path: readonly string[]): (value: Scalar) => boolean {
  const allowed = '["=", n], ["<", n], ["<=", n], [">", n], [">=", n] or a range such as [">", low, "<=", high]';
  if (!Array.isArray(operand) || (operand.length !== 2 && operand.length !== 4))
    throw wrongOperand(path, 'numeric', operand, allowed);
  const [first, second, third, fourth] = operand as unknown[];
  const low = comparison(first, second);
  const tests = [low];
  if (operand.length === 4) {
    if (!(first === '>' || first === '>=') || !(third === '<' || third === '<='))
      throw wrongOperand(path, 'numeric', operand, allowed);
    tests.push(comparison(third, fourth));
    if (Number(second) >= Number(fourth))
      throw wrongOperand(path, 'numeric', operand, 'a range whose first number is less than its second');
  }
  return (value) =>
    typeof value === 'number' && Math.abs(value) <= LARGEST_NUMBER && tests.every((test) => test(value));

  function comparison(operator: unknown, bound: unknown): (value: number) => boolean {
    if (typeof bound !== 'number' || Math.abs(bound) > LARGEST_NUMBER)
      throw wrongOperand(path, 'numeric', operand, `numbers from -${LARGEST_NUMBER} to ${LARGEST_NUMBER}`);
    switch (operator) {
      case '=':
        return (value) => value === bound;
      case '<':
        return (value) => value < bound;
      case '<=':
        return (value) => value <= bound;
      case '>':
        return (value) => value > bound;
      case '>=':
        return (value) => value >= bound;
      default:
        throw wrongOperand(path, 'numeric', operand, allowed);
    }
  }
}

/** `10.0.0.0/24` or `2001:db8::/32`; a value that is no address never matches. */
function compileCidr(operand: unknown, path: readonly string[]): (value: Scalar) => boolean {
  const allowed = 'an address block such as "10.0.0.0/24" or "2001:db8::/32"';
  const parts = typeof operand === 'string' ? /^([^/]+)\/(\d{1,3})$/.exec(operand) : null;
  const address = parts?.[1] ?? '';
  const bits = Number(parts?.[2]);
  const family = isIPv4(address) ? 'ipv4' : 'ipv6';
  if ((family === 'ipv6' && !isIPv6(address)) || bits > (family === 'ipv4' ? 32 : 128))
    throw wrongOperand(path, 'cidr', operand, allowed);
  const block = new BlockList();
  block.addSubnet(address, bits, family);
  const isOfFamily = family === 'ipv4' ? isIPv4 : isIPv6;
  // Node would find an IPv4 address in an IPv6 block; AWS keeps the two apart.
  return onText((text) => isOfFamily(text) && block.check(text, family));
}

/** `*` stands for any characters, `\*` and `\\` for themselves. Runs in time linear in the text for each piece. */
function compileWildcard(wildcard: string, path: readonly string[]): (value: Scalar) => boolean {
  const pieces = [''];
  for (let index = 0; index < wildcard.length; index++) {
    const character = wildcard.charAt(index);
    const next = wildcard.charAt(index + 1);
    if (character === '*') {
      if (next === '*') throw wrongOperand(path, 'wildcard', wildcard, 'a string without two * in a row');
      pieces.push('');
    } else if (character === '\\') {
      if (next !== '*' && next !== '\\')
        throw wrongOperand(path, 'wildcard', wildcard, 'a string where a backslash stands before * or a backslash');
      pieces.push((pieces.pop() ?? '') + next);
      index++;
    } else {
      pieces.push((pieces.pop() ?? '') + character);
    }
  }
  const first = pieces[0] ?? '';
  const last = pieces[pieces.length - 1] ?? '';
  if (pieces.length === 1) return (value) => value === first;
  const between = pieces.slice(1, -1);
  return onText((text) => {
    if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
    let at = first.length;
    for (const piece of between) {
      const found = text.indexOf(piece, at);
      if (found === -1) return false;
      at = found + piece.length;
    }
    return at <= text.length - last.length;
  });
}

export function isScalar(value: unknown): value is Scalar {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function onlyMember(value: unknown, path: readonly string[]): readonly [string, unknown] {
  const members = isObject(value) ? Object.entries(value) : [];
  const [member] = members;
  if (member === undefined || members.length !== 1)
    throw new EventPatternError(
      path,
      `${JSON.stringify(value)} must be a string, a number, true, false, null, or an object with exactly one operator ` +
        `(${OPERATORS.join(', ')})`,
    );
  return member;
}

function onValue(test: (value: Scalar) => boolean): Alternative {
  return { kind: 'value', test };
}

function onText(test: (text: string) => boolean): (value: Scalar) => boolean {
  return (value) => typeof value === 'string' && test(value);
}

function stringOperand(operator: string, operand: unknown, path: readonly string[]): string {
  if (typeof operand !== 'string') throw wrongOperand(path, operator, operand, 'a string');
  return operand;
}

function wrongOperand(path: readonly string[], operator: string, operand: unknown, allowed: string): EventPatternError {
  return new EventPatternError(path, `${operator} has ${JSON.stringify(operand)}; allowed is ${allowed}`);
}
