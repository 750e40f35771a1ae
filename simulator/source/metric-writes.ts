/** What the product and its operators do to one metric: each is a part of a transaction, makes sense in any state, and does nothing where it would not. */
import type { Random } from '../engine/random.ts';
import {
  author,
  cutoffDate,
  deprecation,
  freeName,
  GROUP_IDS,
  METRIC_IDS,
  METRIC_NAMES,
  moment,
  mostlyFree,
  RESTORATION,
  someKey,
  valueType,
  versionContent,
  type Write,
} from './random-draws.ts';
import type { SourceRow } from './table-constraints.ts';
import type { WriteTransaction } from './write-transaction.ts';

export const versionsOf = (transaction: WriteTransaction, id: string): readonly SourceRow[] =>
  [...transaction.rows('metric_versions').values()].filter((row) => row.get('metric_id') === id);

const latestOf = (transaction: WriteTransaction, id: string): number =>
  versionsOf(transaction, id).reduce((latest, row) => Math.max(latest, Number(row.get('version'))), 0);

/** With `version`, or one above the latest. */
export function addVersion(transaction: WriteTransaction, random: Random, id: string, version?: string): void {
  const number = version ?? String(latestOf(transaction, id) + (random.chance(0.1) ? 9 : 1));
  transaction.insert('metric_versions', {
    metric_id: id,
    version: number,
    ...versionContent(random, transaction.nowMs),
  });
}

export const renameMetric: Write = (transaction, random) => {
  const metrics = transaction.rows('metrics');
  const id = someKey(random, metrics);
  if (id === undefined) return;
  const touched = random.chance(0.5) ? { updated_at: moment(random, transaction.nowMs) } : {};
  transaction.update('metrics', id, { name: freeName(random, metrics, METRIC_NAMES), ...touched });
};

/** Names go round among two or three rows, through a name that nobody sees unless the transaction is cut in pieces. */
export const rotateNames =
  (table: 'metrics' | 'dimensions'): Write =>
  (transaction, random) => {
    const rows = transaction.rows(table);
    const ids = random.shuffle([...rows.keys()]).slice(0, random.between(2, 3));
    if (ids.length < 2) return;
    const names = ids.map((id) => rows.get(id)?.get('name') ?? '');
    transaction.update(table, ids[0] ?? '', { name: `~${ids[0]}` });
    for (let place = 1; place < ids.length; place++) {
      transaction.update(table, ids[place] ?? '', { name: names[place - 1] ?? '' });
    }
    transaction.update(table, ids[0] ?? '', { name: names.at(-1) ?? '' });
  };

/** As the product does: a new version, the metric touched, perhaps other metrics consumed. */
export const newVersion: Write = (transaction, random) => {
  const id = someKey(random, transaction.rows('metrics'));
  if (id === undefined) return;
  addVersion(transaction, random, id);
  transaction.update('metrics', id, { updated_at: moment(random, transaction.nowMs) });
  if (random.chance(0.3)) changeConsumption(transaction, random);
};

export const editVersion: Write = (transaction, random) => {
  const key = someKey(random, transaction.rows('metric_versions'));
  if (key !== undefined) transaction.update('metric_versions', key, versionContent(random, transaction.nowMs));
};

/** Old, new, old again: nobody may keep the one in the middle. */
export const editAndBack: Write = (transaction, random) => {
  const key = someKey(random, transaction.rows('metric_versions'));
  const row = key === undefined ? undefined : transaction.rows('metric_versions').get(key);
  if (key === undefined || !row) return;
  transaction.update('metric_versions', key, versionContent(random, transaction.nowMs));
  transaction.update('metric_versions', key, Object.fromEntries(row));
};

export const deprecateOrRestore: Write = (transaction, random) => {
  const id = someKey(random, transaction.rows('metrics'));
  if (id === undefined) return;
  const latest = String(latestOf(transaction, id));
  const row = transaction.rows('metric_versions').get(`${id}|${latest}`);
  const change = row?.get('deprecated_at') ? RESTORATION : deprecation(random, transaction.nowMs);
  if (row && random.chance(0.5)) transaction.update('metric_versions', `${id}|${latest}`, change);
  else {
    const version = String(Number(latest) + 1);
    const content = { ...versionContent(random, transaction.nowMs), ...change };
    transaction.insert('metric_versions', { metric_id: id, version, ...content });
  }
};

