/**
 * Change data capture: turns the binlog from a coordinate on into insert, update, delete and control records with DMS's
 * transaction fields. It ends only by an error or when it is told to stop.
 */
import { type BinlogCoordinate, coordinateNumber } from './binlog-coordinate.ts';
import type { BinlogItem, BinlogTable } from './binlog-reader.ts';
import type { RecordSink } from './kinesis-producer.ts';
import { isoMicroseconds } from './microsecond-clock.ts';
import type { RecordBuilder, SourceRow } from './record-builder.ts';
import type { TableShape } from './source-catalog.ts';
import { tableAlterations } from './table-alteration.ts';
import type { TableMappings } from './table-mappings.ts';
import { tableStatement } from './table-statement.ts';

/** The last captured row, for the `prev-` fields of the next one. */
export interface LastRecord {
  readonly transactionId: bigint;
  readonly recordId: number;
}

export interface ChangeCaptureOptions {
  readonly mappings: TableMappings;
  readonly builder: RecordBuilder;
  readonly sink: RecordSink;
  readonly includeTableAlterOperations: boolean;
  /** Known tables by `tableKey`; kept up to date here. */
  readonly shapes: Map<string, TableShape>;
  readTable(schema: string, table: string): Promise<TableShape>;
  /** Everything up to here has been handed to the sink. */
  onBoundary(at: BinlogCoordinate, last: LastRecord | undefined, timeMs: number): void;
  onChange(schema: string, table: string, operation: 'insert' | 'update' | 'delete'): void;
  onNotCaptured(message: string): void;
}

export const tableKey = (schema: string, table: string): string => JSON.stringify([schema, table]);

export class ChangeCapture {
  readonly #options: ChangeCaptureOptions;
  #begin: BinlogCoordinate | undefined;
  #timeMs = 0;
  #recordId = 0;
  #last: LastRecord | undefined;

  constructor(options: ChangeCaptureOptions, last: LastRecord | undefined) {
    this.#options = options;
    this.#last = last;
  }

  /** What DMS sends when change processing starts: a table of its own, then every table it follows. */
  async announce(): Promise<void> {
    const { builder, sink, shapes } = this.#options;
    await sink.send(builder.control('create-table', '', 'awsdms_apply_exceptions', undefined));
    for (const shape of shapes.values())
      await sink.send(builder.control('create-table', shape.schema, shape.table, shape));
  }

  async take(item: BinlogItem): Promise<void> {
    switch (item.kind) {
      case 'begin':
        this.#begin = item.at;
        this.#timeMs = item.timeMs;
        this.#recordId = 0;
        return;
      case 'rows':
        return this.#rows(item);
      case 'statement':
        return this.#statement(item.sql, item.schema);
      case 'boundary':
        this.#options.onBoundary(item.at, this.#last, item.timeMs);
        return;
    }
  }

  async #rows({ table, changes, end }: Extract<BinlogItem, { kind: 'rows' }>): Promise<void> {
    const { builder, mappings, sink, onChange } = this.#options;
    const plan = mappings.planOf(table.schema, table.table);
    if (plan === undefined) return;
    const begin = this.#begin;
    if (begin === undefined)
      throw new Error(
        `Rows of ${table.schema}.${table.table} came before any transaction began; the checkpoint stands inside a transaction`,
      );
    const { shape, places } = await this.#shapeOf(table);
    const transactionId = coordinateNumber(begin);
    const commitTimestamp = isoMicroseconds(BigInt(this.#timeMs) * 1000n);
    const pick = (row: SourceRow): SourceRow => places.map((place) => row[place] ?? null);
    for (const change of changes) {
      this.#recordId += 1;
      const position = {
        transactionId,
        recordId: this.#recordId,
        previous: this.#last,
        commitTimestamp,
        // DMS's form for MySQL is known from its checkpoints only; consumers must treat it as opaque.
        streamPosition: `${begin.file}:${end}:-1:${this.#recordId}:${transactionId}:${begin.file}:${begin.offset}`,
      };
      const before = change.before === undefined ? {} : { before: pick(change.before) };
      await sink.send(
        builder.change(shape, plan, { operation: change.operation, row: pick(change.row), ...before, position }),
      );
      this.#last = { transactionId, recordId: this.#recordId };
      onChange(table.schema, table.table, change.operation);
    }
  }

  /** Column types come from the binlog itself, which is right also for changes older than an ALTER TABLE. */
  async #shapeOf(table: BinlogTable): Promise<{ shape: TableShape; places: readonly number[] }> {
    const key = tableKey(table.schema, table.table);
    let known = this.#options.shapes.get(key);
    if (known === undefined) {
      known = await this.#options.readTable(table.schema, table.table);
      this.#options.shapes.set(key, known);
    }
    const { omitted } = known;
    const kept = [...table.columns.entries()].filter(
      ([, column]) => column.kind !== 'unsupported' && !omitted.has(column.name),
    );
    const columns = kept.map(([, column]) => column);
    const shape = { ...known, columns, primaryKey: table.primaryKey ?? known.primaryKey };
    return { shape, places: kept.map(([place]) => place) };
  }

  async #statement(sql: string, schema: string): Promise<void> {
    const statement = tableStatement(sql, schema);
    const { mappings, onNotCaptured } = this.#options;
    for (const name of statement?.tables ?? []) {
      if (mappings.planOf(name.schema, name.table) === undefined) continue;
      if (statement?.action === 'create' || statement?.action === 'alter') await this.#altered(name.schema, name.table);
      else {
        onNotCaptured(
          `${statement?.action.toUpperCase()} TABLE ${name.schema}.${name.table} is not replicated (DMS does not capture it for a MySQL source): ` +
            'rows that it removed stay in the target until they are repaired',
        );
      }
    }
  }

  async #altered(schema: string, table: string): Promise<void> {
    const { builder, sink, shapes, readTable, includeTableAlterOperations } = this.#options;
    const key = tableKey(schema, table);
    const before = shapes.get(key);
    const after = await readTable(schema, table);
    shapes.set(key, after);
    const operations = before === undefined ? ['create-table'] : tableAlterations(before, after);
    if (!includeTableAlterOperations && before !== undefined) return;
    for (const operation of operations) await sink.send(builder.control(operation, schema, table, after));
  }
}
