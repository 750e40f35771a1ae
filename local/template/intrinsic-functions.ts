/**
 * Resolves CloudFormation intrinsic functions, strictly: an unknown function, a reference to nothing, a wrong argument is reported to
 * the scope, never passed through as text. Pure: everything outside the value is asked of the scope.
 *
 * The same code checks a template before anything exists: there the scope answers UNKNOWN for what only creation can tell (an ARN),
 * and a function with an unknown argument is unknown itself.
 */
import type { Json } from '../resources/resource-provider.ts';
import { isJsonObject } from './template.ts';

/** `AWS::NoValue`: the member or element that has it is left out. */
export const NO_VALUE = Symbol('AWS::NoValue');
/** Known only when the resource exists. */
export const UNKNOWN = Symbol('known after creation');

export type Resolved =
  | Json
  | typeof NO_VALUE
  | typeof UNKNOWN
  | readonly Resolved[]
  | { readonly [member: string]: Resolved };

export interface Scope {
  /** Value of a parameter, pseudo parameter or resource; undefined if the template has no such name. */
  ref(name: string): Resolved | undefined;
  attribute(logicalId: string, attribute: string): Resolved | undefined;
  importValue(exportName: string): Resolved | undefined;
  condition(name: string): boolean | undefined;
  mapping(name: string): Json | undefined;
  readonly region: string;
  problem(message: string): void;
}

const VALUE_FUNCTIONS =
  'Ref, Fn::GetAtt, Fn::Join, Fn::Sub, Fn::Select, Fn::Split, Fn::If, Fn::FindInMap, Fn::ImportValue, Fn::Base64, Fn::GetAZs';
const CONDITION_FUNCTIONS = 'Fn::Equals, Fn::Not, Fn::And, Fn::Or, Condition';

export function resolve(value: Json, scope: Scope): Resolved {
  if (isList(value)) {
    return value.map((element) => resolve(element, scope)).filter((element) => element !== NO_VALUE);
  }
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value);
  const call = entries.find(([name]) => name === 'Ref' || name.startsWith('Fn::'));
  if (call === undefined) {
    const resolved = entries.map(([name, member]) => [name, resolve(member, scope)] as const);
    return Object.fromEntries(resolved.filter(([, member]) => member !== NO_VALUE));
  }
  const [name, argument] = call;
  if (entries.length > 1) {
    scope.problem(
      `${name} stands beside other members (${entries.map(([member]) => member).join(', ')}); it must be alone`,
    );
    return UNKNOWN;
  }
  return callFunction(name, argument, scope);
}

function callFunction(name: string, argument: Json, scope: Scope): Resolved {
  switch (name) {
    case 'Ref':
      return reference(argument, scope);
    case 'Fn::GetAtt':
      return getAttribute(argument, scope);
    case 'Fn::If':
      return chooseBranch(argument, scope);
    case 'Fn::Sub':
      return substitute(argument, scope);
  }
  const resolved = resolve(argument, scope);
  if (containsUnknown(resolved)) return UNKNOWN;
  // Without UNKNOWN and with NO_VALUE left out by resolve, only plain JSON remains, except for a bare NO_VALUE.
  const plain = resolved as Json;
  const list = isList(plain) ? plain : [];
  switch (name) {
    case 'Fn::Join': {
      const [delimiter, parts] = list;
      if (list.length !== 2 || typeof delimiter !== 'string' || !isList(parts))
        return wrong(name, '[delimiter, [values]]', plain, scope);
      const texts = parts.map(asText);
      if (texts.includes(undefined)) return wrong(name, '[delimiter, [texts]]', plain, scope);
      return texts.join(delimiter);
    }
    case 'Fn::Split': {
      const [delimiter, source] = list;
      if (list.length !== 2 || typeof delimiter !== 'string' || delimiter === '' || typeof source !== 'string') {
        return wrong(name, '[delimiter, text]', plain, scope);
      }
      return source.split(delimiter);
    }
    case 'Fn::Select': {
      const [index, values] = list;
      const chosen = isList(values) && /^\d+$/.test(String(index)) ? values[Number(index)] : undefined;
      return chosen === undefined ? wrong(name, '[index within the list, [values]]', plain, scope) : chosen;
    }
    case 'Fn::FindInMap':
      return findInMap(list, plain, scope);
    case 'Fn::ImportValue': {
      if (typeof plain !== 'string') return wrong(name, 'the name of an export', plain, scope);
      const imported = scope.importValue(plain);
      if (imported !== undefined) return imported;
      scope.problem(`no stack of this assembly that is created earlier exports ${JSON.stringify(plain)}`);
      return UNKNOWN;
    }
    case 'Fn::Base64':
      return typeof plain === 'string' ? Buffer.from(plain).toString('base64') : wrong(name, 'a text', plain, scope);
    case 'Fn::GetAZs':
      return ['a', 'b', 'c'].map(
        (zone) => `${plain === '' || typeof plain !== 'string' ? scope.region : plain}${zone}`,
      );
    default:
      scope.problem(`the function ${name} is not supported; supported are ${VALUE_FUNCTIONS}`);
      return UNKNOWN;
  }
}

