/**
 * The catalogue's values in the columns of the product: every text as a name, an author, a reason and a formula, every date-time, every decimal,
 * the ends of ids and version numbers. A metric holds one value of each; which metric holds which is turned from column to column.
 */
import { seededRandom } from '../support/seeded-random.ts';
import { numberColumns, plainDigits } from './number-values.ts';
import { texts } from './text-values.ts';
import { timeColumns } from './time-values.ts';
import { utf8Literal, type ValueCase, type ValueColumn } from './value-case.ts';
import type { Way } from './value-source.ts';

/** What one column of a metric holds, and the attribute of the items it must come to. */
export interface LphCase {
  readonly column: string;
  readonly table: 'metrics' | 'metric_versions';
  readonly type: string;
  readonly attribute: string;
  readonly value: ValueCase;
  readonly numeric?: true;
  /** Absent where the attribute is on every version's item. */
  readonly onlyOnLatest?: true;
}

export interface LphMetric {
  readonly way: Way;
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly valueType: string;
  readonly style: string;
  readonly chainedTo: string | null;
  readonly cases: readonly LphCase[];
}

const WAYS_IN_TURN: readonly Way[] = ['load', 'insert', 'update'];
const VALUE_TYPES = ['SCALAR', 'WEIGHTED_AVERAGE', 'HYBRID', 'PERCENTILE'];
const STYLES = ['SUM', 'LAST_DAY_OF_PERIOD', 'PERCENTILE'];
const IDS = [
  '18446744073709551615',
  '18446744073709551614',
  '9223372036854775808',
  '9007199254740993',
  '9007199254740992',
];
const VERSIONS = ['1', '9', '10', '2147483647', '2147483648', '4294967294', '4294967295'];

const ofType = (columns: readonly ValueColumn[], sqlType: string): readonly ValueCase[] =>
  columns.find((column) => column.sqlType === sqlType)?.cases ?? [];

const inTurn = <T>(list: readonly T[], place: number): T => {
  const one = list[place % list.length];
  if (one === undefined) throw new Error('a list of values to choose from is empty');
  return one;
};

/** Dimensions of the one group that all primitives share, and of which hybrids show nothing. */
export function dimensionNames(seed: number): readonly string[] {
  return texts(seededRandom(seed), 255).filter((text) => text !== '');
}

export function lphMetrics(seed: number): readonly LphMetric[] {
  const random = seededRandom(seed);
  const times = timeColumns(random);
  const datetimes = ofType(times, 'DATETIME(6)');
  const instants = datetimes.filter(({ sql }) => sql !== 'NULL');
  const cutoffs = ofType(times, 'DATETIME(0)');
  const decimals = ofType(numberColumns(random), 'DECIMAL(20,10)');
  const short = texts(random, 60);
  const names = texts(random, 255).filter((text) => text !== '');
  const text = (value: string): ValueCase => ({ sql: utf8Literal(value), means: value });
  const people = short.map(text);
  const orNull: readonly ValueCase[] = [{ sql: 'NULL', means: null }, ...people];

  return names.map((name, place): LphMetric => {
    const version = inTurn(VERSIONS, place);
    const id = IDS[place] ?? String(1_000 + place);
    const valueType = inTurn(VALUE_TYPES, place);
    const metric = (column: string, type: string, attribute: string, value: ValueCase): LphCase => ({
      table: 'metrics',
      column,
      type,
      attribute,
      value,
    });
    const ofVersion = (column: string, type: string, attribute: string, value: ValueCase): LphCase => ({
      ...metric(column, type, attribute, value),
      table: 'metric_versions',
    });
    const onlyOnLatest = { onlyOnLatest: true } as const;
    const numeric = { numeric: true } as const;
    return {
      way: inTurn(WAYS_IN_TURN, place),
      id,
      name,
      version,
      valueType,
      style: inTurn(STYLES, place),
      chainedTo: place % 5 === 1 ? (IDS[place - 1] ?? String(999 + place)) : null,
      cases: [
        { ...metric('id', 'BIGINT UNSIGNED', 'metricId', { sql: id, means: id }), ...numeric },
        metric('name', 'VARCHAR(255)', 'name', text(name)),
        metric('value_type', 'ENUM', 'valueType', text(valueType)),
        metric('chain_cutoff_date', 'DATETIME', 'chainCutoffDate', inTurn(cutoffs, place)),
        { ...metric('created_at', 'DATETIME(6)', 'createdAt', inTurn(instants, place)), ...onlyOnLatest },
        { ...metric('created_by', 'VARCHAR(64)', 'createdBy', inTurn(people, place + 1)), ...onlyOnLatest },
        {
          ...ofVersion('version', 'INT UNSIGNED', 'latestVersion', { sql: version, means: version }),
          ...numeric,
          ...onlyOnLatest,
        },
        ofVersion('aggregation_style', 'ENUM', 'aggregationStyle', text(inTurn(STYLES, place))),
        {
          ...ofVersion('aggregation_param', 'DECIMAL(20,10)', 'aggregationParam', inTurn(decimals, place)),
          ...numeric,
        },
        ofVersion('hybrid_formula', 'TEXT', 'hybridFormula', inTurn(orNull, place + 2)),
        ofVersion('created_at', 'DATETIME(6)', 'updatedAt', inTurn(instants, place + 3)),
        ofVersion('created_by', 'VARCHAR(64)', 'updatedBy', inTurn(people, place + 4)),
        ofVersion('deprecated_at', 'DATETIME(6)', 'deprecatedAt', inTurn(datetimes, place + 5)),
        ofVersion('deprecated_by', 'VARCHAR(64)', 'deprecatedBy', inTurn(orNull, place + 6)),
        ofVersion('deprecated_reason', 'VARCHAR(1024)', 'deprecatedReason', inTurn(orNull, place + 7)),
      ],
    };
  });
}

