/**
 * The binlog as an ordered series of begins, rows, statements and commits. It hides what the library and the server flavours do
 * differently, keeps memory bounded by pausing the connection, and ends with an error when the stream ends, whatever the reason.
 */
import ZongJi, { type RowsEvent, type TableMapEvent } from '@vlasky/zongji';
import type { BinlogCoordinate } from './binlog-coordinate.ts';
import { type CharacterTable, type CharacterTables, decodeBytes } from './character-tables.ts';
import { columnType, type SourceColumn } from './column-type.ts';
import type { SourceRow } from './record-builder.ts';
import { connectionOptions } from './source-connection.ts';
import { valueFromBinlog } from './source-value.ts';

/** The columns of a table as the binlog describes them at this place. */
export interface BinlogTable {
  readonly schema: string;
  readonly table: string;
  readonly columns: readonly SourceColumn[];
  /** Names of the primary key's columns; undefined when the server does not write them (binlog_row_metadata is not FULL). */
  readonly primaryKey: readonly string[] | undefined;
}

export interface BinlogRowChange {
  readonly operation: 'insert' | 'update' | 'delete';
  readonly row: SourceRow;
  readonly before?: SourceRow;
}

export type BinlogItem =
  | { readonly kind: 'begin'; readonly at: BinlogCoordinate; readonly timeMs: number }
  | {
      readonly kind: 'rows';
      readonly table: BinlogTable;
      readonly changes: readonly BinlogRowChange[];
      readonly end: number;
    }
  | { readonly kind: 'statement'; readonly schema: string; readonly sql: string }
  /** Everything before this place is complete: a checkpoint may stand here. */
  | { readonly kind: 'boundary'; readonly at: BinlogCoordinate; readonly timeMs: number };

/** Bytes of an event's header and, when the server writes checksums, of its trailer. */
const HEADER_BYTES = 19;
const CHECKSUM_BYTES = 4;
const ITEMS_MAX = 2000;
const ITEMS_LOW = 500;
const MYSQL_TYPE_BLOB = 252;
const MYSQL_TYPE_GEOMETRY = 255;
/** ENUM and SET: the library has their members as text already. */
const MEMBER_TYPES: ReadonlySet<number> = new Set([247, 248]);
/** The library's name for a character set that keeps every byte, as the character of the same number. */
const BYTE_BY_BYTE = 'binary';
const EVENTS = [
  'rotate',
  'format',
  'previousgtids',
  'mariadbgtidlist',
  'binlogcheckpoint',
  'mariadbgtid',
  'gtid',
  'anonymousgtid',
  'query',
  'xid',
  'xaprepare',
  'tablemap',
  'writerows',
  'updaterows',
  'deleterows',
];

type AnyEvent = Parameters<Parameters<ZongJi['on']>[1]>[0] & {
  getTypeName(): string;
  nextPosition: number;
  size: number;
  timestamp: number;
};

/** A table with what turns the bytes of its text columns into text, by the column's number; absent where the library does it. */
interface KnownTable {
  readonly table: BinlogTable;
  readonly characters: ReadonlyMap<number, CharacterTable>;
}

export class BinlogReader {
  readonly #zongji: ZongJi;
  readonly #characterTables: CharacterTables;
  readonly #items: BinlogItem[] = [];
  readonly #tables = new Map<number, KnownTable>();
  readonly #from: BinlogCoordinate;
  #file: string;
  #paused = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;
  #inTransaction = false;