/** A condition of `Conditions` or inside one: functions that give true or false. */
export function resolveCondition(value: Json, scope: Scope): boolean {
  const [name, argument] =
    isJsonObject(value) && Object.keys(value).length === 1 ? (Object.entries(value)[0] ?? []) : [];
  const list = isList(argument) ? argument : [];
  switch (name) {
    case 'Condition':
      return namedCondition(argument ?? null, scope);
    case 'Fn::Equals': {
      const sides = list.map((side) => resolve(side, scope));
      if (list.length !== 2 || containsUnknown(sides)) break;
      return JSON.stringify(sides[0]) === JSON.stringify(sides[1]);
    }
    case 'Fn::Not':
      if (list[0] === undefined || list.length !== 1) break;
      return !resolveCondition(list[0], scope);
    case 'Fn::And':
      if (list.length < 2) break;
      return list.map((one) => resolveCondition(one, scope)).every(Boolean);
    case 'Fn::Or':
      if (list.length < 2) break;
      return list.map((one) => resolveCondition(one, scope)).some(Boolean);
  }
  scope.problem(
    `${JSON.stringify(value)} is no condition; supported are ${CONDITION_FUNCTIONS}, without references to resources`,
  );
  return false;
}

function namedCondition(name: Json, scope: Scope): boolean {
  const answer = typeof name === 'string' ? scope.condition(name) : undefined;
  if (answer === undefined) scope.problem(`the template has no condition ${JSON.stringify(name)}`);
  return answer ?? false;
}

function reference(name: Json, scope: Scope): Resolved {
  if (name === 'AWS::NoValue') return NO_VALUE;
  const value = typeof name === 'string' ? scope.ref(name) : undefined;
  if (value !== undefined) return value;
  scope.problem(`Ref ${JSON.stringify(name)} names no parameter, pseudo parameter or created resource`);
  return UNKNOWN;
}

function getAttribute(argument: Json, scope: Scope): Resolved {
  const dot = typeof argument === 'string' ? argument.indexOf('.') : -1;
  const parts = typeof argument === 'string' ? [argument.slice(0, dot), argument.slice(dot + 1)] : argument;
  const [logicalId, attribute] = isList(parts) ? parts.map((part) => resolve(part, scope)) : [];
  if (typeof logicalId !== 'string' || typeof attribute !== 'string' || (typeof argument === 'string' && dot < 1)) {
    return wrong('Fn::GetAtt', '[logical id, attribute]', argument, scope);
  }
  const value = scope.attribute(logicalId, attribute);
  if (value !== undefined) return value;
  scope.problem(`Fn::GetAtt ${logicalId}.${attribute}: there is no such created resource, or it has no such attribute`);
  return UNKNOWN;
}

function chooseBranch(argument: Json, scope: Scope): Resolved {
  const [name, whenTrue, whenFalse] = isList(argument) ? argument : [];
  if (!isList(argument) || argument.length !== 3) return wrong('Fn::If', '[condition, value, value]', argument, scope);
  return resolve((namedCondition(name ?? null, scope) ? whenTrue : whenFalse) ?? null, scope);
}

function substitute(argument: Json, scope: Scope): Resolved {
  const [template, variables] = isList(argument) ? argument : [argument, {}];
  if (typeof template !== 'string' || !isJsonObject(variables)) {
    return wrong('Fn::Sub', 'a text or [text, {variables}]', argument, scope);
  }
  const own = new Map(Object.entries(variables));
  let unknown = false;
  const result = template.replace(/\$\{(!?)([^}]*)\}/g, (_whole, literal: string, name: string) => {
    if (literal !== '') return `\${${name}}`;
    const variable = own.get(name.trim());
    const value = variable !== undefined ? resolve(variable, scope) : referenceOrAttribute(name.trim(), scope);
    if (value === UNKNOWN) unknown = true;
    else if (asText(value) === undefined)
      scope.problem(`Fn::Sub: \${${name}} is ${JSON.stringify(value)}; a text is needed`);
    return asText(value) ?? '';
  });
  return unknown ? UNKNOWN : result;
}

function referenceOrAttribute(name: string, scope: Scope): Resolved {
  return name.includes('.') ? getAttribute(name, scope) : reference(name, scope);
}

function findInMap(list: readonly Json[], argument: Json, scope: Scope): Resolved {
  const [name, first, second] = list;
  if (list.length !== 3 || typeof name !== 'string' || typeof first !== 'string' || typeof second !== 'string') {
    return wrong('Fn::FindInMap', '[map, first key, second key]', argument, scope);
  }
  const found = ownMember(ownMember(scope.mapping(name), first), second);
  return found === undefined ? wrong('Fn::FindInMap', 'keys that the mapping has', argument, scope) : found;
}

function ownMember(value: Json | undefined, name: string): Json | undefined {
  return isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

function wrong(name: string, needed: string, received: Json, scope: Scope): Resolved {
  scope.problem(`${name} needs ${needed}, but has ${JSON.stringify(received)}`);
  return UNKNOWN;
}

/** CloudFormation joins numbers and booleans as text. */
function asText(value: Resolved | undefined): string | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined;
}

export function containsUnknown(value: Resolved): boolean {
  if (value === UNKNOWN) return true;
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some((member) => containsUnknown(member as Resolved));
}

function isList<Element>(value: Element | readonly Element[] | undefined): value is readonly Element[] {
  return Array.isArray(value);
}
