/** Reads typed values out of resolved template properties; CloudFormation writes numbers and booleans as text as often as not. */
import type { Json } from './resource-provider.ts';

type Properties = { readonly [property: string]: Json };

export function readObject(value: Json | undefined, what: string): Properties {
  if (value === undefined) return {};
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Properties;
  throw unexpected(value, what, 'an object');
}

export function readList(value: Json | undefined, what: string): readonly Json[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value;
  throw unexpected(value, what, 'a list');
}

export function readText(value: Json | undefined, what: string): string {
  if (typeof value === 'string') return value;
  throw unexpected(value, what, 'a text');
}

export function readInteger(value: Json | undefined, what: string): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (typeof value !== 'object' && value !== '' && Number.isSafeInteger(number)) return number;
  throw unexpected(value, what, 'a whole number');
}

export function readBoolean(value: Json | undefined, what: string): boolean | undefined {
  if (value === undefined) return undefined;
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  throw unexpected(value, what, 'true or false');
}

function unexpected(value: Json | undefined, what: string, needed: string): Error {
  return new Error(`${what} is ${JSON.stringify(value)}; ${needed} is needed`);
}