  /** @param schemas only events of these schemas are decoded. */
  constructor(sourceUrl: string, from: BinlogCoordinate, schemas: Iterable<string>, characterTables: CharacterTables) {
    this.#characterTables = characterTables;
    this.#from = from;
    this.#file = from.file;
    this.#zongji = new ZongJi(connectionOptions(sourceUrl));
    this.#zongji.on('error', (error: Error) => this.#fail(error));
    this.#zongji.on('stopped', () => this.#fail(new Error('The binlog stream was stopped')));
    this.#zongji.on('binlog', (event) => {
      // The library reports an exception of its listener as an error of the stream; here it keeps its own words.
      try {
        this.#receive(event as unknown as AnyEvent);
      } catch (error) {
        this.#fail(error instanceof Error ? error : new Error(String(error)));
      }
    });
    this.#zongji.start({
      filename: from.file,
      position: from.offset,
      // Two readers with one id would throw each other out.
      serverId: 1_000_000 + Math.floor(Math.random() * 2_000_000_000),
      includeEvents: EVENTS,
      includeSchema: Object.fromEntries(Array.from(schemas, (schema) => [schema, true as const])),
    });
  }

  /** Items in order, until the stream fails; then it throws. */
  async *items(signal: AbortSignal): AsyncGenerator<BinlogItem, never> {
    const wakeUp = (): void => this.#wake?.();
    signal.addEventListener('abort', wakeUp);
    try {
      for (;;) {
        signal.throwIfAborted();
        const item = this.#items.shift();
        if (item !== undefined) {
          yield item;
          if (this.#paused && this.#items.length < ITEMS_LOW) this.#resume();
          continue;
        }
        if (this.#failure !== undefined) throw this.#failure;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      signal.removeEventListener('abort', wakeUp);
    }
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#zongji.once('stopped', resolve);
      this.#zongji.stop();
    });
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wake?.();
  }

  #push(item: BinlogItem): void {
    this.#items.push(item);
    if (this.#items.length > ITEMS_MAX && !this.#paused) {
      this.#paused = true;
      this.#zongji.connection?.pause();
    }
    this.#wake?.();
  }

  #resume(): void {
    this.#paused = false;
    this.#zongji.connection?.resume();
  }

  #at(event: AnyEvent, offset = event.nextPosition): BinlogCoordinate {
    return { file: this.#file, offset };
  }

  /** Where the event begins: its end minus its length. */
  #begins(event: AnyEvent): BinlogCoordinate {
    const length = event.size + HEADER_BYTES + (this.#zongji.useChecksum ? CHECKSUM_BYTES : 0);
    return this.#at(event, event.nextPosition - length);
  }

  #isBehindStart({ nextPosition }: AnyEvent): boolean {
    return this.#file === this.#from.file ? nextPosition > this.#from.offset : nextPosition > 0;
  }

  #begin(event: AnyEvent): void {
    this.#push({ kind: 'begin', at: this.#begins(event), timeMs: event.timestamp });
  }

  #boundary(event: AnyEvent): void {
    this.#inTransaction = false;
    this.#push({ kind: 'boundary', at: this.#at(event), timeMs: event.timestamp });
  }

  #receive(event: AnyEvent): void {
    switch (event.getTypeName()) {
      case 'Rotate': {
        const { binlogName } = event as unknown as { binlogName: string };
        this.#file = binlogName;
        return;
      }
      case 'Format':
      case 'PreviousGtids':
      case 'MariadbGtidList':
      case 'BinlogCheckpoint':
        // A new file begins with these, and on a quiet source nothing follows. Those that the server made for this connection stand nowhere.
        if (!this.#inTransaction && this.#isBehindStart(event)) this.#boundary(event);
        return;
      case 'MariadbGtid':
        // A standalone group is one statement without a commit of its own.
        this.#inTransaction = !(event as unknown as { standalone: boolean }).standalone;
        this.#begin(event);
        return;
      case 'Gtid':
      case 'AnonymousGtid':
        this.#begin(event);
        return;
      case 'Query':
        this.#query(event, event as unknown as { query: string; schema: string });
        return;
      case 'Xid':
      case 'XaPrepare':
        this.#boundary(event);
        return;
      case 'TableMap':
        this.#tableMap(event as unknown as TableMapEvent);
        return;
      case 'WriteRows':
      case 'UpdateRows':
      case 'DeleteRows':
        this.#rows(event.getTypeName(), event as unknown as RowsEvent & { rows: readonly unknown[] });
        return;
    }
  }

  #query(event: AnyEvent, { query, schema }: { query: string; schema: string }): void {
    const word = /^\s*(\w+)/.exec(query)?.[1]?.toUpperCase() ?? '';
    if (word === 'BEGIN') this.#inTransaction = true;
    else if (word === 'COMMIT' || word === 'ROLLBACK') {
      if (!/^\s*ROLLBACK\s+TO\b/i.test(query)) this.#boundary(event);
    } else {
      this.#push({ kind: 'statement', schema, sql: query });
      if (!this.#inTransaction) this.#boundary(event);
    }
  }

  #tableMap(event: TableMapEvent): void {
    const entry = event.tableMap[event.tableId];
    if (entry?.columns === undefined) return;
    const columns = entry.columnSchemas.map(
      (schema): SourceColumn => ({ name: schema.COLUMN_NAME, nullable: true, ...columnType(schema.COLUMN_TYPE) }),
    );
    const characters = new Map<number, CharacterTable>();
    for (const [index, column] of entry.columns.entries()) {
      const characterTable = this.#characterTables.get(entry.columnSchemas[index]?.CHARACTER_SET_NAME ?? '');
      if (characterTable !== undefined && !MEMBER_TYPES.has(column.type)) {
        characters.set(index, characterTable);
        column.charset = BYTE_BY_BYTE;
      }
      // Rows come as objects keyed by column name; a column may be called `__proto__`, so they are keyed by number instead.
      column.name = String(index);
      // The library would take a geometry apart; as a BLOB its bytes stay as they are.
      if (column.type === MYSQL_TYPE_GEOMETRY) {
        column.type = MYSQL_TYPE_BLOB;
        column.charset = null;
      }
    }
    const primaryKey = event.primaryKey?.map((index) => columns[index]?.name ?? '');
    const known = primaryKey ?? (event.columnNames === undefined ? undefined : []);
    const table = { schema: event.schemaName, table: event.tableName, columns, primaryKey: known };
    this.#tables.set(event.tableId, { table, characters });
  }

  #rows(type: string, event: RowsEvent & { rows: readonly unknown[] }): void {
    const known = this.#tables.get(event.tableId);
    if (known === undefined) return;
    const { table } = known;
    const changes = event.rows.map((row): BinlogRowChange => {
      if (type === 'WriteRows') return { operation: 'insert', row: sourceRow(known, row) };
      if (type === 'DeleteRows') return { operation: 'delete', row: sourceRow(known, row) };
      const { before, after } = row as { before: unknown; after: unknown };
      return { operation: 'update', row: sourceRow(known, after), before: sourceRow(known, before) };
    });
    this.#push({ kind: 'rows', table, changes, end: event.nextPosition });
  }
}

/** @param row values keyed by the column's number, as `#tableMap` arranged it. */
function sourceRow({ table, characters }: KnownTable, row: unknown): SourceRow {
  const values = row as Readonly<Record<string, unknown>>;
  return table.columns.map((column, index) => {
    const value = values[String(index)];
    const characterTable = characters.get(index);
    const isBytes = characterTable !== undefined && typeof value === 'string';
    return valueFromBinlog(column, isBytes ? decodeBytes(characterTable, value) : value);
  });
}
