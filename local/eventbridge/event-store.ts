/**
 * What the bus must not forget when the process is killed: deliveries that are still to be made, rules made through the API, and
 * archived events. One SQLite file. What is written here survives `kill -9`; the operating system's own crash may cost the last moments.
 */
import { DatabaseSync } from 'node:sqlite';

/** One event on its way to one target. `target` and `event` are JSON texts. */
export interface StoredDelivery {
  readonly id: number;
  readonly ruleArn: string;
  readonly ruleName: string;
  readonly target: string;
  readonly event: string;
  readonly acceptedMs: number;
  /** Attempts already made. */
  readonly attempts: number;
}

export interface EventStore {
  /** Runs `write` as one transaction: all of it is kept, or none. */
  atomically(write: () => void): void;
  addDelivery(delivery: Omit<StoredDelivery, 'id' | 'attempts'>): void;
  /** The first deliveries that are due, oldest first. */
  dueDeliveries(nowMs: number, limit: number): StoredDelivery[];
  /** When the next delivery after `nowMs` is due. */
  nextDueMs(nowMs: number): number | undefined;
  postpone(id: number, attempts: number, dueMs: number): void;
  finish(id: number): void;
  pendingDeliveries(): number;
  archive(archiveName: string, timeMs: number, event: string): void;
  /** Events of an archive with `fromMs <= time < toMs`, by time. */
  archived(archiveName: string, fromMs: number, toMs: number): Iterable<string>;
  dropArchivedBefore(archiveName: string, timeMs: number): void;
  keepRule(busName: string, name: string, rule: string): void;
  forgetRule(busName: string, name: string): void;
  rulesOf(busName: string): string[];
  close(): void;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY, rule_arn TEXT NOT NULL, rule_name TEXT NOT NULL, target TEXT NOT NULL, event TEXT NOT NULL,
    accepted_ms INTEGER NOT NULL, due_ms INTEGER NOT NULL, attempts INTEGER NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS deliveries_by_due ON deliveries (due_ms, id);
  CREATE TABLE IF NOT EXISTS archived (archive TEXT NOT NULL, time_ms INTEGER NOT NULL, event TEXT NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS archived_by_time ON archived (archive, time_ms);
  CREATE TABLE IF NOT EXISTS rules (bus TEXT NOT NULL, name TEXT NOT NULL, rule TEXT NOT NULL, PRIMARY KEY (bus, name)) STRICT;
`;

/** Opens or makes the file; `:memory:` for tests. */
export function openEventStore(file: string): EventStore {
  const database = new DatabaseSync(file);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000;');
  database.exec(SCHEMA);
  const insertDelivery = database.prepare(
    'INSERT INTO deliveries (rule_arn, rule_name, target, event, accepted_ms, due_ms, attempts) VALUES (?, ?, ?, ?, ?, ?, 0)',
  );
  const selectDue = database.prepare(
    `SELECT id, rule_arn AS ruleArn, rule_name AS ruleName, target, event, accepted_ms AS acceptedMs, attempts
     FROM deliveries WHERE due_ms <= ? ORDER BY due_ms, id LIMIT ?`,
  );
  const selectNext = database.prepare('SELECT min(due_ms) AS due FROM deliveries WHERE due_ms > ?');
  const update = database.prepare('UPDATE deliveries SET attempts = ?, due_ms = ? WHERE id = ?');
  const remove = database.prepare('DELETE FROM deliveries WHERE id = ?');
  const count = database.prepare('SELECT count(*) AS pending FROM deliveries');
  const insertArchived = database.prepare('INSERT INTO archived (archive, time_ms, event) VALUES (?, ?, ?)');
  const selectArchived = database.prepare(
    'SELECT event FROM archived WHERE archive = ? AND time_ms >= ? AND time_ms < ? ORDER BY time_ms, rowid',
  );
  const dropArchived = database.prepare('DELETE FROM archived WHERE archive = ? AND time_ms < ?');
  const upsertRule = database.prepare('INSERT OR REPLACE INTO rules (bus, name, rule) VALUES (?, ?, ?)');
  const deleteRule = database.prepare('DELETE FROM rules WHERE bus = ? AND name = ?');
  const selectRules = database.prepare('SELECT rule FROM rules WHERE bus = ? ORDER BY name');

  return {
    atomically(write) {
      database.exec('BEGIN IMMEDIATE');
      try {
        write();
        database.exec('COMMIT');
      } catch (error) {
        database.exec('ROLLBACK');
        throw error;
      }
    },
    addDelivery: ({ ruleArn, ruleName, target, event, acceptedMs }) =>
      void insertDelivery.run(ruleArn, ruleName, target, event, acceptedMs, acceptedMs),
    dueDeliveries: (nowMs, limit) => selectDue.all(nowMs, limit) as unknown as StoredDelivery[],
    nextDueMs: (nowMs) => (selectNext.get(nowMs) as { due: number | null }).due ?? undefined,
    postpone: (id, attempts, dueMs) => void update.run(attempts, dueMs, id),
    finish: (id) => void remove.run(id),
    pendingDeliveries: () => (count.get() as { pending: number }).pending,
    archive: (archiveName, timeMs, event) => void insertArchived.run(archiveName, timeMs, event),
    *archived(archiveName, fromMs, toMs) {
      for (const row of selectArchived.iterate(archiveName, fromMs, toMs)) yield (row as { event: string }).event;
    },
    dropArchivedBefore: (archiveName, timeMs) => void dropArchived.run(archiveName, timeMs),
    keepRule: (busName, name, rule) => void upsertRule.run(busName, name, rule),
    forgetRule: (busName, name) => void deleteRule.run(busName, name),
    rulesOf: (busName) => selectRules.all(busName).map((row) => (row as { rule: string }).rule),
    close: () => database.close(),
  };
}
