/**
 * The rows that a fan-out is measured on: metrics that all share one dimension, metrics that do not and are updated one by one meanwhile,
 * and one metric with many versions. Every primitive keeps a dimension of its own kind, so that the end of the shared one leaves it whole.
 */
import type { Connection } from 'mysql2/promise';
import { createSchema } from '#sample/load-sample.ts';

export const SHARED_DIMENSION_ID = 1;
export const SHARED_PREFIX = 'shared_';
/** Metrics outside of the fan-out that are updated one at a time. */
export const SINGLES = 50;
export const SINGLE_PREFIX = 'single_';
export const VERSIONS_OF_LONG = 1000;

/** The other dimensions; each metric has one of them. */
const OTHER_DIMENSIONS = 40;
const ROWS_PER_INSERT = 500;
const WHEN = '2026-01-02 03:04:05.250000';

type Row = readonly (string | number | null)[];

export interface FanOutRows {
  readonly sharedMetrics: number;
  /** Ids of the metrics that are updated one by one. */
  readonly singleIds: readonly number[];
  /** The metric with many versions. */
  readonly longId: number;
  /** Table → rows, parents first. */
  readonly tables: ReadonlyMap<string, readonly Row[]>;
}

export const singleName = (metricId: number): string => `${SINGLE_PREFIX}${metricId}`;
export const LONG_NAME = 'metric_with_many_versions';

/** Ids count from 1 and every metric's group has the metric's id. */
export function fanOutRows(sharedMetrics: number): FanOutRows {
  const dimensions = Array.from({ length: 1 + OTHER_DIMENSIONS }, (_, index): Row => {
    const id = SHARED_DIMENSION_ID + index;
    return [id, index === 0 ? 'shared_dimension' : `dimension_${id}`, WHEN, 'bench'];
  });
  const singleIds = Array.from({ length: SINGLES }, (_, index) => sharedMetrics + 1 + index);
  const longId = sharedMetrics + SINGLES + 1;
  const groups: Row[] = [];
  const inGroups: Row[] = [];
  const metrics: Row[] = [];
  const versions: Row[] = [];
  for (let id = 1; id <= longId; id++) {
    const isShared = id <= sharedMetrics;
    const name = isShared ? `${SHARED_PREFIX}${id}` : id === longId ? LONG_NAME : singleName(id);
    groups.push([id, name, WHEN, 'bench']);
    if (isShared) inGroups.push([SHARED_DIMENSION_ID, id]);
    inGroups.push([SHARED_DIMENSION_ID + 1 + (id % OTHER_DIMENSIONS), id]);
    metrics.push([id, name, 'SCALAR', id, null, null, WHEN, 'bench', WHEN]);
    for (let version = 1; version <= (id === longId ? VERSIONS_OF_LONG : 1); version++)
      versions.push([id, version, 'SUM', null, null, WHEN, 'bench', null, null, null]);
  }
  const tables = new Map<string, readonly Row[]>([
    ['dimensions', dimensions],
    ['metric_groups', groups],
    ['dimensions_metric_groups', inGroups],
    ['metrics', metrics],
    ['metric_versions', versions],
  ]);
  return { sharedMetrics, singleIds, longId, tables };
}

/** Creates the tables and writes the rows in one transaction. */
export async function insertFanOutRows(source: Connection, { tables }: FanOutRows): Promise<void> {
  await createSchema(source);
  await source.beginTransaction();
  for (const [table, rows] of tables) {
    for (let from = 0; from < rows.length; from += ROWS_PER_INSERT)
      await source.query(`INSERT INTO ${table} VALUES ?`, [rows.slice(from, from + ROWS_PER_INSERT)]);
  }
  await source.commit();
}

/** The product's update of one metric: a new version, in one transaction with the metric's own row. */
export async function addVersion(source: Connection, metricId: number, version: number): Promise<void> {
  await source.beginTransaction();
  await source.query(`INSERT INTO metric_versions VALUES (?, ?, 'SUM', NULL, NULL, ?, 'bench', NULL, NULL, NULL)`, [
    metricId,
    version,
    WHEN,
  ]);
  await source.query('UPDATE metrics SET updated_at = NOW(6) WHERE id = ?', [metricId]);
  await source.commit();
}
