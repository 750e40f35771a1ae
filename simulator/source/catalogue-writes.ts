/** What happens to dimensions, groups and the links between them, and to keys: each is a part of a transaction and makes sense in any state. */
import type { Random } from '../engine/random.ts';
import { addVersion } from './metric-writes.ts';
import {
  author,
  DIMENSION_IDS,
  DIMENSION_NAMES,
  freeName,
  GROUP_IDS,
  GROUP_NAMES,
  METRIC_IDS,
  METRIC_NAMES,
  moment,
  mostlyFree,
  someKey,
  valueType,
  versionContent,
  type Write,
} from './random-draws.ts';
import type { WriteTransaction } from './write-transaction.ts';

type Catalogue = 'dimensions' | 'metric_groups';

const UNIVERSE = {
  dimensions: { ids: DIMENSION_IDS, names: DIMENSION_NAMES },
  metric_groups: { ids: GROUP_IDS, names: GROUP_NAMES },
} as const;

export const createEntry =
  (table: Catalogue): Write =>
  (transaction, random) => {
    const rows = transaction.rows(table);
    const { ids, names } = UNIVERSE[table];
    const id = mostlyFree(random, ids, (value) => rows.has(value));
    if (rows.has(id)) return;
    transaction.insert(table, {
      id,
      name: freeName(random, rows, names),
      created_at: moment(random, transaction.nowMs),
    });
  };

export const renameEntry =
  (table: Catalogue): Write =>
  (transaction, random) => {
    const id = someKey(random, transaction.rows(table));
    if (id === undefined) return;
    transaction.update(table, id, { name: freeName(random, transaction.rows(table), UNIVERSE[table].names) });
  };

/** A group that metrics are in stays: the database refuses. */
export const deleteEntry =
  (table: Catalogue): Write =>
  (transaction, random) => {
    const id = someKey(random, transaction.rows(table));
    if (id !== undefined) transaction.delete(table, id);
  };

/** Its links die without a record, and some are made again. */
export const deleteAndCreateDimensionAgain: Write = (transaction, random) => {
  const id = someKey(random, transaction.rows('dimensions'));
  if (id === undefined) return;
  const name = transaction.rows('dimensions').get(id)?.get('name') ?? '';
  transaction.delete('dimensions', id);
  transaction.insert('dimensions', {
    id,
    name: random.chance(0.5) ? name : freeName(random, transaction.rows('dimensions'), DIMENSION_NAMES),
  });
  if (random.chance(0.5)) link(transaction, random, id);
};

export function link(transaction: WriteTransaction, random: Random, dimension: string, group?: string): void {
  const metricGroup = group ?? someKey(random, transaction.rows('metric_groups'));
  if (metricGroup === undefined) return;
  transaction.upsert('dimensions_metric_groups', { dimension_id: dimension, metric_group_id: metricGroup });
}

export const attach: Write = (transaction, random) => {
  const dimension = someKey(random, transaction.rows('dimensions'));
  if (dimension !== undefined) link(transaction, random, dimension);
};

export const detach: Write = (transaction, random) => {
  const key = someKey(random, transaction.rows('dimensions_metric_groups'));
  if (key !== undefined) transaction.delete('dimensions_metric_groups', key);
};

const KEY_MOVES: readonly Write[] = [
  (transaction, random) => {
    const key = someKey(random, transaction.rows('metric_versions'));
    if (key !== undefined) transaction.update('metric_versions', key, { version: String(random.between(1, 12)) });
  },
  (transaction, random) => {
    const key = someKey(random, transaction.rows('metric_versions'));
    const metric = someKey(random, transaction.rows('metrics'));
    if (key !== undefined && metric !== undefined) transaction.update('metric_versions', key, { metric_id: metric });
  },
  (transaction, random) => {
    const key = someKey(random, transaction.rows('metric_relationships'));
    const metric = someKey(random, transaction.rows('metrics'));
    const column = random.pick(['consumed_metric_id', 'consumer_metric_id']);
    if (key !== undefined && metric !== undefined)
      transaction.update('metric_relationships', key, { [column]: metric });
  },
  (transaction, random) => {
    const key = someKey(random, transaction.rows('dimensions_metric_groups'));
    const dimension = someKey(random, transaction.rows('dimensions'));
    if (key !== undefined && dimension !== undefined) {
      transaction.update('dimensions_metric_groups', key, { dimension_id: dimension });
    }
  },
  moveId('metrics', METRIC_IDS),
  moveId('dimensions', DIMENSION_IDS),
  moveId('metric_groups', GROUP_IDS),
];

/** The database refuses it while rows refer to the id; a metric without versions, and a dimension without links, can move. */
function moveId(table: string, ids: readonly string[]): Write {
  return (transaction, random) => {
    const rows = transaction.rows(table);
    const id = someKey(random, rows);
    if (id === undefined) return;
    const newId = mostlyFree(random, ids, (value) => rows.has(value));
    if (table === 'metrics' && random.chance(0.8)) emptyMetric(transaction, id);
    transaction.update(table, id, { id: newId });
    if (table === 'metrics' && random.chance(0.8)) addVersion(transaction, random, newId);
  };
}

function emptyMetric(transaction: WriteTransaction, id: string): void {
  for (const table of ['metric_versions', 'metric_relationships']) {
    for (const [key, row] of transaction.rows(table)) {
      if ([row.get('metric_id'), row.get('consumed_metric_id'), row.get('consumer_metric_id')].includes(id)) {
        transaction.delete(table, key);
      }
    }
  }
  for (const [key, row] of transaction.rows('metrics')) {
    if (row.get('chained_metric_id') === id) transaction.update('metrics', key, { chained_metric_id: null });
  }
}

export const moveKey: Write = (transaction, random) => random.pick(KEY_MOVES)(transaction, random);

/** REPLACE INTO and INSERT … ON DUPLICATE KEY UPDATE. */
export const writeOver: Write = (transaction, random) => {
  const id = random.pick(METRIC_IDS);
  const how = random.chance(0.5) ? 'replace' : 'upsert';
  const group = someKey(random, transaction.rows('metric_groups'));
  if (random.chance(0.4)) {
    const version = String(random.between(1, 3));
    transaction[how]('metric_versions', { metric_id: id, version, ...versionContent(random, transaction.nowMs) });
  } else if (random.chance(0.3)) {
    const dimension = random.pick(DIMENSION_IDS);
    transaction[how]('dimensions', { id: dimension, name: random.pick(DIMENSION_NAMES), created_by: author(random) });
  } else if (group !== undefined) {
    const name = random.pick(METRIC_NAMES);
    transaction[how]('metrics', { id, name, value_type: valueType(random), metric_group_id: group });
    if (random.chance(0.7)) addVersion(transaction, random, id);
  }
};

/** One statement over many rows. */
export const bulkUpdate: Write = (transaction, random) => {
  const table = random.pick(['metric_versions', 'metrics', 'dimensions', 'metric_groups']);
  const by = author(random);
  for (const key of [...transaction.rows(table).keys()]) {
    if (table === 'metric_versions') transaction.update(table, key, versionContent(random, transaction.nowMs));
    else transaction.update(table, key, { created_by: by, created_at: moment(random, transaction.nowMs) });
  }
};
