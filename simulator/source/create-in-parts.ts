/**
 * A metric made the way the product makes it: its group and dimensions, itself, its versions, what it consumes, in any order that the foreign keys
 * allow and in one to several transactions. Between two of them others read, and other writes come.
 */
import type { Random } from '../engine/random.ts';
import { link } from './catalogue-writes.ts';
import { addVersion, insertMetric } from './metric-writes.ts';
import {
  DIMENSION_IDS,
  DIMENSION_NAMES,
  freeName,
  GROUP_IDS,
  GROUP_NAMES,
  METRIC_IDS,
  METRIC_NAMES,
  mostlyFree,
  someKey,
  type Write,
} from './random-draws.ts';
import type { SourceDatabase } from './source-database.ts';

interface Part {
  /** Places of the parts that must be there before. */
  readonly after: readonly number[];
  readonly write: Write;
}

export function createInParts(database: SourceDatabase, random: Random, nowMs: number): void {
  const metrics = database.rows('metrics');
  const id = mostlyFree(random, METRIC_IDS, (value) => metrics.has(value));
  const name = freeName(random, metrics, METRIC_NAMES);
  const kind = random.chance(0.4) ? 'HYBRID' : 'SCALAR';
  const group = random.pick(GROUP_IDS);
  const dimension = random.pick(DIMENSION_IDS);
  const parts: readonly Part[] = [
    { after: [], write: (transaction) => missingEntry(transaction, random, 'metric_groups', group) },
    { after: [], write: (transaction) => missingEntry(transaction, random, 'dimensions', dimension) },
    { after: [0, 1], write: (transaction) => link(transaction, random, dimension, group) },
    {
      after: [0],
      write: (transaction) => {
        insertMetric(transaction, random, id, name, kind);
        transaction.update('metrics', id, { metric_group_id: group });
      },
    },
    { after: [3], write: (transaction) => addVersion(transaction, random, id) },
    {
      after: [3],
      write: (transaction) => {
        const consumed = someKey(random, transaction.rows('metrics'));
        if (kind !== 'HYBRID' || consumed === undefined) return;
        transaction.upsert('metric_relationships', { consumed_metric_id: consumed, consumer_metric_id: id });
      },
    },
  ];
  for (const together of inTransactions(random, parts)) {
    database.transaction(nowMs, (transaction) => {
      for (const { write } of together) write(transaction, random);
    });
  }
}

/** A random order that keeps every `after`, cut at random places. */
function inTransactions(random: Random, parts: readonly Part[]): readonly (readonly Part[])[] {
  const cut = random.pick([0, 0.3, 1]);
  const done = new Set<number>();
  const transactions: Part[][] = [];
  while (done.size < parts.length) {
    const ready = [...parts.keys()].filter(
      (place) => !done.has(place) && parts[place]?.after.every((other) => done.has(other)),
    );
    const place = random.pick(ready);
    const part = parts[place];
    done.add(place);
    if (!part) continue;
    const last = transactions.at(-1);
    if (last && !random.chance(cut)) last.push(part);
    else transactions.push([part]);
  }
  return transactions;
}

function missingEntry(
  transaction: Parameters<Write>[0],
  random: Random,
  table: 'dimensions' | 'metric_groups',
  id: string,
): void {
  const rows = transaction.rows(table);
  if (rows.has(id)) return;
  transaction.insert(table, {
    id,
    name: freeName(random, rows, table === 'dimensions' ? DIMENSION_NAMES : GROUP_NAMES),
  });
}
