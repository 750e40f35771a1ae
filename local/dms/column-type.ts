/**
 * What a source column holds, read from its MySQL type text (`bigint(20) unsigned`), and what DMS calls it. The full load reads
 * the text from INFORMATION_SCHEMA and CDC from the binlog; both must come to the same answer.
 * DMS type names: docs.aws.amazon.com/dms/latest/userguide/CHAP_Source.MySQL.html (source data types).
 */

export type ColumnKind =
  | 'integer'
  | 'decimal'
  | 'float'
  | 'bit'
  | 'year'
  | 'date'
  | 'time'
  | 'datetime'
  | 'text'
  | 'bytes'
  | 'unsupported';

export interface ColumnType {
  readonly kind: ColumnKind;
  /** A large object for DMS: subject to LobMaxSize, never in a before-image. */
  readonly lob: boolean;
  /** DMS's own name of the type, for control records. */
  readonly dmsType: string;
  /** Bits of a BIT column. */
  readonly bits: number;
  readonly spatial: boolean;
}

export interface SourceColumn extends ColumnType {
  readonly name: string;
  readonly nullable: boolean;
}

type Entry = readonly [kind: ColumnKind, dmsType: string, lob?: boolean];

const TYPES = new Map<string, Entry>([
  ['tinyint', ['integer', 'INT1']],
  ['smallint', ['integer', 'INT2']],
  ['mediumint', ['integer', 'INT4']],
  ['int', ['integer', 'INT4']],
  ['integer', ['integer', 'INT4']],
  ['bigint', ['integer', 'INT8']],
  ['decimal', ['decimal', 'NUMERIC']],
  ['numeric', ['decimal', 'NUMERIC']],
  ['float', ['float', 'REAL4']],
  ['double', ['float', 'REAL8']],
  ['real', ['float', 'REAL8']],
  ['bit', ['bit', 'BOOLEAN']],
  ['year', ['year', 'INT2']],
  ['date', ['date', 'DATE']],
  ['time', ['time', 'STRING']],
  ['datetime', ['datetime', 'DATETIME']],
  ['timestamp', ['datetime', 'DATETIME']],
  ['char', ['text', 'WSTRING']],
  ['varchar', ['text', 'WSTRING']],
  ['tinytext', ['text', 'WSTRING']],
  ['text', ['text', 'WSTRING']],
  ['mediumtext', ['text', 'NCLOB', true]],
  ['longtext', ['text', 'NCLOB', true]],
  ['json', ['text', 'CLOB', true]],
  ['enum', ['text', 'WSTRING']],
  ['set', ['text', 'WSTRING']],
  ['binary', ['bytes', 'BYTES']],
  ['varbinary', ['bytes', 'BYTES']],
  ['tinyblob', ['bytes', 'BYTES']],
  ['blob', ['bytes', 'BYTES']],
  ['mediumblob', ['bytes', 'BLOB', true]],
  ['longblob', ['bytes', 'BLOB', true]],
]);

const SPATIAL = new Set([
  'geometry',
  'point',
  'linestring',
  'polygon',
  'multipoint',
  'multilinestring',
  'multipolygon',
  'geometrycollection',
  'geomcollection',
]);

/** @param sqlType COLUMN_TYPE as INFORMATION_SCHEMA or the binlog gives it. MariaDB's own types (UUID, INET6…) are unknown to DMS. */
export function columnType(sqlType: string): ColumnType {
  const text = sqlType.toLowerCase();
  const word = /^[a-z0-9]+/.exec(text)?.[0] ?? '';
  if (SPATIAL.has(word)) return { kind: 'bytes', lob: true, dmsType: 'BLOB', bits: 0, spatial: true };
  const entry = TYPES.get(word);
  if (entry === undefined) return { kind: 'unsupported', lob: false, dmsType: '', bits: 0, spatial: false };
  const [kind, dmsType, lob = false] = entry;
  const bits = kind === 'bit' ? Number(/\((\d+)\)/.exec(text)?.[1] ?? 1) : 0;
  const name = kind === 'integer' && text.includes('unsigned') ? `U${dmsType}` : bits > 1 ? 'BYTES' : dmsType;
  return { kind, lob, dmsType: name, bits, spatial: false };
}
