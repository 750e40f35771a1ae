/**
 * One value of one SQL type, and how a column of that type is declared and expected. What a value must become is said by the database itself
 * (an SQL expression over the stored column) and by the generator of the value; neither knows the code under test.
 */
import type { ColumnKind } from '#schemas/source/source-table.ts';

export interface ValueCase {
  /** SQL literal that writes the value. */
  readonly sql: string;
  /** Text that the generator says must reach the item, or null; absent where only the database can say it (an invalid date, another character set). */
  readonly means?: string | null;
  /** True where DMS cuts the value on purpose, so that the database's own text is longer than `means`. */
  readonly cut?: true;
}

export interface ValueColumn {
  /** Type as in the DDL, with its character set when it has one of its own. */
  readonly sqlType: string;
  readonly cases: readonly ValueCase[];
  /** How a user declares such a column. */
  readonly kind: ColumnKind;
  readonly members?: readonly string[];
  /** Whether DMS writes JSON text, or a bare number, true or false. */
  readonly json: 'string' | 'bare';
  /** SQL over the column `c`: the text in the record. */
  readonly inRecord: string;
  /** SQL over the column `c`: the text in the row and in the item; absent where it is the record's. */
  readonly inItem?: string;
  /** From the database's own notation to the one expected, where they write the same number differently. */
  readonly notation?: (text: string) => string;
  /** Projected as a DynamoDB number. */
  readonly numeric?: true;
}

/** Columns whose values lie side by side: the n-th row holds the n-th case of each. */
export interface ValueTable {
  readonly name: string;
  /** Character set of the table, which its columns inherit. */
  readonly charset?: string;
  readonly columns: readonly ValueColumn[];
}

/** Text as an SQL literal that no session setting and no escape can change. */
export const utf8Literal = (text: string): string => `_utf8mb4 x'${Buffer.from(text, 'utf8').toString('hex')}'`;

/** The column's text, whatever its character set. */
export const TEXT = 'CONVERT(c USING utf8mb4)';
export const DIGITS = 'CAST(c AS CHAR)';

/** Every case once, in the order of first appearance. */
export function distinct(cases: readonly ValueCase[]): readonly ValueCase[] {
  return [...new Map(cases.map((one) => [one.sql, one])).values()];
}
