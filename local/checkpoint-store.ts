/**
 * Where readers of streams and of the binlog keep how far they are: one SQLite file in the data directory. A `set` that has resolved
 * survives `kill -9` of this process (the write is with the operating system; only a power cut could take it back). All sets of one
 * turn of the event loop share one transaction, so many small checkpoints cost as much as one.
 */
import { DatabaseSync } from 'node:sqlite';
import type { CheckpointStore } from './local-aws.ts';

interface Waiting {
  readonly key: string;
  readonly json: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export interface DurableCheckpointStore extends CheckpointStore {
  /** Writes what is waiting and closes the file. */
  close(): void;
}

export function openCheckpointStore(file: string): DurableCheckpointStore {
  const database = new DatabaseSync(file);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000');
  database.exec('CREATE TABLE IF NOT EXISTS checkpoint (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID');
  const put = database.prepare(
    'INSERT INTO checkpoint VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
  );

  const jsonOf = new Map<string, string>();
  for (const row of database.prepare('SELECT key, value FROM checkpoint').all()) {
    jsonOf.set(String(row.key), String(row.value));
  }
  let waiting: Waiting[] = [];

  const flush = (): void => {
    const group = waiting;
    waiting = [];
    if (group.length === 0) return;
    try {
      database.exec('BEGIN IMMEDIATE');
      for (const { key, json } of group) put.run(key, json);
      database.exec('COMMIT');
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      for (const { reject } of group) reject(error);
      return;
    }
    for (const { key, json, resolve } of group) {
      jsonOf.set(key, json);
      resolve();
    }
  };

  return {
    get: (key) => {
      const json = jsonOf.get(key);
      return json === undefined ? undefined : JSON.parse(json);
    },
    set: (key, value) => {
      const json = JSON.stringify(value);
      if (json === undefined) {
        return Promise.reject(new TypeError(`the checkpoint ${key} is ${String(value)}; a JSON value is needed`));
      }
      return new Promise<void>((resolve, reject) => {
        if (waiting.length === 0) setImmediate(flush);
        waiting.push({ key, json, resolve, reject });
      });
    },
    close: () => {
      flush();
      database.close();
    },
  };
}
