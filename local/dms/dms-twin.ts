/**
 * The stand-in for one DMS replication of type full-load-and-cdc: full load, then the binlog, again and again after failures,
 * until it is stopped. It goes on from its checkpoint by sending again what came after it. It never ends without saying so.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { AskedReload, type AskedTables, onlyTables, ReloadAsked } from './asked-reload.ts';
import { type BinlogCoordinate, coordinateNumber } from './binlog-coordinate.ts';
import { type CaptureOptions, captureBinlog } from './capture-binlog.ts';
import { tableKey } from './change-capture.ts';
import { readCharacterTables } from './character-tables.ts';
import type { KinesisProducer } from './kinesis-producer.ts';
import { LaggingCheckpoint } from './lagging-checkpoint.ts';
import { loadTables } from './load-tables.ts';
import { microsecondClock } from './microsecond-clock.ts';
import { RecordBuilder } from './record-builder.ts';
import { type ReplicationCheckpoint, readCheckpoint, writeCheckpoint } from './replication-checkpoint.ts';
import { ReplicationStatus } from './replication-status.ts';
import { binlogEnd } from './snapshot.ts';
import { readCatalog, readTable, type TableShape } from './source-catalog.ts';
import { connectSource, serverIdentity } from './source-connection.ts';
import { otherServer, PurgedBinlogError, purgedBinlog, UnrecoverableError } from './source-failure.ts';
import type { TableMappings } from './table-mappings.ts';
import type { DmsTwinOptions } from './twin-options.ts';

/** A restart that nobody needed; the next attempt begins at once. */
class ChaosRestart extends Error {}

/** What the parts of one attempt have in common. */
interface Attempt {
  readonly server: { readonly mariadb: boolean; readonly uuid: string };
  readonly producer: KinesisProducer;
  readonly signal: AbortSignal;
  readonly fail: (error: unknown) => void;
}

/** How the binlog is read from a place on; with an end, up to the first transaction that reaches it. */
type Capture = (from: ReplicationCheckpoint, until?: BinlogCoordinate) => Promise<ReplicationCheckpoint>;

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
const WATCH_MS = 1000;

export class DmsTwin {
  readonly status = new ReplicationStatus();
  readonly #options: DmsTwinOptions;
  readonly #abort = new AbortController();
  readonly #checkpoint: LaggingCheckpoint;
  readonly #builder: RecordBuilder;
  readonly #asked: AskedReload;
  #attemptAbort = new AbortController();
  #running: Promise<void> | undefined;
  #furthest = 0n;

