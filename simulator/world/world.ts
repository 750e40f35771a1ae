/**
 * One simulated history from its first write to rest: source, DMS, Kinesis, the real handlers under the real pollers, DynamoDB, queue, pipe, bus
 * and a consumer, all on one agenda. It looks for no mistakes beyond what the laws that it is given find, and stops at the first.
 */

import { PAYLOAD_BYTES_MAX } from '#local/stream/batch-window.ts';
import { QueuePoller } from '#local/stream/queue-poller.ts';
import { compileRecordFilter } from '#local/stream/record-filter.ts';
import { SimulatedBucket } from '../aws/bucket.ts';
import { SimulatedBus } from '../aws/bus.ts';
import { dynamoDbStreamSource, SimulatedDynamoDb } from '../aws/dynamodb.ts';
import { SimulatedKinesis } from '../aws/kinesis.ts';
import { SimulatedQueue } from '../aws/queue.ts';
import { SimulatedDms } from '../dms/replication.ts';
import { type Faults, NO_FAULTS, type Weather } from '../engine/faults.ts';
import { type Random, seededRandom } from '../engine/random.ts';
import { VirtualTime, WORLD_START_MS } from '../engine/virtual-time.ts';
import { checkBatchCounts } from '../laws/bookkeeping-laws.ts';
import { Consumer } from '../laws/consumer.ts';
import { checkRegisterWrite } from '../laws/register-laws.ts';
import { RevisionLaws } from '../laws/revision-laws.ts';
import { Violation } from '../laws/violation.ts';
import type { Plan } from '../plan.ts';
import { initialRows, writeStep } from '../source/random-writes.ts';
import { SourceDatabase } from '../source/source-database.ts';
import { batchTarget, PROJECTOR_TIMEOUT_MS, publishTarget, REPLICATOR_TIMEOUT_MS } from './deliveries.ts';
import { type Functions, type LogEntry, listenToLogs, loadFunctions, TABLES } from './functions.ts';
import { SimulatedLambda } from './lambda.ts';
import { SimulatedReader } from './reader.ts';
import { enterWorld } from './virtual-globals.ts';

export type WorldCounts = Readonly<Record<string, number>>;

/** The template's: visibility is six times the projector's time-out. */
const VISIBILITY_SECONDS = (6 * PROJECTOR_TIMEOUT_MS) / 1000;
const RECEIVES_MAX = 10;
const PROJECTOR_BATCH = 10;
/** As the template's mapping and pipe: retried until the record's age. */
const MAPPING_POLICY = { retryAttemptsMax: 10_000, recordAgeSecondsMax: 72 * 3600, bisect: true } as const;
const PIPE_POLICY = { retryAttemptsMax: 10_000, recordAgeSecondsMax: 12 * 3600, bisect: false } as const;
const PIPE_FILTER = JSON.stringify({ dynamodb: { Keys: { version: { S: ['0'] } } } });

/** Longest that a story may take while its writes go on, virtual milliseconds. */
const LIFE_MS = 48 * 3_600_000;

export class World {
  readonly plan: Plan;
  readonly time = new VirtualTime();
  readonly database = new SourceDatabase();
  readonly weather: { faults: Faults };
  readonly dynamodb: SimulatedDynamoDb;
  readonly kinesis: SimulatedKinesis;
  readonly queue: SimulatedQueue;
  readonly bucket: SimulatedBucket;
  readonly bus: SimulatedBus;
  readonly dms: SimulatedDms;
  readonly lambda: SimulatedLambda;
  readonly revisions = new RevisionLaws();
  readonly consumer = new Consumer();
  /** Batches that a poller gave up; their records are lost to the pipeline. */
  discarded = 0;
  metricsWrites = 0;
  readonly #functions: Functions;
  readonly #random: Random;
  readonly #mapping: SimulatedReader;
  readonly #pipe: SimulatedReader;
  readonly #projectors: QueuePoller;
  readonly #counts = new Map<string, number>();
  #broken: unknown;

  static async create(plan: Plan): Promise<World> {
    const { graceSeconds, fanOutLimit } = plan.settings;
    return new World(plan, await loadFunctions({ graceSeconds, fanOutLimit }));
  }

