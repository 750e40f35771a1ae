/** Bugs in what a record is decoded to: exact values, NULL, keys that change. Laws L1 and L6. */
import type { Mutant } from '../mutant.ts';

const DECODE = 'core/change/decode-dms-record.ts';
const VALUE = 'core/change/column-value.ts';
const decoding = ['test/unit/core/decode-dms-record.test.ts'];
const values = ['test/unit/core/column-value.test.ts'];

export const DECODING: readonly Mutant[] = [
  {
    name: 'number-through-double',
    breaks: 'no number of the source ever becomes a JavaScript number',
    file: 'core/change/exact-json.ts',
    find: 'context.source ?? String(value)',
    replace: 'String(value)',
    likely: decoding,
  },
  {
    name: 'decimal-through-number',
    breaks: 'a decimal keeps every digit',
    file: VALUE,
    find: ": { value };\n    }\n    case 'datetime'",
    replace: ": { value: String(Number(value)) };\n    }\n    case 'datetime'",
    likely: ['test/property/decoding.property.test.ts'],
  },
  {
    name: 'decimal-zeros-kept',
    breaks: 'load and CDC records of one row give the same text: a decimal has no trailing zeros',
    file: VALUE,
    find: 'const fraction = match[3] ??',
    replace: "const fraction = text.split('.')[1] ??",
    likely: values,
  },
  {
    name: 'datetime-zeros-kept',
    breaks: 'load and CDC records of one row give the same text: a fraction of zeros is none',
    file: VALUE,
    find: ".replace(/0+$/, '')",
    replace: '',
    likely: values,
  },
  {
    name: 'empty-text-as-null',
    breaks: 'the empty text is a value, not NULL',
    file: DECODE,
    find: 'columnValue(column, columns.get(name))',
    replace: 'columnValue(column, columns.get(name) || null)',
    likely: decoding,
  },
  {
    name: 'null-as-missing',
    breaks: 'a column that is NULL is there',
    file: DECODE,
    find: '!columns.has(name)',
    replace: '(columns.get(name) ?? null) === null',
    likely: decoding,
  },
  {
    name: 'version-zero-accepted',
    breaks: 'no version of a metric is "0", the key of its current state',
    file: VALUE,
    find: "column.positive && digits === '0'",
    replace: "column.positive && digits === ''",
    likely: values,
  },
  {
    name: 'half-a-character-accepted',
    breaks: 'half a surrogate pair would come back from DynamoDB as another character',
    file: VALUE,
    find: '!text.isWellFormed()',
    replace: 'false',
    likely: ['test/unit/core/unpaired-surrogate.test.ts'],
  },
  {
    name: 'missing-position-guessed',
    breaks: 'a change that cannot be ordered is set aside, never applied by a guess',
    file: DECODE,
    find: "lineage === '' || transactionId === undefined || recordId === undefined",
    replace: 'transactionId === undefined || recordId === undefined',
    likely: decoding,
  },
  {
    name: 'undeclared-columns-dropped',
    breaks: 'a column that is not declared is kept, so that a later projection can use it',
    file: DECODE,
    find: 'if (row.has(name) || name === LINEAGE_COLUMN) continue;',
    replace: 'if (!row.has(name) || name === LINEAGE_COLUMN) continue;',
    likely: decoding,
  },
  {
    name: 'key-update-without-tombstone',
    breaks: 'an update of the primary key ends the life of the old key',
    file: DECODE,
    find: "{ table, key: oldKey, operation: 'delete', row: null, moment, commit },",
    replace: '',
    likely: decoding,
  },
  {
    name: 'key-update-without-birth',
    breaks: 'an update of the primary key begins a life under the new key',
    file: DECODE,
    find: "{ ...change, operation: 'insert' },",
    replace: 'change,',
    likely: decoding,
  },
  {
    name: 'before-image-ignored',
    breaks: 'the key before an update is read from the before-image',
    file: DECODE,
    find: "operation.data === 'update' ? oldKeyOf(record, key, table) : undefined",
    replace: 'undefined',
    likely: decoding,
  },
  {
    name: 'control-counted-as-applied',
    breaks: 'L7: a control record is counted as control',
    file: 'core/replication/replicate-batch.ts',
    find: "outcomes[index]?.push('control');",
    replace: "outcomes[index]?.push('applied');",
    likely: ['test/unit/core/replicate-batch.test.ts'],
  },
];