  constructor(options: DmsTwinOptions) {
    this.#options = options;
    this.#checkpoint = new LaggingCheckpoint(options.checkpoints, options.checkpointKey, options.checkpointLagMs);
    this.#asked = new AskedReload(options.checkpoints, `${options.checkpointKey}/reload`);
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

  /** Loads tables again beside what is captured, or everything from the beginning, also after a failure for good. */
  async reload(tables: AskedTables): Promise<void> {
    const hasFailed = this.status.final;
    // At once: whoever asks while this waits must not start it a second time.
    this.status.final = false;
    try {
      await this.#asked.ask(tables);
    } catch (error) {
      this.status.final = hasFailed;
      throw error;
    }
    if (!hasFailed) return this.#attemptAbort.abort(new ReloadAsked('a reload was asked for'));
    await this.#running;
    this.status.state = 'starting';
    this.#running = this.#run();
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
        if (this.#attemptAbort.signal.reason instanceof ReloadAsked) continue;
        const failure = purgedBinlog(error) ?? error;
        const message = failure instanceof Error ? failure.message : String(failure);
        this.status.restarts += 1;
        if (failure instanceof ChaosRestart) continue;
        this.status.state = 'failed';
        this.status.lastError = message;
        if (failure instanceof UnrecoverableError) {
          this.status.final = true;
          this.status.reloadMends = failure instanceof PurgedBinlogError;
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

  /** One attempt: from the checkpoint, or from the full load. Ends only by an error, by `reload` or by `stop`. */
  async #attempt(): Promise<never> {
    const { sourceUrl, mappings, checkpoints, checkpointKey, log } = this.#options;
    this.#checkpoint.forget();
    const abort = new AbortController();
    this.#attemptAbort = abort;
    const signal = AbortSignal.any([this.#abort.signal, abort.signal]);
    const fail = (error: unknown): void => abort.abort(error);
    const producer = this.#options.createProducer(this.status);
    const connection = await connectSource(sourceUrl);
    const watch = this.#watch(connection, signal).catch(fail);
    try {
      const server = await serverIdentity(connection);
      const attempt: Attempt = { server, producer, signal, fail };
      const wanted = (schema: string, table: string): boolean => mappings.planOf(schema, table) !== undefined;
      let from = readCheckpoint(checkpoints.get(checkpointKey));
      if (from !== undefined && from.server !== server.uuid) throw otherServer();
      const asked = this.#asked.tables;
      if (from?.phase !== 'cdc' || asked === 'everything') {
        from = await this.#load(attempt, asked === 'everything' ? undefined : from);
      } else {
        log('dms', 'replication goes on from its checkpoint', { file: from.at.file, offset: from.at.offset });
      }
      const shapes = new Map<string, TableShape>();
      for (const shape of await readCatalog(connection, wanted)) {
        shapes.set(tableKey(shape.schema, shape.table), shape);
        this.status.table(shape.schema, shape.table).loaded = true;
      }
      const options: CaptureOptions = {
        sourceUrl,
        mappings,
        builder: this.#builder,
        sink: producer,
        signal,
        shapes,
        includeTableAlterOperations: this.#options.endpoint.includeTableAlterOperations,
        characters: await readCharacterTables(connection),
        readTable: (schema, table) => readTable(connection, schema, table),
        onBoundary: (boundary) => {
          producer.whenAccepted(() => this.#checkpoint.accepted(writeCheckpoint(boundary)));
          this.#misbehave(boundary.at);
        },
      };
      const capture: Capture = (start, until) => captureBinlog(options, start, until, this.status, log);
      if (asked !== undefined && asked !== 'everything')
        from = await this.#reload(attempt, from, asked, shapes, capture);
      await capture(from);
      throw new Error('The binlog stream ended');
    } finally {
      abort.abort(new Error('The attempt is over'));
      await producer.stop();
      await watch;
      connection.destroy();
    }
  }

  /**
   * Change capture after a load starts where the *first* attempt at the load began, also when a later attempt is the one that
   * completes: a row that was sent by an earlier attempt and deleted before the last one is then deleted by the binlog.
   */
  async #load(attempt: Attempt, earlier: ReplicationCheckpoint | undefined): Promise<ReplicationCheckpoint> {
    const { mappings, checkpoints, checkpointKey } = this.#options;
    const { server, producer } = attempt;
    let start: BinlogCoordinate | undefined = earlier?.at;
    await this.#loadTables(attempt, mappings, async (coordinate) => {
      start ??= coordinate;
      await checkpoints.set(
        checkpointKey,
        writeCheckpoint({ server: server.uuid, phase: 'load', at: start, last: undefined }),
      );
      // From here on an interrupted load begins again by itself.
      await this.#asked.done('everything');
    });
    if (start === undefined) throw new Error('The full load ended without a snapshot');
    const complete: ReplicationCheckpoint = { server: server.uuid, phase: 'cdc', at: start, last: undefined };
    producer.whenAccepted(() => this.#checkpoint.accepted(writeCheckpoint(complete)));
    return complete;
  }

  /**
   * The tables as one snapshot has them. What was committed before the snapshot is captured before the first row of it is sent, what was
   * committed after it only after the last: so of two messages of one row, the later built is the newer.
   */
  async #reload(
    attempt: Attempt,
    from: ReplicationCheckpoint,
    asked: Exclude<AskedTables, 'everything'>,
    shapes: ReadonlyMap<string, TableShape>,
    capture: Capture,
  ): Promise<ReplicationCheckpoint> {
    const gone = asked.filter(({ schema, table }) => !shapes.has(tableKey(schema, table)));
    for (const { schema, table } of gone)
      this.#options.log('dms', `table ${schema}.${table} was to be loaded again, and the source has it no more`);
    let at = from;
    if (gone.length < asked.length) {
      await this.#loadTables(attempt, onlyTables(this.#options.mappings, asked), async (coordinate) => {
        at = await capture(from, coordinate);
      });
    }
    attempt.producer.whenAccepted(() => void this.#asked.done(asked).catch(attempt.fail));
    return at;
  }

  #loadTables(
    { server, producer, signal }: Attempt,
    mappings: TableMappings,
    onSnapshot: (coordinate: BinlogCoordinate) => Promise<void>,
  ): Promise<void> {
    const { sourceUrl, replication, log } = this.#options;
    const { mariadb } = server;
    this.status.reloadMends = false;
    const load = {
      sourceUrl,
      mappings,
      mariadb,
      builder: this.#builder,
      sink: producer,
      dropTables: replication.dropTables,
      signal,
    };
    return loadTables(load, this.status, log, onSnapshot);
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
