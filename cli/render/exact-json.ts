/**
 * DynamoDB attribute values as plain JSON text, written digit by digit: a number stays the text that DynamoDB sent, and an attribute's
 * name never becomes a property of an ordinary object. Sets become sorted arrays, binary becomes base64.
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';

/** An item as a list of attributes, in the order in which they are to be shown. */
export type ItemAttributes = readonly (readonly [string, AttributeValue])[];

/** What a reader looks for first; anything else follows in alphabetical order. */
const FIRST = ['name', 'version', 'renamedTo', 'previousName', 'metricId', 'latestVersion', 'revision', 'valueType'];

export function orderAttributes(item: Record<string, AttributeValue>): ItemAttributes {
  const place = (name: string): number => {
    const index = FIRST.indexOf(name);
    return index === -1 ? FIRST.length : index;
  };
  return Object.entries(item).sort(([a], [b]) => place(a) - place(b) || compareText(a, b));
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** One item as one line of JSON. */
export function itemToJson(item: ItemAttributes): string {
  return `{${item.map(([name, value]) => `${JSON.stringify(name)}:${valueToJson(value)}`).join(',')}}`;
}

export function valueToJson(value: AttributeValue): string {
  if (value.S !== undefined) return JSON.stringify(value.S);
  if (value.N !== undefined) return jsonNumber(value.N);
  if (value.BOOL !== undefined) return String(value.BOOL);
  if (value.NULL !== undefined) return 'null';
  if (value.SS !== undefined) return JSON.stringify([...value.SS].sort(compareText));
  if (value.NS !== undefined) return `[${[...value.NS].sort(compareNumbers).map(jsonNumber).join(',')}]`;
  if (value.L !== undefined) return `[${value.L.map(valueToJson).join(',')}]`;
  if (value.M !== undefined) return itemToJson(Object.entries(value.M).sort(([a], [b]) => compareText(a, b)));
  if (value.B !== undefined) return JSON.stringify(Buffer.from(value.B).toString('base64'));
  if (value.BS !== undefined) return JSON.stringify(value.BS.map((one) => Buffer.from(one).toString('base64')).sort());
  return 'null';
}

/** How a value looks in a table: text without quotes, sets as `a, b`. */
export function valueToText(value: AttributeValue): string {
  if (value.S !== undefined) return value.S;
  if (value.SS !== undefined) return [...value.SS].sort(compareText).join(', ');
  return valueToJson(value);
}

/** DynamoDB's number text is a JSON number, except for forms JSON does not know (`+1`, `.5`), which it does not send today. */
function jsonNumber(text: string): string {
  return /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text) ? text : JSON.stringify(text);
}

function compareNumbers(a: string, b: string): number {
  if (/^-?\d+$/.test(a) && /^-?\d+$/.test(b)) {
    const difference = BigInt(a) - BigInt(b);
    return difference < 0n ? -1 : difference > 0n ? 1 : 0;
  }
  return Number(a) - Number(b) || compareText(a, b);
}
