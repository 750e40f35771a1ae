/**
 * Several connections that write at random at once, each from its own seed: plain transactions, some with several writes, some that stay
 * open for seconds, some with savepoints, some taken back. With one seed the writes are chosen alike; how they interleave is not.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type SeededRandom, seededRandom } from '#sample/seeded-random.ts';
import { type Dice, HYBRID_GROUP, insertDimension, insertGroup, insertWholeMetric } from './dice.ts';
import type { SoakWrite } from './soak-write.ts';
import { SourceSession, type Sql, TakeBack, type TransactionOutcome } from './source-session.ts';
import { WRITES_OF_METRICS } from './writes-of-metrics.ts';
import { WRITES_OF_RELATIONS } from './writes-of-relations.ts';

export const SOAK_WRITES: readonly SoakWrite[] = [...WRITES_OF_METRICS, ...WRITES_OF_RELATIONS];

export interface WriteCounts {
  readonly transactions: Map<TransactionOutcome, number>;
  /** Committed ones only. */
  readonly kinds: Map<string, number>;
  savepointsTakenBack: number;
}

export const noWrites = (): WriteCounts => ({ transactions: new Map(), kinds: new Map(), savepointsTakenBack: 0 });

const CONNECTIONS = 4;
const LONGEST_TRANSACTION_MS = 3_000;

/** Writes until the signal is aborted. Rejects when a statement is wrong in a way that no database outage explains. */
export async function writeAtRandom(
  url: string,
  seed: number,
  perSecond: number,
  counts: WriteCounts,
  signal: AbortSignal,
): Promise<void> {
  const pauseMs = (1000 * CONNECTIONS) / perSecond;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async (_, number) => {
      const random = seededRandom(seed * 1_000 + number);
      const session = new SourceSession(url);
      while (!signal.aborted) {
        const begun = Date.now();
        await oneTransaction(session, random, counts, signal);
        const rest = pauseMs * (0.5 + random.below(1000) / 1000) - (Date.now() - begun);
        if (rest > 0) await delay(rest, undefined, { signal }).catch(() => {});
      }
      await session.close();
    }),
  );
}

/** Rows to begin with: dimensions, the group of the hybrids, and `metrics` metrics. */
export async function writeBeginning(url: string, seed: number, metrics: number): Promise<void> {
  const random = seededRandom(seed);
  const session = new SourceSession(url);
  const signal = new AbortController().signal;
  const dice = (sql: Sql): Dice => ({ sql, random });
  await session.transaction(async (sql) => {
    await insertGroup(dice(sql), HYBRID_GROUP, 'hybrids');
    for (let id = 1; id <= 15; id++) await insertDimension(dice(sql), String(id), `dimension ${id}`);
  }, signal);
  for (let id = 1; id <= metrics; id++)
    await session.transaction((sql) => insertWholeMetric(dice(sql), String(id), `metric number ${id}`), signal);
  await session.close();
}

async function oneTransaction(
  session: SourceSession,
  random: SeededRandom,
  counts: WriteCounts,
  signal: AbortSignal,
): Promise<void> {
  const kinds: string[] = [];
  const several = random.chance(0.25) ? 2 + random.below(4) : 1;
  const long = random.chance(0.05);
  const takeBack = random.chance(0.1);
  let savepoints = 0;
  const outcome = await session.transaction(async (sql) => {
    for (let n = 0; n < several; n++) {
      const one = choose(random);
      if (random.chance(0.1)) {
        await sql.change('SAVEPOINT here');
        await choose(random).write({ sql, random });
        await sql.change('ROLLBACK TO SAVEPOINT here');
        savepoints += 1;
      }
      await one.write({ sql, random });
      kinds.push(one.kind);
      if (long) await delay(random.below(LONGEST_TRANSACTION_MS));
    }
    if (takeBack) throw new TakeBack();
  }, signal);
  count(counts.transactions, outcome);
  if (outcome !== 'committed') return;
  counts.savepointsTakenBack += savepoints;
  for (const kind of kinds) count(counts.kinds, kind);
}

function choose(random: SeededRandom): SoakWrite {
  let rest = random.below(SOAK_WRITES.reduce((sum, { weight }) => sum + weight, 0));
  for (const one of SOAK_WRITES) {
    rest -= one.weight;
    if (rest < 0) return one;
  }
  throw new Error('The weights of the writes do not add up');
}

function count<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
