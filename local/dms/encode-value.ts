/**
 * One column value as DMS writes it into a record for Kinesis. Pure, and the only encoder: full load and CDC both end here.
 * docs/dms-records.md has the table; where AWS documents no form, the choice made here is marked there.
 */
import type { SourceColumn } from './column-type.ts';
import { type JsonText, jsonString } from './json-text.ts';
import type { SourceValue } from './source-value.ts';

export interface EncodingSettings {
  /** NoHexPrefix: true leaves out `0x` before the hex digits of binary columns. */
  readonly noHexPrefix: boolean;
  /** LobMaxSize in bytes; a large object is cut to it. */
  readonly lobMaxBytes: number;
}

export interface EncodedValue {
  readonly json: JsonText;
  /** The source's value was longer than what DMS carries. */
  readonly truncated: boolean;
}

/** DMS sends integers as doubles, from 17 digits on in scientific notation; beyond 2^53 digits are lost. */
const SCIENTIFIC_FROM = 1e16;
const NULL: EncodedValue = { json: 'null', truncated: false };

const exact = (json: JsonText): EncodedValue => ({ json, truncated: false });

/** @param asText a `change-data-type` rule makes this column a string: its exact text travels. */
export function encodeValue(
  column: SourceColumn,
  value: SourceValue,
  asText: boolean,
  settings: EncodingSettings,
): EncodedValue {
  if (value === null) return NULL;
  if (Buffer.isBuffer(value)) return encodeBytes(column, value, asText, settings);
  switch (column.kind) {
    case 'integer':
      return exact(asText ? jsonString(value) : integerAsDouble(value));
    case 'year':
      return exact(asText ? jsonString(value) : value);
    case 'decimal':
    case 'float':
      return exact(asText ? jsonString(value) : String(Number(value)));
    case 'date':
      return hasZeroPart(value) ? NULL : exact(jsonString(value));
    case 'datetime':
      return hasZeroPart(value) ? NULL : exact(jsonString(`${value.replace(' ', 'T')}Z`));
    default:
      return encodeText(column, value, settings);
  }
}

/** `0000-00-00` and dates without month or day have no counterpart in DMS, which writes null for them. */
function hasZeroPart(text: string): boolean {
  return /^\d{4}-(00-|\d\d-00)/.test(text) || text.startsWith('0000-00-00');
}

function integerAsDouble(text: string): string {
  const double = Number(text);
  return Math.abs(double) < SCIENTIFIC_FROM ? double.toFixed(0) : double.toExponential();
}

function encodeText(column: SourceColumn, text: string, settings: EncodingSettings): EncodedValue {
  // "Data containing embedded '\0' characters will be truncated at the first '\0'" (CHAP_Target.Kinesis).
  const zero = text.indexOf('\0');
  const kept = zero < 0 ? text : text.slice(0, zero);
  const cut = column.lob ? cutText(kept, settings.lobMaxBytes) : kept;
  return { json: jsonString(cut), truncated: cut.length < text.length };
}

/** The longest start of the text with at most so many bytes of UTF-8; a character is never cut in two. */
function cutText(text: string, maxBytes: number): string {
  // A UTF-16 unit is at most three bytes of UTF-8, so short text needs no measuring.
  if (text.length * 3 <= maxBytes) return text;
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= maxBytes) return text;
  let end = maxBytes;
  while (end > 0 && ((bytes[end] ?? 0) & 0b1100_0000) === 0b1000_0000) end--;
  return bytes.subarray(0, end).toString('utf8');
}

function encodeBytes(column: SourceColumn, bytes: Buffer, asText: boolean, settings: EncodingSettings): EncodedValue {
  if (column.kind === 'bit' && column.bits === 1 && !asText) return exact(bytes.at(-1) === 1 ? 'true' : 'false');
  const kept = column.lob ? bytes.subarray(0, settings.lobMaxBytes) : bytes;
  const prefix = settings.noHexPrefix ? '' : '0x';
  return { json: jsonString(prefix + kept.toString('hex')), truncated: kept.length < bytes.length };
}
