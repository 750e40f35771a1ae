/**
 * Where the executions of one state machine are kept, with their histories: one SQLite file in the data directory. What a call has
 * answered survives `kill -9` of this process. Ended executions are kept for 90 days, as on AWS.
 */
import { DatabaseSync } from 'node:sqlite';
import type { HistoryEvent } from './history.ts';

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

export interface Execution {
  readonly arn: string;
  readonly name: string;
  /** JSON text, as it was given. */
  readonly input: string;
  readonly status: ExecutionStatus;
  readonly startedAtMs: number;
  readonly stoppedAtMs?: number;
  readonly output?: string;
  readonly error?: string;
  readonly cause?: string;
  /** How often it was started again because the runtime had been stopped. */
  readonly restarts: number;
}

export interface StoredEvent extends HistoryEvent {
  readonly id: number;
}

export interface ExecutionStore {
  find(arn: string): Execution | undefined;
  /** Newest first. */
  list(filter: { readonly status?: ExecutionStatus; readonly offset: number; readonly limit: number }): Execution[];
  running(): Execution[];
  insert(execution: Execution): void;
  /** False if it has ended already: an end is never written over. */
  end(arn: string, end: Pick<Execution, 'status' | 'output' | 'error' | 'cause'>, atMs: number): boolean;
  restarted(arn: string): void;
  /** Answers how many events there are then. */
  append(arn: string, events: readonly HistoryEvent[]): number;
  history(
    arn: string,
    page: { readonly offset: number; readonly limit: number; readonly newestFirst: boolean },
  ): StoredEvent[];
  countEvents(arn: string): number;
  close(): void;
}

const KEPT_MS = 90 * 24 * 3_600_000;

export function openExecutionStore(file: string, nowMs: number): ExecutionStore {
  const database = new DatabaseSync(file);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000');
  database.exec(
    `CREATE TABLE IF NOT EXISTS execution (
       arn TEXT PRIMARY KEY, name TEXT NOT NULL, input TEXT NOT NULL, status TEXT NOT NULL, started_ms INTEGER NOT NULL,
       stopped_ms INTEGER, output TEXT, error TEXT, cause TEXT, restarts INTEGER NOT NULL) WITHOUT ROWID;
     CREATE TABLE IF NOT EXISTS event (
       arn TEXT NOT NULL, id INTEGER NOT NULL, type TEXT NOT NULL, timestamp_ms INTEGER NOT NULL, details TEXT NOT NULL,
       PRIMARY KEY (arn, id)) WITHOUT ROWID`,
  );
  const old = nowMs - KEPT_MS;
  database.prepare('DELETE FROM event WHERE arn IN (SELECT arn FROM execution WHERE stopped_ms < ?)').run(old);
  database.prepare('DELETE FROM execution WHERE stopped_ms < ?').run(old);

  const byArn = database.prepare('SELECT * FROM execution WHERE arn = ?');
  const newest = database.prepare(
    'SELECT * FROM execution WHERE ? IS NULL OR status = ? ORDER BY started_ms DESC, arn LIMIT ? OFFSET ?',
  );
  const put = database.prepare('INSERT INTO execution VALUES (?, ?, ?, ?, ?, NULL, NULL, NULL, NULL, 0)');
  const ending = database.prepare(
    `UPDATE execution SET status = ?, output = ?, error = ?, cause = ?, stopped_ms = ? WHERE arn = ? AND status = 'RUNNING'`,
  );
  const restarting = database.prepare('UPDATE execution SET restarts = restarts + 1 WHERE arn = ?');
  const counting = database.prepare('SELECT coalesce(max(id), 0) AS last FROM event WHERE arn = ?');
  const putEvent = database.prepare('INSERT INTO event VALUES (?, ?, ?, ?, ?)');
  const pages = {
    oldest: database.prepare('SELECT * FROM event WHERE arn = ? ORDER BY id LIMIT ? OFFSET ?'),
    newest: database.prepare('SELECT * FROM event WHERE arn = ? ORDER BY id DESC LIMIT ? OFFSET ?'),
  };
  const countEvents = (arn: string): number => Number(counting.get(arn)?.last ?? 0);

  return {
    find(arn) {
      const row = byArn.get(arn);
      return row === undefined ? undefined : executionOf(row);
    },
    list: ({ status = null, offset, limit }) => newest.all(status, status, limit, offset).map(executionOf),
    running: () => newest.all('RUNNING', 'RUNNING', -1, 0).map(executionOf),
    insert({ arn, name, input, status, startedAtMs }) {
      put.run(arn, name, input, status, startedAtMs);
    },
    end: (arn, { status, output = null, error = null, cause = null }, atMs) =>
      Number(ending.run(status, output, error, cause, atMs, arn).changes) === 1,
    restarted: (arn) => void restarting.run(arn),
    append(arn, events) {
      let id = countEvents(arn);
      for (const { type, timestampMs, details } of events) {
        id += 1;
        putEvent.run(arn, id, type, timestampMs, JSON.stringify(details));
      }
      return id;
    },
    history: (arn, { offset, limit, newestFirst }) =>
      pages[newestFirst ? 'newest' : 'oldest'].all(arn, limit, offset).map((row) => ({
        id: Number(row.id),
        type: String(row.type),
        timestampMs: Number(row.timestamp_ms),
        details: JSON.parse(String(row.details)) as HistoryEvent['details'],
      })),
    countEvents,
    close: () => database.close(),
  };
}

type Row = NonNullable<ReturnType<ReturnType<DatabaseSync['prepare']>['get']>>;

function executionOf(row: Row): Execution {
  const optional = (name: string, value: unknown) => (value === null ? {} : { [name]: value });
  return {
    arn: String(row.arn),
    name: String(row.name),
    input: String(row.input),
    status: String(row.status) as ExecutionStatus,
    startedAtMs: Number(row.started_ms),
    restarts: Number(row.restarts),
    ...optional('stoppedAtMs', row.stopped_ms),
    ...optional('output', row.output),
    ...optional('error', row.error),
    ...optional('cause', row.cause),
  };
}
