/**
 * One write at a time, as the product or an operator makes it, chosen by the random it is given and by nothing else. Any write can be left out of a history:
 * the others still mean something. Rare ones are those that would drown the others: a metric with more versions than one transaction of
 * the target holds, a changed table, a fail-over.
 */
import type { Random } from '../engine/random.ts';
import {
  attach,
  bulkUpdate,
  createEntry,
  deleteAndCreateDimensionAgain,
  deleteEntry,
  detach,
  moveKey,
  renameEntry,
  writeOver,
} from './catalogue-writes.ts';
import { createInParts } from './create-in-parts.ts';
import {
  addVersion,
  changeChain,
  changeConsumption,
  changeGroup,
  changeKind,
  createMetric,
  deleteAndCreateAgain,
  deleteMetric,
  deleteVersion,
  deprecateOrRestore,
  editAndBack,
  editVersion,
  newVersion,
  renameMetric,
  rotateNames,
} from './metric-writes.ts';
import { someKey, type Write } from './random-draws.ts';
import type { SourceDatabase } from './source-database.ts';

/** More than a DynamoDB transaction has actions. */
const MANY_VERSIONS = 120;

type Step = (database: SourceDatabase, random: Random, nowMs: number) => void;

/** Writes of one transaction, by weight. */
const WRITES: readonly (readonly [number, Write])[] = [
  [6, createMetric],
  [8, renameMetric],
  [8, rotateNames('metrics')],
  [7, newVersion],
  [5, editVersion],
  [4, editAndBack],
  [5, deprecateOrRestore],
  [3, deleteVersion],
  [4, deleteMetric],
  [8, deleteAndCreateAgain],
  [7, changeConsumption],
  [5, changeChain],
  [2, changeKind],
  [4, changeGroup],
  [2, createEntry('dimensions')],
  [1, createEntry('metric_groups')],
  [4, renameEntry('dimensions')],
  [1, renameEntry('metric_groups')],
  [2, rotateNames('dimensions')],
  [2, deleteEntry('dimensions')],
  [1, deleteEntry('metric_groups')],
  [3, deleteAndCreateDimensionAgain],
  [5, attach],
  [3, detach],
  [6, moveKey],
  [4, writeOver],
  [2, bulkUpdate],
];

const one =
  (write: Write): Step =>
  (database, random, nowMs) =>
    void database.transaction(nowMs, (transaction) => write(transaction, random));

const STEPS: readonly (readonly [number, Step])[] = [
  ...WRITES.map(([weight, write]) => [weight, one(write)] as const),
  [10, createInParts],
  [5, severalInOneTransaction],
  [4, editAndBackInTwo],
  [3, rolledBack],
  [1, rotateBinlog],
  [0.5, addColumn],
  [0.4, failOver],
  [0.2, growLarge],
];

export function writeStep(database: SourceDatabase, random: Random, nowMs: number): void {
  weighted(random, STEPS)(database, random, nowMs);
}

/** What is there before anything else happens: two groups with a dimension each, and perhaps metrics. */
export function initialRows(database: SourceDatabase, random: Random, nowMs: number): void {
  database.transaction(nowMs, (transaction) => {
    for (const table of ['dimensions', 'metric_groups'] as const) {
      for (let made = 0; made < 2; made++) createEntry(table)(transaction, random);
    }
    for (let made = 0; made < 2; made++) attach(transaction, random);
  });
  for (let made = random.below(4); made > 0; made--) one(createMetric)(database, random, nowMs);
}

function weighted<T>(random: Random, choices: readonly (readonly [number, T])[]): T {
  let left = random.next() * choices.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, choice] of choices) {
    left -= weight;
    if (left < 0) return choice;
  }
  throw new Error('nothing to choose from: the weights must be above 0');
}

function severalInOneTransaction(database: SourceDatabase, random: Random, nowMs: number): void {
  database.transaction(nowMs, (transaction) => {
    for (let left = random.between(2, 4); left > 0; left--) weighted(random, WRITES)(transaction, random);
  });
}

/** There and back in two transactions: between them the new value is true. */
function editAndBackInTwo(database: SourceDatabase, random: Random, nowMs: number): void {
  const table = random.pick(['metric_versions', 'metrics', 'dimensions']);
  const key = someKey(random, database.rows(table));
  const before = key === undefined ? undefined : database.rows(table).get(key);
  if (key === undefined || !before) return;
  const column = table === 'metric_versions' ? 'hybrid_formula' : 'name';
  database.transaction(nowMs, (transaction) => transaction.update(table, key, { [column]: `~${nowMs}` }));
  database.transaction(nowMs, (transaction) =>
    transaction.update(table, key, { [column]: before.get(column) ?? null }),
  );
}

/** It leaves nothing, whatever was in it. */
function rolledBack(database: SourceDatabase, random: Random, nowMs: number): void {
  database.transaction(nowMs, (transaction) => {
    for (let left = random.between(1, 3); left > 0; left--) weighted(random, WRITES)(transaction, random);
    transaction.rollBack();
  });
}

function rotateBinlog(database: SourceDatabase, random: Random): void {
  // From 2^21 on, a transaction id is above 2^53.
  database.rotateTo(random.chance(0.3) ? 2 ** 21 : database.binlogFile + random.between(1, 9));
}

/** A second time the column is there, and is used. */
function addColumn(database: SourceDatabase, random: Random, nowMs: number): void {
  const table = random.pick(['metrics', 'metric_versions', 'dimensions']);
  const column = random.pick(['note', '__proto__']);
  database.addColumn(nowMs, table, column);
  const key = someKey(random, database.rows(table));
  if (key === undefined || random.chance(0.5)) return;
  database.transaction(nowMs, (transaction) => transaction.update(table, key, { [column]: `noted ${nowMs}` }));
}

function failOver(database: SourceDatabase, random: Random, nowMs: number): void {
  database.failOver(nowMs, random.chance(0.5));
}

function growLarge(database: SourceDatabase, random: Random, nowMs: number): void {
  const id = someKey(random, database.rows('metrics'));
  if (id === undefined) return;
  let left = MANY_VERSIONS;
  while (left > 0) {
    const now = random.chance(0.5) ? left : Math.min(left, random.between(20, 60));
    left -= now;
    database.transaction(nowMs, (transaction) => {
      for (let made = 0; made < now; made++) addVersion(transaction, random, id);
    });
  }
}
