/**
 * The stand-in for one DMS replication of type full-load-and-cdc: full load, then the binlog, again and again after failures,
 * until it is stopped. It goes on from its checkpoint by sending again what came after it. It never ends without saying so.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CheckpointStore, Log } from '../local-aws.ts';
import { type BinlogCoordinate, coordinateNumber } from './binlog-coordinate.ts';
import { BinlogReader } from './binlog-reader.ts';
import { ChangeCapture, tableKey } from './change-capture.ts';
import type { Chaos } from './chaos.ts';
import { type CharacterTables, readCharacterTables } from './character-tables.ts';
import type { KinesisEndpointSettings } from './endpoint-settings.ts';
import { runFullLoad } from './full-load.ts';
import type { KinesisProducer } from './kinesis-producer.ts';
import { LaggingCheckpoint } from './lagging-checkpoint.ts';
import { microsecondClock } from './microsecond-clock.ts';
import { RecordBuilder } from './record-builder.ts';
import { type ReplicationCheckpoint, readCheckpoint, writeCheckpoint } from './replication-checkpoint.ts';
import type { ReplicationSettings } from './replication-settings.ts';
import { ReplicationStatus } from './replication-status.ts';
import { binlogEnd } from './snapshot.ts';
import { readCatalog, readTable, type TableShape } from './source-catalog.ts';
import { connectSource, serverIdentity } from './source-connection.ts';
import { needsReload, purgedBinlog, UnrecoverableError } from './source-failure.ts';
import type { TableMappings } from './table-mappings.ts';

export interface DmsTwinOptions {
  readonly sourceUrl: string;
  readonly endpoint: KinesisEndpointSettings;
  readonly replication: ReplicationSettings;
  readonly mappings: TableMappings;
  readonly taskId: string;
  /** Key in the checkpoint store. */
  readonly checkpointKey: string;
  readonly checkpoints: CheckpointStore;
  /** The checkpoint passes a record this long after Kinesis has accepted it. */
  readonly checkpointLagMs: number;
  readonly chaos: Chaos;
  readonly log: Log;
  /** A producer that reports its state; a new one for each attempt. */
  createProducer(status: ReplicationStatus): KinesisProducer;
}

/** A restart that nobody needed; the next attempt begins at once. */
class ChaosRestart extends Error {}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
const WATCH_MS = 1000;

export class DmsTwin {
  readonly status = new ReplicationStatus();
  readonly #options: DmsTwinOptions;
  readonly #abort = new AbortController();
  readonly #checkpoint: LaggingCheckpoint;
  readonly #builder: RecordBuilder;
  #running: Promise<void> | undefined;
  #furthest = 0n;