export const deleteVersion: Write = (transaction, random) => {
  const key = someKey(random, transaction.rows('metric_versions'));
  if (key !== undefined) transaction.delete('metric_versions', key);
};

export const deleteMetric: Write = (transaction, random) => {
  const id = someKey(random, transaction.rows('metrics'));
  if (id !== undefined) transaction.delete('metrics', id);
};

/** The metric's row alone. */
export function insertMetric(
  transaction: WriteTransaction,
  random: Random,
  id: string,
  name: string,
  kind?: string,
): void {
  transaction.insert('metrics', {
    id,
    name,
    value_type: kind ?? valueType(random),
    metric_group_id: someKey(random, transaction.rows('metric_groups')) ?? random.pick(GROUP_IDS),
    chained_metric_id: random.chance(0.2) ? (someKey(random, transaction.rows('metrics')) ?? null) : null,
    chain_cutoff_date: cutoffDate(random),
    created_at: moment(random, transaction.nowMs),
    created_by: author(random),
  });
}

/** A metric with its version and what it consumes, at once. */
export function insertWholeMetric(transaction: WriteTransaction, random: Random, id: string, name: string): void {
  insertMetric(transaction, random, id, name);
  if (random.chance(0.9)) addVersion(transaction, random, id, '1');
  if (transaction.rows('metrics').get(id)?.get('value_type') === 'HYBRID') consume(transaction, random, id);
}

export const createMetric: Write = (transaction, random) => {
  const metrics = transaction.rows('metrics');
  const id = mostlyFree(random, METRIC_IDS, (value) => metrics.has(value));
  insertWholeMetric(transaction, random, id, freeName(random, metrics, METRIC_NAMES));
};

/** The metric dies with all that belongs to it; one with its id, its name or both is born. */
export const deleteAndCreateAgain: Write = (transaction, random) => {
  const id = someKey(random, transaction.rows('metrics'));
  if (id === undefined) return;
  const name = transaction.rows('metrics').get(id)?.get('name') ?? '';
  transaction.delete('metrics', id);
  const metrics = transaction.rows('metrics');
  const which = random.below(3);
  const newId = which === 1 ? mostlyFree(random, METRIC_IDS, (value) => value === id || metrics.has(value)) : id;
  const newName = which === 2 ? freeName(random, metrics, METRIC_NAMES) : name;
  insertWholeMetric(transaction, random, newId, newName);
};

function consume(transaction: WriteTransaction, random: Random, consumer: string): void {
  const consumed = someKey(random, transaction.rows('metrics'));
  if (consumed !== undefined) {
    transaction.upsert('metric_relationships', { consumed_metric_id: consumed, consumer_metric_id: consumer });
  }
}

export const changeConsumption: Write = (transaction, random) => {
  const metrics = transaction.rows('metrics');
  const hybrid = (row: SourceRow): boolean => row.get('value_type') === 'HYBRID';
  const consumer = someKey(random, metrics, random.chance(0.9) ? hybrid : undefined);
  if (consumer === undefined) return;
  const old = someKey(
    random,
    transaction.rows('metric_relationships'),
    (row) => row.get('consumer_metric_id') === consumer,
  );
  if (old !== undefined && random.chance(0.5)) transaction.delete('metric_relationships', old);
  if (random.chance(0.7)) consume(transaction, random, consumer);
};

export const changeChain: Write = (transaction, random) => {
  const metrics = transaction.rows('metrics');
  const id = someKey(random, metrics);
  if (id === undefined) return;
  const chained = random.chance(0.7) ? (someKey(random, metrics) ?? null) : null;
  transaction.update('metrics', id, { chained_metric_id: chained, chain_cutoff_date: cutoffDate(random) });
};

export const changeKind: Write = (transaction, random) => {
  const id = someKey(random, transaction.rows('metrics'));
  if (id !== undefined) transaction.update('metrics', id, { value_type: valueType(random) });
};

export const changeGroup: Write = (transaction, random) => {
  const id = someKey(random, transaction.rows('metrics'));
  const group = someKey(random, transaction.rows('metric_groups'));
  if (id !== undefined && group !== undefined) transaction.update('metrics', id, { metric_group_id: group });
};
