/**
 * The source database of a simulated world: the six LPH tables with their constraints, transactions that commit or leave nothing, and a binlog. As in
 * MySQL, rows that a foreign key changes with their parent appear nowhere in the binlog, and an update that changes nothing neither. Nothing
 * here knows of the pipeline, of time or of chance: the caller says when.
 */
import { SOURCE_TABLES } from '#schemas/source/lph.ts';
import { ConstraintViolation, keyColumns, type Rows, type SourceRow } from './table-constraints.ts';
import { RolledBack, type RowWrite, WriteTransaction } from './write-transaction.ts';

/** One entry of the binlog. Where `alteration` or `failOver` is there, no row is changed. */
export interface Commit {
  readonly committedAtMs: number;
  readonly lineage: string;
  /** `(file number << 32) | offset`. */
  readonly transactionId: bigint;
  readonly changes: readonly RowWrite[];
  /** ALTER TABLE … ADD COLUMN: rows of later commits carry the column. */
  readonly alteration?: { readonly table: string; readonly column: string };
  /** The first entry of a new lineage: a clone has taken over; `fullLoad` says how the replication from it begins. */
  readonly failOver?: { readonly fullLoad: boolean };
}

/** A binlog file is left for the next one when it is longer. */
const FILE_BYTES = 30_000;
const FIRST_OFFSET = 4;

export interface SourceOptions {
  readonly lineage?: string;
  /** Number of the binlog file in which everything begins. */
  readonly firstFile?: number;
}

export class SourceDatabase {
  readonly #tables = new Map<string, Map<string, SourceRow>>();
  readonly #columns = new Map<string, string[]>();
  readonly #commits: Commit[] = [];
  readonly #listeners: (() => void)[] = [];
  readonly #firstLineage: string;
  #lineages = 1;
  #lineage: string;
  #file: number;
  #offset = FIRST_OFFSET;
  /** Transactions that a constraint refused. */
  refused = 0;
  /** Transactions that were rolled back by whoever wrote them. */
  rolledBack = 0;

  constructor({ lineage = 'lph-1', firstFile = 2 }: SourceOptions = {}) {
    this.#firstLineage = lineage;
    this.#lineage = lineage;
    this.#file = firstFile;
    for (const table of SOURCE_TABLES) {
      this.#tables.set(table.name, new Map());
      this.#columns.set(table.name, Object.keys(table.columns));
    }
  }

  get commits(): readonly Commit[] {
    return this.#commits;
  }

  get lineage(): string {
    return this.#lineage;
  }

  /** Rows by key: the parts of the key joined by a bar. */
  rows(table: string): Rows {
    return this.#rows(table);
  }

  /** Columns of a table as they are now, added ones last. */
  columns(table: string): readonly string[] {
    return this.#columns.get(table) ?? [];
  }

  /**
   * Everything written inside is one transaction. A violated constraint rolls it back, as a client would after the error; any other
   * error is thrown on.
   * @returns its commit; undefined when it left nothing in the binlog.
   */
  transaction(nowMs: number, write: (transaction: WriteTransaction) => void): Commit | undefined {
    const transaction = new WriteTransaction(
      nowMs,
      (table) => this.#rows(table),
      (table) => this.columns(table),
    );
    try {
      write(transaction);
    } catch (error) {
      transaction.undo();
      if (error instanceof RolledBack) this.rolledBack += 1;
      else if (error instanceof ConstraintViolation) this.refused += 1;
      else throw error;
      return undefined;
    }
    return transaction.changes.length === 0 ? undefined : this.#commit(nowMs, transaction.changes);
  }

  /** A nullable column at the end of the table; rows that are there hold NULL in it. Nothing happens when there is such a column. */
  addColumn(nowMs: number, table: string, column: string): void {
    const columns = this.#columns.get(table);
    if (!columns || columns.includes(column)) return;
    columns.push(column);
    const rows = this.#rows(table);
    for (const [key, row] of rows) rows.set(key, new Map(row).set(column, null));
    this.#commit(nowMs, [], { alteration: { table, column } });
  }

  /**
   * A clone takes over: the same rows, a new binlog that numbers its files from one again. The switch is a planned one: the old binlog is
   * read to its end before the new one, and no write falls between the switch and the place from which the new one is read.
   */
  failOver(nowMs: number, fullLoad: boolean): void {
    this.#lineages += 1;
    this.#lineage = `${this.#firstLineage}-clone-${this.#lineages}`;
    this.#file = 1;
    this.#offset = FIRST_OFFSET;
    this.#commit(nowMs, [], { failOver: { fullLoad } });
  }

  /** The server goes on in a later file, as after FLUSH LOGS or a restart. Only forward. */
  rotateTo(file: number): void {
    if (file <= this.#file) return;
    this.#file = file;
    this.#offset = FIRST_OFFSET;
  }

  get binlogFile(): number {
    return this.#file;
  }

  /** Calls back after each commit. */
  onCommit(listener: () => void): void {
    this.#listeners.push(listener);
  }

  #rows(table: string): Map<string, SourceRow> {
    const rows = this.#tables.get(table);
    if (!rows) throw new Error(`no table ${table} in the source; its key would be ${keyColumns(table)}`);
    return rows;
  }

  #commit(
    committedAtMs: number,
    changes: readonly RowWrite[],
    more: Pick<Commit, 'alteration' | 'failOver'> = {},
  ): Commit {
    if (this.#offset > FILE_BYTES) this.rotateTo(this.#file + 1);
    const transactionId = (BigInt(this.#file) << 32n) | BigInt(this.#offset);
    // Events of other databases lie between ours: the offsets jump, by amounts that only have to differ.
    this.#offset += 60 + 90 * changes.length + ((this.#commits.length * 7919) % 4000);
    const commit: Commit = { committedAtMs, lineage: this.#lineage, transactionId, changes, ...more };
    this.#commits.push(commit);
    for (const listener of this.#listeners) listener();
    return commit;
  }
}