/** The row as an assignment list. */
const assignments = (cases: readonly LphCase[], table: LphCase['table']): string =>
  cases
    .filter((one) => one.table === table)
    .map(({ column, value }) => `${column} = ${value.sql}`)
    .join(', ');

/** Statements that write a metric with its version, and with the metric that a hybrid consumes. */
export function insertStatements({ id, cases, valueType }: LphMetric, consumed: string): readonly string[] {
  const plain = "metric_group_id = 1, updated_at = '2026-11-20 12:00:00'";
  return [
    `INSERT INTO metrics SET ${assignments(cases, 'metrics')}, ${plain}`,
    `INSERT INTO metric_versions SET metric_id = ${id}, ${assignments(cases, 'metric_versions')}`,
    ...(valueType === 'HYBRID' ? [`INSERT INTO metric_relationships VALUES (${consumed}, ${id})`] : []),
  ];
}

/** The same metric with other values, as it stands before the update. */
export function earlier(metric: LphMetric): LphMetric {
  const before = (one: LphCase): ValueCase => {
    if (one.column === 'id' || one.column === 'value_type' || one.column === 'aggregation_style') return one.value;
    if (one.column === 'version') return { sql: '7' };
    if (one.type.startsWith('DATETIME')) return { sql: "'2001-02-03 04:05:06'" };
    if (one.type.startsWith('DECIMAL')) return { sql: '0.25' };
    return { sql: utf8Literal(`before ${metric.id}`) };
  };
  return { ...metric, cases: metric.cases.map((one) => ({ ...one, value: before(one) })) };
}

export function updateStatements({ id, cases }: LphMetric): readonly string[] {
  return [
    `UPDATE metrics SET ${assignments(cases, 'metrics')} WHERE id = ${id}`,
    `UPDATE metric_versions SET ${assignments(cases, 'metric_versions')} WHERE metric_id = ${id}`,
  ];
}

/** What an item must show: date-times and decimals in the target's form are what the catalogue means already. */
export const shownText = ({ value, numeric }: LphCase): string | undefined => {
  const means = value.means ?? undefined;
  return means !== undefined && numeric ? plainDigits(means) : means;
};

export const chainStatement = ({ id, chainedTo }: LphMetric): readonly string[] =>
  chainedTo === null ? [] : [`UPDATE metrics SET chained_metric_id = ${chainedTo} WHERE id = ${id}`];
