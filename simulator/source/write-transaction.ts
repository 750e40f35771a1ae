/**
 * One transaction on the source: statements that check every constraint at once, as InnoDB does, the row changes they leave in the binlog, and
 * the way back. Foreign keys act on rows without a word in `changes`.
 */
import {
  ConstraintViolation,
  datetimeText,
  keyColumns,
  REFERENCES,
  REFERRERS,
  type Rows,
  rowKey,
  type SourceRow,
  UNIQUE_NAMES,
  type Value,
} from './table-constraints.ts';

/** One row change as the binlog has it. */
export interface RowWrite {
  readonly table: string;
  readonly operation: 'insert' | 'update' | 'delete';
  /** The new row; the old one for a delete. */
  readonly row: SourceRow;
  /** The row before an update. */
  readonly before: SourceRow | undefined;
}

/** Thrown by `rollBack`; the database takes it. */
export class RolledBack extends Error {
  override readonly name = 'RolledBack';
}

/** Columns of an insert or update that the writer names. */
export type Columns = Readonly<Record<string, Value>>;

export class WriteTransaction {
  readonly changes: RowWrite[] = [];
  readonly nowMs: number;
  readonly #rowsOf: (table: string) => Map<string, SourceRow>;
  readonly #columnsOf: (table: string) => readonly string[];
  readonly #undo: { table: string; key: string; row: SourceRow | undefined }[] = [];

  constructor(
    nowMs: number,
    rowsOf: (table: string) => Map<string, SourceRow>,
    columnsOf: (table: string) => readonly string[],
  ) {
    this.nowMs = nowMs;
    this.#rowsOf = rowsOf;
    this.#columnsOf = columnsOf;
  }

  rows(table: string): Rows {
    return this.#rowsOf(table);
  }

  /** Columns that are not given hold what the table's defaults say: now, an author, NULL. */
  insert(table: string, given: Columns): void {
    const row = this.#fullRow(table, given);
    const key = rowKey(table, row);
    if (this.#rowsOf(table).has(key)) throw new ConstraintViolation(`${table} ${key} is there`);
    this.#checkName(table, key, row);
    this.#checkReferences(table, key, row);
    this.#set(table, key, row);
    this.#note(table, 'insert', row, undefined);
  }

  /** Also of the key. A row that is not there is no row that is updated. */
  update(table: string, key: string, change: Columns): void {
    const before = this.#rowsOf(table).get(key);
    if (!before) return;
    const row = new Map(before);
    let differs = false;
    for (const [column, value] of Object.entries(change)) {
      if (before.get(column) === value) continue;
      row.set(column, value);
      differs = true;
    }
    if (!differs) return;
    const newKey = rowKey(table, row);
    if (newKey !== key) this.#checkMove(table, key, newKey);
    this.#checkName(table, key, row);
    if (newKey !== key) this.#set(table, key, undefined);
    this.#checkReferences(table, newKey, row);
    this.#set(table, newKey, row);
    this.#note(table, 'update', row, before);
  }

  delete(table: string, key: string): void {
    const row = this.#rowsOf(table).get(key);
    if (!row) return;
    this.#set(table, key, undefined);
    this.#cascade(table, row.get('id') ?? null);
    this.#note(table, 'delete', row, undefined);
  }

  /**
   * REPLACE INTO. A table that others refer to loses every row in the way, and their children with them; in a table that nobody
   * refers to, MySQL writes the row over the one with the same key.
   */
  replace(table: string, given: Columns): void {
    const row = this.#fullRow(table, given);
    const key = rowKey(table, row);
    const isParent = (REFERRERS.get(table) ?? []).length > 0;
    if (!isParent && this.#rowsOf(table).has(key)) {
      this.update(table, key, Object.fromEntries(row));
      return;
    }
    this.delete(table, key);
    if (UNIQUE_NAMES.has(table)) {
      for (const [otherKey, other] of this.#rowsOf(table)) {
        if (other.get('name') === row.get('name')) this.delete(table, otherKey);
      }
    }
    this.insert(table, given);
  }

  /** INSERT … ON DUPLICATE KEY UPDATE of the given columns. */
  upsert(table: string, given: Columns): void {
    const key = rowKey(table, this.#fullRow(table, given));
    if (this.#rowsOf(table).has(key)) this.update(table, key, given);
    else this.insert(table, given);
  }

  rollBack(): never {
    throw new RolledBack('rolled back by whoever wrote it');
  }

  /** Takes everything back. */
  undo(): void {
    for (const { table, key, row } of this.#undo.reverse()) {
      if (row) this.#rowsOf(table).set(key, row);
      else this.#rowsOf(table).delete(key);
    }
    this.#undo.length = 0;
    this.changes.length = 0;
  }

  #fullRow(table: string, given: Columns): SourceRow {
    const row = new Map<string, Value>();
    for (const column of this.#columnsOf(table)) {
      const value = Object.hasOwn(given, column) ? given[column] : undefined;
      row.set(column, value === undefined ? this.#defaultOf(column) : value);
    }
    return row;
  }

  #defaultOf(column: string): Value {
    if (column === 'created_at' || column === 'updated_at') return datetimeText(this.nowMs);
    return column === 'created_by' ? 'ada' : null;
  }

  #set(table: string, key: string, row: SourceRow | undefined): void {
    const rows = this.#rowsOf(table);
    this.#undo.push({ table, key, row: rows.get(key) });
    if (row) rows.set(key, row);
    else rows.delete(key);
  }

  #note(table: string, operation: RowWrite['operation'], row: SourceRow, before: SourceRow | undefined): void {
    this.changes.push({ table, operation, row, before });
  }

  #checkName(table: string, key: string, row: SourceRow): void {
    if (!UNIQUE_NAMES.has(table)) return;
    const name = row.get('name');
    for (const [otherKey, other] of this.#rowsOf(table)) {
      if (otherKey !== key && other.get('name') === name)
        throw new ConstraintViolation(`${table}.name ${name} is taken`);
    }
  }

  #checkReferences(table: string, key: string, row: SourceRow): void {
    for (const { column, parent } of REFERENCES.get(table) ?? []) {
      const id = row.get(column);
      if (id === null || id === undefined || (parent === table && id === key)) continue;
      if (!this.#rowsOf(parent).has(id)) throw new ConstraintViolation(`${table}.${column}: no ${parent} ${id}`);
    }
  }

  /** A key may change only to a free one, and not under rows that refer to it: no foreign key says ON UPDATE CASCADE. */
  #checkMove(table: string, key: string, newKey: string): void {
    if (this.#rowsOf(table).has(newKey)) throw new ConstraintViolation(`${table} ${newKey} is there`);
    if (keyColumns(table).length > 1) return;
    for (const { table: child, column } of REFERRERS.get(table) ?? []) {
      for (const row of this.#rowsOf(child).values()) {
        if (row.get(column) === key) throw new ConstraintViolation(`${table} ${key} has rows in ${child}`);
      }
    }
  }

  #cascade(table: string, id: Value): void {
    for (const { table: child, column, onDelete } of REFERRERS.get(table) ?? []) {
      for (const [key, row] of this.#rowsOf(child)) {
        if (row.get(column) !== id) continue;
        if (onDelete === 'restrict') throw new ConstraintViolation(`${table} ${id} has rows in ${child}`);
        this.#set(child, key, onDelete === 'cascade' ? undefined : new Map(row).set(column, null));
      }
    }
  }
}
