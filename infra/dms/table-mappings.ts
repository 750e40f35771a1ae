/**
 * The DMS table mappings, derived from the declaration of the source tables: which tables are copied and in which order, the
 * lineage column that every row carries, the columns that must travel as text, and the partition key. Pure: the same tables and
 * lineage give the same rules, and nothing about a table is written down a second time here.
 */
import type { SourceColumn, SourceTable } from '#schemas/source/source-table.ts';

/** One rule as DMS reads it. Member names are DMS's own. */
export interface TableMappingRule {
  readonly 'rule-type': 'selection' | 'transformation' | 'object-mapping';
  readonly 'rule-id': string;
  readonly 'rule-name': string;
  readonly 'rule-action': string;
  readonly 'rule-target'?: 'column';
  readonly 'object-locator': {
    readonly 'schema-name': string;
    readonly 'table-name': string;
    readonly 'column-name'?: string;
  };
  readonly 'load-order'?: string;
  readonly value?: string;
  readonly expression?: string;
  readonly 'data-type'?: { readonly type: string; readonly length: string; readonly scale: string };
  readonly 'mapping-parameters'?: { readonly 'partition-key-type': 'primary-key' };
}

export interface TableMappings {
  readonly rules: readonly TableMappingRule[];
}

/** What the rules are made from. */
export interface TableMappingSource {
  readonly schema: string;
  readonly tables: readonly SourceTable[];
  /** Name of the added column and the literal it holds. */
  readonly lineageColumn: string;
  readonly lineage: string;
}

/** Characters of a number as text: 65 digits of a DECIMAL with sign and point, or 20 of a BIGINT UNSIGNED. */
const TEXT_LENGTH = { integer: '20', decimal: '68' } as const;
const LINEAGE_LENGTH = '40';

/** Rules in the order selection, transformation, object mapping; ids are numbered through, as DMS wants them unique. */
export function tableMappings(source: TableMappingSource): TableMappings {
  if (!/^[a-z0-9-]+$/.test(source.lineage)) {
    throw new Error(
      `The binlog lineage "${source.lineage}" cannot be put into a DMS expression. Allowed are a-z, 0-9 and -; change the setting binlogLineage.`,
    );
  }
  // Spelled out table by table: a wildcard would also pick up a table that nobody has declared.
  const drafts = [
    ...source.tables.map((table) => selection(source.schema, table)),
    ...source.tables.map((table) => lineage(source, table)),
    ...source.tables.flatMap((table) => numbersAsText(source.schema, table)),
    ...source.tables.map((table) => partitionKey(source.schema, table)),
  ];
  return { rules: drafts.map((draft, index) => ({ ...draft, 'rule-id': String(index + 1) })) };
}

type Draft = Omit<TableMappingRule, 'rule-id'>;

function selection(schema: string, table: SourceTable): Draft {
  return {
    'rule-type': 'selection',
    'rule-name': `select-${table.name}`,
    'rule-action': 'include',
    'object-locator': { 'schema-name': schema, 'table-name': table.name },
    'load-order': String(table.loadOrder),
  };
}

function lineage(source: TableMappingSource, table: SourceTable): Draft {
  return {
    'rule-type': 'transformation',
    'rule-name': `lineage-${table.name}`,
    'rule-action': 'add-column',
    'rule-target': 'column',
    'object-locator': { 'schema-name': source.schema, 'table-name': table.name },
    value: source.lineageColumn,
    // A DMS expression is SQLite: single quotes make a literal.
    expression: `'${source.lineage}'`,
    'data-type': { type: 'string', length: LINEAGE_LENGTH, scale: '' },
  };
}

/**
 * DMS writes integers and decimals as JSON doubles: above 2^53, or with a decimal fraction, digits would be lost before the
 * record even reaches us. Such columns travel as text.
 */
function numbersAsText(schema: string, table: SourceTable): Draft[] {
  return Object.entries(table.columns).flatMap(([column, declared]): Draft[] => {
    const length = textLength(declared);
    if (length === undefined) return [];
    return [
      {
        'rule-type': 'transformation',
        'rule-name': `text-${table.name}-${column}`,
        'rule-action': 'change-data-type',
        'rule-target': 'column',
        'object-locator': { 'schema-name': schema, 'table-name': table.name, 'column-name': column },
        'data-type': { type: 'string', length, scale: '' },
      },
    ];
  });
}

/** By the SQL type: a DECIMAL of more digits than DynamoDB's numbers have is declared as text, and must not lose them either. */
function textLength({ sqlType }: SourceColumn): string | undefined {
  if (/^(DECIMAL|NUMERIC)\b/i.test(sqlType)) return TEXT_LENGTH.decimal;
  // 32-bit integers and smaller are exact as doubles.
  if (/^BIGINT\b/i.test(sqlType)) return TEXT_LENGTH.integer;
  return undefined;
}

/**
 * Without this rule DMS keys a full load by primary key and CDC by table, so that the first change of a row and its loaded state would
 * be in different shards, and one shard would carry all changes of a table. With it, all records of a row follow each other.
 */
function partitionKey(schema: string, table: SourceTable): Draft {
  return {
    'rule-type': 'object-mapping',
    'rule-name': `key-${table.name}`,
    'rule-action': 'map-record-to-record',
    'object-locator': { 'schema-name': schema, 'table-name': table.name },
    'mapping-parameters': { 'partition-key-type': 'primary-key' },
  };
}
