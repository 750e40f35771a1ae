/**
 * Writes JSON text member by member, so that a 64-bit number keeps its digits and a member may have any name (`__proto__` too):
 * no value ever passes through a JavaScript number or an ordinary object on its way out.
 */

/** JSON text that is ready as it is, or the members of an object in order. */
export type JsonText = string | readonly JsonMember[];
export type JsonMember = readonly [name: string, value: JsonText];

/** One line, as DMS's MessageFormat JSON_UNFORMATTED. */
export function writeJsonLine(value: JsonText): string {
  if (typeof value === 'string') return value;
  return `{${value.map(([name, member]) => `${JSON.stringify(name)}:${writeJsonLine(member)}`).join(',')}}`;
}

/** Several lines indented with tabs, as DMS's MessageFormat JSON. */
export function writeJsonPages(value: JsonText, indent = ''): string {
  if (typeof value === 'string') return value;
  if (value.length === 0) return '{}';
  const inner = `${indent}\t`;
  const members = value.map(([name, member]) => `${inner}${JSON.stringify(name)}:\t${writeJsonPages(member, inner)}`);
  return `{\n${members.join(',\n')}\n${indent}}`;
}

export const jsonString = (text: string): JsonText => JSON.stringify(text);
