/**
 * One column value in canonical text. Load and CDC records of the same row must give the same text, so decimals lose their trailing
 * zeros and date-times the trailing zeros of their fraction here, once.
 */
import type { SourceColumn } from '#schemas/source/source-table.ts';

export type ColumnValue = { readonly value: string | null } | { readonly mismatch: string };

/** Longer than any number MySQL holds; bounds the work on hostile input. */
const NUMBER_LENGTH_MAX = 100;
/** What a DynamoDB number holds. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
const DIGITS_MAX = 38;
/** VARCHAR(255). As a key, escaped, it stays below the 2048 bytes of a DynamoDB partition key. */
const KEY_TEXT_LENGTH_MAX = 255;
const INTEGER = /^(-?)0*(\d+)$/;
const DECIMAL = /^(-?)0*(\d*?)(?:\.(\d*?)0*)?$/;
const DATETIME = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}?)0*)?Z?$/;

/** The canonical text of a decimal: no leading or trailing zeros, no negative zero; undefined when it is not plain decimal text. */
export function canonicalDecimal(text: string): string | undefined {
  const match = text.length <= NUMBER_LENGTH_MAX && /\d/.test(text) ? DECIMAL.exec(text) : null;
  if (!match) return undefined;
  const whole = match[2] || '0';
  const fraction = match[3] ?? '';
  const magnitude = fraction === '' ? whole : `${whole}.${fraction}`;
  if (magnitude.replace(/^0?\.0*|\./, '').length > DIGITS_MAX) return undefined;
  return magnitude === '0' ? '0' : `${match[1] ?? ''}${magnitude}`;
}

/** ISO 8601 with `Z` and the source's own digits; undefined when the text is no date-time. */
export function canonicalDatetime(text: string): string | undefined {
  const match = DATETIME.exec(text);
  if (!match) return undefined;
  const fraction = (match[3] ?? '').replace(/0+$/, '');
  return `${match[1]}T${match[2]}${fraction === '' ? '' : `.${fraction}`}Z`;
}

/** Column value as DMS sent it, to canonical text or to what was expected instead. Values themselves never enter the message. */
export function columnValue(column: SourceColumn, raw: unknown): ColumnValue {
  if (raw === null) {
    // A zero date reaches us as NULL even in a NOT NULL column.
    return column.nullable || column.kind === 'datetime' ? { value: null } : { mismatch: `a ${column.kind}, not NULL` };
  }
  // BIT(1), which AWS documents as BOOLEAN without saying how that is written.
  if (typeof raw === 'boolean' && column.kind === 'integer') return columnValue(column, raw ? '1' : '0');
  if (typeof raw !== 'string')
    return { mismatch: `a ${column.kind} as text or number, not ${Array.isArray(raw) ? 'an array' : typeof raw}` };
  switch (column.kind) {
    case 'integer': {
      const match = raw.length <= NUMBER_LENGTH_MAX ? INTEGER.exec(raw) : null;
      const digits = match?.[2];
      if (column.positive && digits === '0')
        return { mismatch: 'a number above 0, which is the key of the current state' };
      return digits !== undefined && digits.length <= DIGITS_MAX
        ? { value: `${digits === '0' ? '' : match?.[1]}${digits}` }
        : { mismatch: `a whole number of at most ${DIGITS_MAX} digits, without exponent` };
    }
    case 'decimal': {
      const value = canonicalDecimal(raw);
      return value === undefined
        ? { mismatch: `a plain decimal of at most ${DIGITS_MAX} digits, without exponent` }
        : { value };
    }
    case 'datetime': {
      const value = canonicalDatetime(raw);
      return value === undefined ? { mismatch: 'a date-time such as 2018-02-15T18:23:45.5Z' } : { value };
    }
    case 'enum':
      return column.members?.includes(raw) ? { value: raw } : { mismatch: `one of ${column.members?.join(', ')}` };
    case 'text':
    case 'json':
      return textValue(column, raw);
  }
}

/** Half a surrogate pair would come back from DynamoDB as another character, and the stored row would differ from the source for ever. */
function textValue(column: SourceColumn, text: string): ColumnValue {
  if (!text.isWellFormed()) return { mismatch: 'well-formed Unicode text' };
  // A key that begins with NUL is ours: the mark of a deletion without a name lies there.
  if (column.nonEmpty && (text === '' || text.startsWith('\u0000') || [...text].length > KEY_TEXT_LENGTH_MAX)) {
    return {
      mismatch: `text of 1 to ${KEY_TEXT_LENGTH_MAX} characters, not beginning with NUL, because it becomes a key`,
    };
  }
  return { value: text };
}
