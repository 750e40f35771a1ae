/**
 * One simulated history from its first write to rest: source, DMS, Kinesis, the real handlers under the real pollers, DynamoDB, queue, pipe, bus
 * and a consumer, all on one agenda. It looks for no mistakes beyond what the laws that it is given find, and stops at the first.
 */
import { RETENTION_HOURS } from '../aws/kinesis-api.ts';
import { SimulatedDms } from '../dms/replication.ts';
import { type Faults, NO_FAULTS, type Weather } from '../engine/faults.ts';
import { type Random, seededRandom } from '../engine/random.ts';
import { VirtualTime, WORLD_START_MS } from '../engine/virtual-time.ts';
import { checkBatchCounts, checkReplayCounts } from '../laws/bookkeeping-laws.ts';
import { Consumer } from '../laws/consumer.ts';
import { checkExpiry, checkRegisterWrite } from '../laws/register-laws.ts';
import { RevisionLaws } from '../laws/revision-laws.ts';
import { Violation } from '../laws/violation.ts';
import type { Plan } from '../plan.ts';
import { initialRows, writeStep } from '../source/random-writes.ts';
import { SourceDatabase } from '../source/source-database.ts';
import { createAws, type SimulatedAws } from './aws.ts';
import { batchTarget, REPLICATOR_TIMEOUT_MS } from './deliveries.ts';
import { type Functions, type LogEntry, listenToLogs, loadFunctions, TABLES } from './functions.ts';
import { Incidents } from './incidents.ts';
import { createReaders, type Readers } from './readers.ts';
import { Replays } from './replays.ts';
import { enterWorld } from './virtual-globals.ts';

export type WorldCounts = Readonly<Record<string, number>>;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Longest that a story may take while its writes go on, virtual milliseconds. */
const LIFE_MS = 2 * DAY_MS;
/** Longest until everything has arrived before a silence, and how long nothing must happen then: longer than any request is under way. */
const CALM_MS = 6 * HOUR_MS;
const QUIET_MS = 600_000;

export class World {
  readonly plan: Plan;
  readonly time = new VirtualTime();
  readonly database = new SourceDatabase();
  readonly weather: { faults: Faults };
  readonly services: SimulatedAws;
  readonly dms: SimulatedDms;
  readonly revisions = new RevisionLaws();
  readonly consumer = new Consumer();
  /** Batches that a poller gave up; their records are lost to the pipeline. */
  discarded = 0;
  metricsWrites = 0;
  readonly #functions: Functions;
  readonly #random: Random;
  readonly #readers: Readers;
  readonly #replays: Replays;
  readonly #incidents: Incidents;
  readonly #logged = new Map<string, number>();
  /** Time that went by in a silence, and records that have left the stream in it. */
  #silentMs = 0;
  #forgotten = 0;
  #expired = 0;
  #broken: unknown;

  static async create(plan: Plan): Promise<World> {
    const { graceSeconds, fanOutLimit } = plan.settings;
    return new World(plan, await loadFunctions({ graceSeconds, fanOutLimit }));
  }

