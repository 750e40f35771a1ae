/**
 * The full load: every row of every selected table as a `load` record, from one consistent snapshot, tables with a higher load
 * order first. Rows are streamed, so memory does not grow with the table. A full load that is interrupted starts again from
 * zero, as DMS does.
 */
import type { Connection as CallbackConnection } from 'mysql2';
import type { Connection } from 'mysql2/promise';
import type { BinlogCoordinate } from './binlog-coordinate.ts';
import type { SourceColumn } from './column-type.ts';
import type { RecordSink } from './kinesis-producer.ts';
import type { RecordBuilder, SourceRow } from './record-builder.ts';
import { beginSnapshot } from './snapshot.ts';
import { quoted, readCatalog, type TableShape } from './source-catalog.ts';
import { openStreamingConnection, scalar } from './source-connection.ts';
import { valueFromQuery } from './source-value.ts';
import type { TableMappings, TablePlan } from './table-mappings.ts';

export interface FullLoadOptions {
  readonly sourceUrl: string;
  readonly mariadb: boolean;
  readonly mappings: TableMappings;
  readonly builder: RecordBuilder;
  readonly sink: RecordSink;
  readonly dropTables: boolean;
  readonly signal: AbortSignal;
  /** Called once, before the first record is sent. */
  onSnapshot(coordinate: BinlogCoordinate, tables: readonly TableShape[]): Promise<void>;
  onTotal(shape: TableShape, rows: number): void;
  onRow(shape: TableShape): void;
  onTableDone(shape: TableShape): void;
}

/** Rows that wait between the database and Kinesis; the database is paused when there are more. */
const ROWS_IN_FLIGHT = 500;

export async function runFullLoad(options: FullLoadOptions): Promise<BinlogCoordinate> {
  const { sourceUrl, mappings, mariadb, signal } = options;
  const streaming = openStreamingConnection(sourceUrl);
  try {
    const connection = streaming.promise();
    await connection.query("SET time_zone = '+00:00'");
    // A slow consumer pauses the stream for longer than the server's usual patience.
    await connection.query('SET SESSION net_write_timeout = 86400');
    const coordinate = await beginSnapshot(connection, mariadb);
    const shapes = await readCatalog(connection, (schema, table) => mappings.planOf(schema, table) !== undefined);
    if (shapes.length === 0) {
      throw new Error(
        'No table of the source is selected by the table mappings, or the replication user may not see them (it needs SELECT)',
      );
    }
    await options.onSnapshot(coordinate, shapes);
    await announceTables(options, shapes);
    for (const { shape, plan } of inLoadOrder(shapes, mappings)) {
      options.onTotal(
        shape,
        Number(await scalar(connection as Connection, `SELECT COUNT(*) FROM ${tableName(shape)}`)),
      );
      await loadTable(streaming, shape, plan, options);
      options.onTableDone(shape);
      signal.throwIfAborted();
    }
    return coordinate;
  } finally {
    streaming.destroy();
  }
}

const tableName = (shape: TableShape): string => `${quoted(shape.schema)}.${quoted(shape.table)}`;

async function announceTables(
  { builder, sink, dropTables }: FullLoadOptions,
  shapes: readonly TableShape[],
): Promise<void> {
  for (const shape of shapes) {
    if (dropTables) await sink.send(builder.control('drop-table', shape.schema, shape.table, shape));
    await sink.send(builder.control('create-table', shape.schema, shape.table, shape));
  }
}

function inLoadOrder(shapes: readonly TableShape[], mappings: TableMappings): { shape: TableShape; plan: TablePlan }[] {
  return shapes
    .flatMap((shape) => {
      const plan = mappings.planOf(shape.schema, shape.table);
      return plan === undefined ? [] : [{ shape, plan }];
    })
    .sort((one, other) => other.plan.loadOrder - one.plan.loadOrder);
}

/**
 * FLOAT is read through an addition, which widens it exactly: its own text has six digits and would differ from the binlog's.
 */
function selected(column: SourceColumn, index: number): string {
  const value = column.kind === 'float' ? `${quoted(column.name)} + 0e0` : quoted(column.name);
  // Results are read by place. A column may have a name that the client library refuses (`__proto__`), so it gets a plain one.
  return `${value} AS c${index}`;
}

async function loadTable(
  connection: CallbackConnection,
  shape: TableShape,
  plan: TablePlan,
  options: FullLoadOptions,
): Promise<void> {
  const { builder, sink, signal } = options;
  const sql = `SELECT ${shape.columns.map(selected).join(', ')} FROM ${tableName(shape)}`;
  // Raw bytes for every column: nothing is converted on the way.
  const query = connection.query({ sql, rowsAsArray: true, typeCast: (field) => field.buffer() });
  const rows = query.stream({ highWaterMark: ROWS_IN_FLIGHT });
  // A database that has gone silent must not hold up the end.
  const leave = (): void => void rows.destroy(signal.reason);
  signal.addEventListener('abort', leave);
  try {
    for await (const raw of rows) {
      signal.throwIfAborted();
      await sink.send(builder.load(shape, plan, sourceRow(shape, raw)));
      options.onRow(shape);
    }
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

function sourceRow(shape: TableShape, raw: unknown): SourceRow {
  if (!Array.isArray(raw))
    throw new Error(`A row of ${shape.schema}.${shape.table} did not arrive as an array of columns`);
  return shape.columns.map((column, index) => {
    const value: unknown = raw[index];
    return valueFromQuery(column, Buffer.isBuffer(value) ? value : null);
  });
}
