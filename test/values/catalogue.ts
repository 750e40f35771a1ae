/** The catalogue of (SQL type, value) cases, drawn from one seed: the same seed gives the same cases. */
import type { SourceColumn, SourceTable } from '#schemas/source/source-table.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { byteColumns } from './byte-values.ts';
import { charsetColumns, latin1Columns } from './charset-values.ts';
import { jsonColumns } from './json-values.ts';
import { memberColumns } from './member-values.ts';
import { numberColumns } from './number-values.ts';
import { longColumns, OBJECT_NAMES, textColumns, texts } from './text-values.ts';
import { timeColumns } from './time-values.ts';
import { TEXT, utf8Literal, type ValueColumn, type ValueTable } from './value-case.ts';

/** Names that a column may have and that a careless program trips over. */
const HOSTILE_NAMES = [
  ...OBJECT_NAMES,
  'with space',
  'a"b',
  "a'b",
  'a`b',
  'back\\slash',
  'größe',
  '指标',
  'a.b',
  'a#b',
  '%',
  '$t',
  '0',
  '42',
  'data',
  'metadata',
  'x'.repeat(64),
];

export function valueTables(seed: number): readonly ValueTable[] {
  const random = seededRandom(seed);
  return [
    { name: 'v_numbers', columns: numberColumns(random) },
    { name: 'v_times', columns: timeColumns(random) },
    { name: 'v_texts', columns: textColumns(random) },
    { name: 'v_long', columns: longColumns(random) },
    { name: 'v_bytes', columns: byteColumns(random) },
    { name: 'v_members', columns: memberColumns(random) },
    { name: 'v_latin1', charset: 'latin1', columns: latin1Columns(random) },
    { name: 'v_charsets', columns: charsetColumns() },
    { name: 'v_json', columns: jsonColumns(random) },
  ];
}

/** A table whose columns have hostile names; each holds its own name and a few hostile values. */
export function hostileColumns(seed: number): ReadonlyMap<string, ValueColumn> {
  const random = seededRandom(seed);
  const values = texts(random, 60);
  return new Map(
    HOSTILE_NAMES.map((name) => {
      const held = ['', name, ...Array.from({ length: 6 }, () => random.pick(values))];
      const cases = [...new Set(held)].map((text) => ({ sql: utf8Literal(text), means: text }));
      return [name, { sqlType: 'VARCHAR(64)', kind: 'text', json: 'string', inRecord: TEXT, cases }];
    }),
  );
}

/** Columns of a value table by name: c0, c1, … */
export const columnNames = ({ columns }: ValueTable): ReadonlyMap<string, ValueColumn> =>
  new Map(columns.map((column, index) => [`c${index}`, column]));

export const KEY = 'id';

/** What a user of the engine would write for the table. */
export function declarationOf(name: string, columns: ReadonlyMap<string, ValueColumn>): SourceTable {
  const declared = [...columns].map(([column, { sqlType, kind, members }]): [string, SourceColumn] => [
    column,
    { kind, sqlType, nullable: true, ...(members && { members }) },
  ]);
  return {
    name,
    key: [KEY],
    columns: Object.fromEntries([[KEY, { kind: 'integer', sqlType: 'INT UNSIGNED' }], ...declared]),
    references: [],
    aggregate: { entity: name, column: KEY },
    loadOrder: 1,
  };
}
