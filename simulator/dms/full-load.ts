/**
 * One full load: rows are read table by table (or all at one moment) and sent in batches while the source is written to. Changes of a table that is
 * not loaded yet are kept back and sent after its rows, built then, as the DMS user guide says of cached changes.
 */
import { SOURCE_TABLES } from '#schemas/source/lph.ts';
import type { StreamEntry } from '../aws/kinesis.ts';
import type { Random } from '../engine/random.ts';
import type { Commit, SourceDatabase } from '../source/source-database.ts';
import type { SourceRow } from '../source/table-constraints.ts';
import type { RowWrite } from '../source/write-transaction.ts';
import { loadEntry } from './dms-message.ts';
import type { FullLoadStyle } from './full-load-style.ts';

/** A row change that was read from the binlog; its message is built when it is sent. */
export class CachedChange {
  readonly write: RowWrite;
  readonly commit: Commit;
  readonly recordId: number;
  /** Number of the commit. */
  readonly number: number;

  constructor(write: RowWrite, commit: Commit, recordId: number, number: number) {
    this.write = write;
    this.commit = commit;
    this.recordId = recordId;
    this.number = number;
  }
}

/** What a load needs of the replication that it belongs to. */
export interface LoadWork {
  readonly lineage: string;
  builtAt(): string;
  sleep(ms: number): Promise<void>;
  send(entry: StreamEntry, onAccepted: () => void): void;
  sendChange(change: CachedChange): void;
  onTableBegun(table: string): void;
  isStopped(): boolean;
  onDone(): void;
}

const LOAD_ORDER: ReadonlyMap<string, number> = new Map(SOURCE_TABLES.map(({ name, loadOrder }) => [name, loadOrder]));
const ROWS_PER_BATCH_MAX = 10;

export class FullLoad {
  readonly tables: readonly string[];
  readonly #style: FullLoadStyle;
  readonly #database: SourceDatabase;
  readonly #random: Random;
  readonly #cached = new Map<string, CachedChange[]>();
  /** Rows that were sent and not accepted: a restart would lose them, so the load is not done. */
  #open = 0;

  constructor(tables: readonly string[], style: FullLoadStyle, database: SourceDatabase, random: Random) {
    this.tables = [...tables].sort((one, other) => (LOAD_ORDER.get(other) ?? 0) - (LOAD_ORDER.get(one) ?? 0));
    this.#style = style;
    this.#database = database;
    this.#random = random;
    for (const table of tables) this.#cached.set(table, []);
  }

  /** True when the change waits until its table is loaded. */
  keepsBack(change: CachedChange): boolean {
    const cached = this.#cached.get(change.write.table);
    cached?.push(change);
    return cached !== undefined;
  }

  async run(work: LoadWork): Promise<void> {
    const snapshot = new Map<string, readonly SourceRow[]>();
    const select = (table: string): readonly SourceRow[] => [...this.#database.rows(table).values()];
    if (this.#style.select === 'at-once') for (const table of this.tables) snapshot.set(table, select(table));
    for (const table of this.tables) {
      work.onTableBegun(table);
      const rows = snapshot.get(table) ?? select(table);
      await this.#sendRows(table, rows, work);
      if (work.isStopped()) return;
      const cached = this.#cached.get(table) ?? [];
      this.#cached.delete(table);
      for (const change of cached) work.sendChange(change);
    }
    while (this.#open > 0) {
      await work.sleep(50);
      if (work.isStopped()) return;
    }
    work.onDone();
  }

  async #sendRows(table: string, rows: readonly SourceRow[], work: LoadWork): Promise<void> {
    let place = 0;
    do {
      await work.sleep(this.#random.between(1, 100));
      if (work.isStopped()) return;
      const end = place + this.#random.between(1, ROWS_PER_BATCH_MAX);
      for (const row of rows.slice(place, end)) {
        this.#open += 1;
        work.send(loadEntry(table, row, work.lineage, work.builtAt()), () => {
          this.#open -= 1;
        });
      }
      place = end;
    } while (place < rows.length);
  }
}