  constructor(options: DmsTwinOptions) {
    this.#options = options;
    this.#checkpoint = new LaggingCheckpoint(options.checkpoints, options.checkpointKey, options.checkpointLagMs);
    this.#builder = new RecordBuilder({
      endpoint: options.endpoint,
      replication: options.replication,
      taskId: options.taskId,
      clock: microsecondClock(),
      onTruncated: (schema, table, column) => this.#truncated(schema, table, column),
    });
  }

  /** Begins; resolves at once. */
  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#abort.abort(new Error('The replication was stopped'));
    await this.#running;
    this.status.state = 'stopped';
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort;
    let pauseMs = FIRST_PAUSE_MS;
    while (!signal.aborted) {
      const startedAt = Date.now();
      try {
        await this.#attempt();
      } catch (error) {
        if (signal.aborted) return;
        const failure = purgedBinlog(error) ?? error;
        const message = failure instanceof Error ? failure.message : String(failure);
        this.status.restarts += 1;
        if (failure instanceof ChaosRestart) continue;
        this.status.state = 'failed';
        this.status.lastError = message;
        if (failure instanceof UnrecoverableError) {
          this.status.final = true;
          this.#options.log('dms', `replication failed and will not be retried: ${message}`);
          return;
        }
        if (Date.now() - startedAt > LONGEST_PAUSE_MS) pauseMs = FIRST_PAUSE_MS;
        this.#options.log('dms', `replication failed, next attempt in ${pauseMs} ms: ${message}`);
        await sleep(pauseMs, undefined, { signal }).catch(() => {});
        pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      }
    }
  }

  /** One attempt: from the checkpoint, or from the full load. Ends only by an error or by `stop`. */
  async #attempt(): Promise<never> {
    const { sourceUrl, mappings, checkpoints, checkpointKey, log } = this.#options;
    this.#checkpoint.forget();
    const attempt = new AbortController();
    const signal = AbortSignal.any([this.#abort.signal, attempt.signal]);
    const producer = this.#options.createProducer(this.status);
    const connection = await connectSource(sourceUrl);
    const watch = this.#watch(connection, signal).catch((error: unknown) => attempt.abort(error));
    try {
      const server = await serverIdentity(connection);
      const wanted = (schema: string, table: string): boolean => mappings.planOf(schema, table) !== undefined;
      let from = readCheckpoint(checkpoints.get(checkpointKey));
      if (from !== undefined && from.server !== server.uuid)
        throw needsReload('the source is another server than the one of the checkpoint');
      if (from?.phase !== 'cdc') {
        from = await this.#load(server, from, producer, signal);
      } else {
        log('dms', 'replication goes on from its checkpoint', { file: from.at.file, offset: from.at.offset });
      }
      const shapes = new Map<string, TableShape>();
      for (const shape of await readCatalog(connection, wanted)) {
        shapes.set(tableKey(shape.schema, shape.table), shape);
        this.status.table(shape.schema, shape.table).loaded = true;
      }
      const characters = await readCharacterTables(connection);
      return await this.#capture(from, shapes, characters, producer, signal, (schema, table) =>
        readTable(connection, schema, table),
      );
    } finally {
      attempt.abort(new Error('The attempt is over'));
      await producer.stop();
      await watch;
      connection.destroy();
    }
  }

  /**
   * Change capture after a load starts where the *first* attempt at the load began, also when a later attempt is the one that
   * completes: a row that was sent by an earlier attempt and deleted before the last one is then deleted by the binlog.
   */
  async #load(
    server: { mariadb: boolean; uuid: string },
    earlier: ReplicationCheckpoint | undefined,
    producer: KinesisProducer,
    signal: AbortSignal,
  ): Promise<ReplicationCheckpoint> {
    const { sourceUrl, mappings, replication, checkpoints, checkpointKey, log } = this.#options;
    this.status.state = 'loading';
    let start: BinlogCoordinate | undefined = earlier?.at;
    const progress = (shape: TableShape) => this.status.table(shape.schema, shape.table);
    await runFullLoad({
      sourceUrl,
      mappings,
      mariadb: server.mariadb,
      builder: this.#builder,
      sink: producer,
      dropTables: replication.dropTables,
      signal,
      onSnapshot: async (coordinate, shapes) => {
        for (const shape of shapes)
          Object.assign(progress(shape), { rowsLoaded: 0, rowsTotal: undefined, loaded: false });
        start ??= coordinate;
        await checkpoints.set(
          checkpointKey,
          writeCheckpoint({ server: server.uuid, phase: 'load', at: start, last: undefined }),
        );
        log('dms', 'full load begins', { tables: shapes.length, file: coordinate.file, offset: coordinate.offset });
      },
      onTotal: (shape, rows) => {
        progress(shape).rowsTotal = rows;
      },
      onRow: (shape) => {
        progress(shape).rowsLoaded += 1;
      },
      onTableDone: (shape) => {
        progress(shape).loaded = true;
        log('dms', 'table loaded', { table: `${shape.schema}.${shape.table}`, rows: progress(shape).rowsLoaded });
      },
    });
    if (start === undefined) throw new Error('The full load ended without a snapshot');
    const complete: ReplicationCheckpoint = { server: server.uuid, phase: 'cdc', at: start, last: undefined };
    producer.whenAccepted(() => this.#checkpoint.accepted(writeCheckpoint(complete)));
    return complete;
  }

  async #capture(
    from: ReplicationCheckpoint,
    shapes: Map<string, TableShape>,
    characters: CharacterTables,
    producer: KinesisProducer,
    signal: AbortSignal,
    read: (schema: string, table: string) => Promise<TableShape>,
  ): Promise<never> {
    const { status } = this;
    const capture = new ChangeCapture(
      {
        mappings: this.#options.mappings,
        builder: this.#builder,
        sink: producer,
        includeTableAlterOperations: this.#options.endpoint.includeTableAlterOperations,
        shapes,
        readTable: read,
        onBoundary: (at, last, timeMs) => {
          status.position = at;
          status.positionTimeMs = timeMs;
          producer.whenAccepted(() =>
            this.#checkpoint.accepted(writeCheckpoint({ server: from.server, phase: 'cdc', at, last })),
          );
          this.#misbehave(at);
        },
        onChange: (schema, table, operation) => {
          status.table(schema, table)[`${operation}s`] += 1;
        },
        onNotCaptured: (message) => {
          status.notCaptured += 1;
          this.#options.log('dms', message);
        },
      },
      from.last,
    );
    const schemas = new Set(Array.from(shapes.values(), ({ schema }) => schema));
    const reader = new BinlogReader(this.#options.sourceUrl, from.at, schemas, characters);
    try {
      await capture.announce();
      status.state = 'replicating';
      status.lastError = undefined;
      status.position = from.at;
      for await (const item of reader.items(signal)) await capture.take(item);
      throw new Error('The binlog stream ended');
    } finally {
      await reader.stop();
    }
  }

  /** Moves the durable checkpoint, measures the lag, and notices a database that has gone. */
  async #watch(connection: Awaited<ReturnType<typeof connectSource>>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#checkpoint.advance();
      const end = await binlogEnd(connection);
      const { position, state } = this.status;
      this.status.caughtUp =
        state === 'replicating' && position !== undefined && coordinateNumber(position) >= coordinateNumber(end);
      await sleep(WATCH_MS, undefined, { signal }).catch(() => {});
    }
  }

  /** A chaos restart happens only on new ground: what is sent again because of one must not meet the next. */
  #misbehave(at: BinlogCoordinate): void {
    const here = coordinateNumber(at);
    if (here <= this.#furthest) return;
    this.#furthest = here;
    if (this.#options.chaos.restarts()) throw new ChaosRestart();
  }

  #truncated(schema: string, table: string, column: string): void {
    const message = `a value of ${schema}.${table}.${column} is longer than DMS carries (LobMaxSize ${this.#options.replication.lobMaxBytes} bytes, or a NUL character in text)`;
    if (this.#options.replication.stopOnTruncation) {
      throw new UnrecoverableError(
        `${message}; DataTruncationErrorPolicy is STOP_TASK. Raise LobMaxSize or shorten the value, then start again`,
      );
    }
    this.#options.log('dms', `${message}; it was cut`);
  }
}