  private constructor(plan: Plan, functions: Functions) {
    this.plan = plan;
    this.#functions = functions;
    const { time } = this;
    const random = seededRandom(plan.seed);
    this.#random = random.fork('world');
    this.weather = { faults: plan.faults };
    const weather: Weather = this.weather;
    enterWorld({ time, random: random.fork('functions') });
    listenToLogs((entry) => this.#hear(entry));
    this.services = createAws(time, random, weather, plan.settings);
    const { dynamodb, kinesis, bus } = this.services;
    dynamodb.onWrite((table, key, before, after, by) =>
      this.#look(() => {
        if (by === 'time-to-live') this.#expired += 1;
        if (table === TABLES.sourceRows) {
          if (by === 'time-to-live' && before) checkExpiry(key, before, time.nowMs());
          else checkRegisterWrite(key, before, after);
        }
        if (table !== TABLES.metrics) return;
        this.metricsWrites += 1;
        if ((after ?? before)?.version?.S === '0') this.revisions.noteItem(after);
      }),
    );
    bus.onAccepted((detail) => this.#look(() => this.revisions.noteEvent(detail)));
    bus.subscribe((detail) => this.consumer.deliver(detail));
    this.dms = new SimulatedDms(time, random.fork('dms'), weather, this.database, (entries) => kinesis.put(entries));
    this.#readers = createReaders(time, this.services, functions, plan.settings, () => void this.discarded++);
    this.#replays = new Replays(time, random.fork('replays'), this.services, functions.replaySlice, (error) => {
      this.#broken ??= error;
    });
    const { services, dms } = this;
    const exposed = { time, weather: this.weather, services, dms, readers: this.#readers, replays: this.#replays };
    this.#incidents = new Incidents(plan, exposed, this.#random, random);
  }

  /** All writes, under all the faults of the plan. */
  async live(): Promise<void> {
    const { seed, writes, settings } = this.plan;
    const { writesBeforeLoad, silenceDays = 0, silenceBefore = 0 } = settings;
    initialRows(this.database, seededRandom(`${seed}/rows`), this.time.nowMs());
    for (const number of writes) if (number < writesBeforeLoad) this.#write(number);
    this.#readers.mapping.start();
    this.#readers.pipe.start();
    this.#readers.projectors.start();
    this.dms.start();
    this.#incidents.begin();
    const left = writes.filter((number) => number >= writesBeforeLoad);
    if (silenceDays === 0) return this.#writeAll(left);
    await this.#writeAll(left.filter((number) => number < silenceBefore));
    await this.#silence(silenceDays);
    await this.#writeAll(left.filter((number) => number >= silenceBefore));
  }

  /** From now on nothing goes wrong, and everything must come to rest. */
  async drain(limitMs: number): Promise<void> {
    this.weather.faults = NO_FAULTS;
    await this.#runUntil(() => this.#isAtRest(), limitMs, 'everything has arrived');
    // What was set aside is redriven, as its owner would once the trouble is over.
    while (this.services.queue.deadLetters.length > 0) {
      for (const body of this.services.queue.deadLetters.splice(0))
        await this.#finished(this.services.queue.send(body, 0), limitMs);
      await this.#runUntil(() => this.#isAtRest(), limitMs, 'redriven projections have arrived');
    }
  }

  /** Applies every record that has not left the stream in a silence once more, in any order. @throws Violation when an item or an event comes of it. */
  async replayEverything(random: Random, limitMs: number): Promise<void> {
    const records = random.shuffle(this.services.kinesis.records.slice(this.#forgotten));
    const writesBefore = this.metricsWrites;
    for (let from = 0; from < records.length; ) {
      const size = random.between(1, 20);
      const target = batchTarget(this.services.lambda, 'replicator', this.#functions.replicator, REPLICATOR_TIMEOUT_MS);
      const delivery = await this.#finished(
        target.deliver(this.services.kinesis.asDelivered(records.slice(from, from + size))),
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
    return this.time.nowMs() - WORLD_START_MS - this.#silentMs;
  }

  /** Gives clock and dice back. */
  leave(): void {
    const { mapping, pipe, projectors } = this.#readers;
    mapping.end();
    pipe.end();
    void projectors.stop();
    enterWorld(undefined);
    listenToLogs(() => {});
  }

  counts(): WorldCounts {
    return {
      steps: this.time.steps,
      commits: this.database.commits.length,
      records: this.services.kinesis.records.length,
      events: this.services.bus.events.length,
      deaths: this.services.lambda.deaths,
      replaySlices: this.#replays.slices,
      replaysRefused: this.#replays.refused,
      expired: this.#expired,
      restarts: this.#readers.mapping.restarts + this.#readers.pipe.restarts,
      ...Object.fromEntries(this.#logged),
    };
  }

  /** For the message of a world that does not come to rest. */
  whatWaits(): string {
    const waits = {
      dmsIdle: this.dms.idle,
      queue: this.services.queue.depth,
      running: this.services.lambda.running,
      replays: this.#replays.running,
      mappingBehind: this.#readers.mapping.behind(this.services.kinesis.latest),
      pipeBehind: this.#readers.pipe.behind(this.services.dynamodb.stream(TABLES.metrics).latest),
      mappingError: this.#readers.mapping.lastError,
      pipeError: this.#readers.pipe.lastError,
      projectorError: this.#readers.projectors.status().lastError,
    };
    return JSON.stringify(waits);
  }

  #write(number: number): void {
    writeStep(this.database, seededRandom(`${this.plan.seed}/write/${number}`), this.time.nowMs());
  }

  async #writeAll(numbers: readonly number[]): Promise<void> {
    const { writeEveryMs } = this.plan.settings;
    let left = numbers.length;
    const next = (): void => {
      const number = numbers[numbers.length - left];
      if (number === undefined) return;
      left -= 1;
      this.#write(number);
      this.#incidents.atWrite();
      this.time.after(this.#random.next() * 2 * writeEveryMs, next);
    };
    this.time.after(this.#random.next() * 2 * writeEveryMs, next);
    await this.#runUntil(() => left === 0, LIFE_MS, 'all writes are made');
  }

  /**
   * Days without a write. Everything arrives first; then the streams forget by age, and after them the tables. What the pipeline has forgotten
   * nothing may ask for any more, so no restart reaches back behind the silence.
   */
  async #silence(days: number): Promise<void> {
    await this.drain(CALM_MS);
    const quietUntilMs = this.time.nowMs() + QUIET_MS;
    await this.#runUntil(() => this.time.nowMs() >= quietUntilMs && this.#isAtRest(), CALM_MS, 'nothing happens');
    this.dms.catchUp();
    this.time.skip(days * DAY_MS);
    this.#silentMs += days * DAY_MS;
    const { kinesis, dynamodb } = this.services;
    const horizonMs = this.time.nowMs() - RETENTION_HOURS * HOUR_MS;
    kinesis.trim(horizonMs);
    this.#forgotten = kinesis.records.filter(({ arrivedAtMs }) => arrivedAtMs < horizonMs).length;
    dynamodb.stream(TABLES.metrics).trim(this.time.nowMs() - DAY_MS);
    this.#incidents.begin();
  }

  #isAtRest(): boolean {
    return (
      this.dms.idle &&
      this.services.queue.depth === 0 &&
      this.services.lambda.running === 0 &&
      this.#replays.running === 0 &&
      this.services.bus.idle &&
      this.#readers.mapping.behind(this.services.kinesis.latest).length === 0 &&
      this.#readers.pipe.behind(this.services.dynamodb.stream(TABLES.metrics).latest).length === 0
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
    this.#logged.set(`log: ${message}`, (this.#logged.get(`log: ${message}`) ?? 0) + 1);
    if (message === 'batch') this.#look(() => checkBatchCounts(fields));
    if (message === 'replay slice') this.#look(() => checkReplayCounts(fields));
    if (
      fields.errorName === 'TypeError' ||
      fields.errorName === 'ReferenceError' ||
      fields.errorCode === 'INVARIANT_BROKEN'
    )
      this.#look(() => {
        throw new Violation('L6', `${message}: ${JSON.stringify(fields)}`);
      });
  }
}