  private constructor(plan: Plan, functions: Functions) {
    this.plan = plan;
    this.#functions = functions;
    const { settings, faults } = plan;
    const { time } = this;
    const random = seededRandom(plan.seed);
    this.#random = random.fork('world');
    this.weather = { faults };
    const weather: Weather = this.weather;
    enterWorld({ time, random: random.fork('functions') });
    listenToLogs((entry) => this.#hear(entry));

    this.dynamodb = new SimulatedDynamoDb(time, random.fork('dynamodb'), weather, {
      [TABLES.metrics]: { partitionKey: 'name', sortKey: 'version', stream: true },
      [TABLES.sourceRows]: { partitionKey: 'pk', sortKey: 'sk' },
      [TABLES.quarantine]: { partitionKey: 'pk', sortKey: 'sk' },
    });
    this.dynamodb.onWrite((table, key, before, after) =>
      this.#look(() => {
        if (table === TABLES.sourceRows) checkRegisterWrite(key, before, after);
        if (table !== TABLES.metrics) return;
        this.metricsWrites += 1;
        if ((after ?? before)?.version?.S === '0') this.revisions.noteItem(after);
      }),
    );
    this.kinesis = new SimulatedKinesis(time, random.fork('kinesis'), weather, { shards: settings.shards });
    this.queue = new SimulatedQueue(time, random.fork('queue'), weather, {
      visibilitySeconds: VISIBILITY_SECONDS,
      receiveMax: RECEIVES_MAX,
    });
    this.bucket = new SimulatedBucket(time, random.fork('bucket'), weather);
    this.bus = new SimulatedBus(time, random.fork('bus'), weather);
    this.bus.onAccepted((detail) => this.#look(() => this.revisions.noteEvent(detail)));
    this.bus.subscribe((detail) => this.consumer.deliver(detail));
    this.dms = new SimulatedDms(time, random.fork('dms'), weather, this.database, (entries) =>
      this.kinesis.put(entries),
    );
    this.lambda = new SimulatedLambda(time, random.fork('lambda'), weather, {
      dynamodb: (command, input) => this.dynamodb.request(command, input),
      sqs: (_, input) => {
        const { MessageBody, DelaySeconds } = input as { MessageBody: string; DelaySeconds: number };
        return this.queue.send(MessageBody, DelaySeconds);
      },
      s3: (_, input) => {
        const { Key, Body } = input as { Key: string; Body: Uint8Array };
        return this.bucket.put(Key, Body);
      },
    });

    const common = {
      clock: time,
      log: () => {},
      failureDestination: { take: async () => void this.discarded++ },
    };
    this.#mapping = new SimulatedReader({
      ...common,
      name: 'mapping',
      source: this.kinesis.source(),
      target: batchTarget(this.lambda, 'replicator', functions.replicator, REPLICATOR_TIMEOUT_MS),
      limits: { batchSize: settings.batchSize, windowMs: settings.batchWindowMs, payloadBytesMax: PAYLOAD_BYTES_MAX },
      policy: { ...MAPPING_POLICY, partial: 'checkpoint' },
      parallelizationFactor: settings.parallelization,
      filter: () => true,
    });
    this.#pipe = new SimulatedReader({
      ...common,
      name: 'pipe',
      source: dynamoDbStreamSource(this.dynamodb, TABLES.metrics),
      target: publishTarget(this.lambda, functions.enrichment, this.bus),
      limits: { batchSize: settings.pipeBatchSize, windowMs: 0, payloadBytesMax: PAYLOAD_BYTES_MAX },
      policy: { ...PIPE_POLICY, partial: 'remainder' },
      parallelizationFactor: 1,
      filter: compileRecordFilter([PIPE_FILTER]),
    });
    this.#projectors = new QueuePoller({
      queue: this.queue.source(),
      target: batchTarget(this.lambda, 'projector', functions.projector, PROJECTOR_TIMEOUT_MS),
      limits: { batchSize: PROJECTOR_BATCH, windowMs: 0, payloadBytesMax: PAYLOAD_BYTES_MAX },
      concurrency: settings.projectorConcurrency,
      filter: () => true,
      clock: time,
      name: 'projectors',
      log: () => {},
    });
  }

  /** All writes, under all the faults of the plan. */
  async live(): Promise<void> {
    const { seed, writes, settings } = this.plan;
    const write = (number: number): void =>
      writeStep(this.database, seededRandom(`${seed}/write/${number}`), this.time.nowMs());
    initialRows(this.database, seededRandom(`${seed}/rows`), this.time.nowMs());
    const before = writes.filter((number) => number < settings.writesBeforeLoad);
    const after = writes.filter((number) => number >= settings.writesBeforeLoad);
    for (const number of before) write(number);
    this.#mapping.start();
    this.#pipe.start();
    this.#projectors.start();
    this.dms.start();
    this.#accidents();
    let left = after.length;
    const next = (): void => {
      const number = after[after.length - left];
      if (number === undefined) return;
      left -= 1;
      write(number);
      this.#reshard();
      this.time.after(this.#random.next() * 2 * settings.writeEveryMs, next);
    };
    this.time.after(this.#random.next() * 2 * settings.writeEveryMs, next);
    await this.#runUntil(() => left === 0, LIFE_MS, 'all writes are made');
  }

  /** From now on nothing goes wrong, and everything must come to rest. */
  async drain(limitMs: number): Promise<void> {
    this.weather.faults = NO_FAULTS;
    await this.#runUntil(() => this.#isAtRest(), limitMs, 'everything has arrived');
    // What was set aside is redriven, as its owner would once the trouble is over.
    while (this.queue.deadLetters.length > 0) {
      for (const body of this.queue.deadLetters.splice(0)) await this.#finished(this.queue.send(body, 0), limitMs);
      await this.#runUntil(() => this.#isAtRest(), limitMs, 'redriven projections have arrived');
    }
  }

  /** Applies every record that ever was in the stream once more, in any order. @throws Violation when an item or an event comes of it. */
  async replayEverything(random: Random, limitMs: number): Promise<void> {
    const records = random.shuffle([...this.kinesis.records]);
    const writesBefore = this.metricsWrites;
    for (let from = 0; from < records.length; ) {
      const size = random.between(1, 20);
      const target = batchTarget(this.lambda, 'replicator', this.#functions.replicator, REPLICATOR_TIMEOUT_MS);
      const delivery = await this.#finished(
        target.deliver(this.kinesis.asDelivered(records.slice(from, from + size))),
        limitMs,
      );
      if (delivery.kind !== 'delivered')
        throw new Violation('L2', `a replayed batch was not taken: ${JSON.stringify(delivery)}`);
      from += size;
    }
    await this.#runUntil(() => this.#isAtRest(), limitMs, 'the replay has arrived');
    if (this.metricsWrites !== writesBefore)
      throw new Violation(
        'L2',
        `a replay of everything made ${this.metricsWrites - writesBefore} writes to the Metrics table`,
      );
  }

  get livedMs(): number {
    return this.time.nowMs() - WORLD_START_MS;
  }

  /** Gives clock and dice back. */
  leave(): void {
    enterWorld(undefined);
    listenToLogs(() => {});
  }

  counts(): WorldCounts {
    return {
      steps: this.time.steps,
      commits: this.database.commits.length,
      records: this.kinesis.records.length,
      events: this.bus.events.length,
      deaths: this.lambda.deaths,
      restarts: this.#mapping.restarts + this.#pipe.restarts,
      ...Object.fromEntries(this.#counts),
    };
  }

  /** For the message of a world that does not come to rest. */
  whatWaits(): string {
    const waits = {
      dmsIdle: this.dms.idle,
      queue: this.queue.depth,
      running: this.lambda.running,
      mappingBehind: this.#mapping.behind(this.kinesis.latest),
      pipeBehind: this.#pipe.behind(this.dynamodb.latest(TABLES.metrics)),
      mappingError: this.#mapping.lastError,
      pipeError: this.#pipe.lastError,
      projectorError: this.#projectors.status().lastError,
    };
    return JSON.stringify(waits);
  }

  #isAtRest(): boolean {
    return (
      this.dms.idle &&
      this.queue.depth === 0 &&
      this.lambda.running === 0 &&
      this.bus.idle &&
      this.#mapping.behind(this.kinesis.latest).length === 0 &&
      this.#pipe.behind(this.dynamodb.latest(TABLES.metrics)).length === 0
    );
  }

  async #runUntil(done: () => boolean, limitMs: number, what: string): Promise<void> {
    await this.time.runUntil(() => this.#broken !== undefined || done(), limitMs, what);
    if (this.#broken !== undefined) throw this.#broken;
  }

  /** Lives until the promise has settled. */
  async #finished<T>(promise: Promise<T>, limitMs: number): Promise<T> {
    let isOver = false;
    const settled = promise.finally(() => {
      isOver = true;
    });
    settled.catch(() => {});
    await this.#runUntil(() => isOver, limitMs, 'a call has been answered');
    return settled;
  }

  /** What a law throws must not be taken for an error of the service in whose hands it looked. */
  #look(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.#broken ??= error;
    }
  }

  #hear({ message, fields }: LogEntry): void {
    this.#counts.set(`log: ${message}`, (this.#counts.get(`log: ${message}`) ?? 0) + 1);
    if (message === 'batch') this.#look(() => checkBatchCounts(fields));
    if (
      fields.errorName === 'TypeError' ||
      fields.errorName === 'ReferenceError' ||
      fields.errorCode === 'INVARIANT_BROKEN'
    )
      this.#look(() => {
        throw new Violation('L6', `${message}: ${JSON.stringify(fields)}`);
      });
  }

  /** Pollers are lost now and then, for as long as the plan's faults last. */
  #accidents(): void {
    const { pollerRestart } = this.weather.faults;
    if (pollerRestart === 0) return;
    this.time.after(1000, () => {
      if (this.#random.chance(pollerRestart)) this.#random.pick([this.#mapping, this.#pipe]).restart();
      this.#accidents();
    });
  }

  #reshard(): void {
    if (!this.#random.chance(this.weather.faults.reshard)) return;
    if (this.#random.chance(0.5)) this.kinesis.split();
    else this.kinesis.merge();
  }
}
