/**
 * DMS as the pipeline sees it: a full load of the tables, then one record for each row change in commit order, from a checkpoint to which it goes
 * back now and then. A record that is sent again keeps its place in the binlog and gets a new build time; a retried request repeats the very bytes.
 *
 * The pipeline relies on this: build times never go back within one replication; within a lineage nothing is skipped; a fail-over is planned, so that
 * the old binlog is on the stream before the first record of the new one is built, and no restart reaches behind it.
 */
import { SOURCE_TABLES } from '#schemas/source/lph.ts';
import type { StreamEntry } from '../aws/kinesis.ts';
import type { Weather } from '../engine/faults.ts';
import type { Random } from '../engine/random.ts';
import type { VirtualTime } from '../engine/virtual-time.ts';
import type { Commit, SourceDatabase } from '../source/source-database.ts';
import { changeEntry, controlEntry } from './dms-message.ts';
import { CachedChange, FullLoad } from './full-load.ts';
import { type FullLoadStyle, LOAD_THEN_CHANGES } from './full-load-style.ts';
import { poisonEntry } from './poison.ts';
import { Producer, type Put } from './producer.ts';

const TABLES: readonly string[] = SOURCE_TABLES.map(({ name }) => name);
/** Commits by which a checkpoint may lag. */
const CHECKPOINT_LAG_MAX = 8;

export class SimulatedDms {
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #weather: Weather;
  readonly #database: SourceDatabase;
  readonly #style: FullLoadStyle;
  readonly #producer: Producer;
  /** Number of the next commit to read. */
  #next = 0;
  /** No restart goes back behind this commit: there the replication, or its lineage, began. */
  #floor = 0;
  /** Commits that are read and not wholly accepted: number → records. */
  readonly #outstanding = new Map<number, number>();
  /** From which commit on the changes of a table are captured. */
  readonly #captureFrom = new Map<string, number>();
  #load: FullLoad | undefined;
  #isFirstLoad = false;
  readonly #waitingReloads: (readonly string[])[] = [];
  #lineage = '';
  #reading = false;
  #started = false;
  #life = 0;
  #lastBuiltMicros = 0;
  #lastChange: StreamEntry | undefined;
  readonly #poisoned: StreamEntry[] = [];

  constructor(
    time: VirtualTime,
    random: Random,
    weather: Weather,
    database: SourceDatabase,
    put: Put,
    style: FullLoadStyle = LOAD_THEN_CHANGES,
  ) {
    this.#time = time;
    this.#random = random;
    this.#weather = weather;
    this.#database = database;
    this.#style = style;
    this.#producer = new Producer(time, random.fork('producer'), weather, put);
    database.onCommit(() => this.#wake());
  }

  /** Full load of what is there now, then the changes from now on. */
  start(): void {
    this.#started = true;
    this.#next = this.#database.commits.length;
    this.#floor = this.#next;
    this.#lineage = this.#database.lineage;
    for (const table of TABLES) this.#captureFrom.set(table, this.#next);
    this.#beginLoad(TABLES, true);
  }

  /** Loads tables again beside the changes: DMS's reload of tables. Deletions are no part of it. */
  reload(tables: readonly string[] = TABLES): void {
    this.#waitingReloads.push(tables);
    this.#wake();
  }

  /** The checkpoint has caught up, as it does within minutes: no restart reaches back behind this moment. */
  catchUp(): void {
    this.#floor = this.#next;
  }

  /** Everything that was committed has been put and accepted, and every load is done. */
  get idle(): boolean {
    return (
      this.#started &&
      this.#load === undefined &&
      this.#waitingReloads.length === 0 &&
      this.#next === this.#database.commits.length &&
      this.#outstanding.size === 0 &&
      this.#producer.idle
    );
  }

  /** Records that nobody can apply; each is on the stream at least once when the replication is idle. */
  get poisoned(): readonly StreamEntry[] {
    return this.#poisoned;
  }

  #wake(): void {
    if (!this.#started || this.#reading) return;
    this.#reading = true;
    const life = this.#life;
    this.#time.after(this.#random.between(1, 60), () => void this.#read(life));
  }

  async #read(life: number): Promise<void> {
    while (life === this.#life) {
      if (this.#load && this.#style.changes === 'after-all') break;
      const reload = this.#load ? undefined : this.#waitingReloads.shift();
      if (reload) {
        if (this.#style.changes === 'after-all') await this.#drained(life);
        if (life !== this.#life) this.#waitingReloads.unshift(reload);
        else this.#beginLoad(reload, false);
        continue;
      }
      const commit = this.#database.commits[this.#next];
      if (!commit) break;
      if (commit.failOver && commit.lineage !== this.#lineage) {
        await this.#drained(life);
        if (life === this.#life) this.#beginLineage(commit, commit.failOver.fullLoad);
        continue;
      }
      this.#capture(commit, this.#next++);
      if (this.#random.chance(this.#weather.faults.dmsRestart)) return this.#restart();
      if (this.#random.chance(0.3)) await this.#time.sleep(this.#random.between(1, 200));
    }
    if (life === this.#life) this.#reading = false;
  }

  /** Nothing is under way any more: what was read before is on the stream. */
  async #drained(life: number): Promise<void> {
    while (life === this.#life && !(this.#producer.idle && this.#outstanding.size === 0 && !this.#load)) {
      await this.#time.sleep(50);
    }
  }

  #beginLineage(commit: Commit, fullLoad: boolean): void {
    this.#lineage = commit.lineage;
    this.#floor = this.#next++;
    // What is captured begins with the switch, also for a table that is loaded later: a deletion in between would be known to nobody.
    for (const table of TABLES) this.#captureFrom.set(table, this.#floor);
    if (fullLoad) this.#beginLoad(TABLES, false);
    else this.#announce(['awsdms_apply_exceptions', ...TABLES]);
  }

  #capture(commit: Commit, number: number): void {
    for (const [place, write] of commit.changes.entries()) {
      if (number < (this.#captureFrom.get(write.table) ?? 0)) continue;
      const change = new CachedChange(write, commit, place + 1, number);
      this.#hold(number);
      if (!this.#load?.keepsBack(change)) this.#sendChange(change);
    }
    if (commit.alteration) {
      const { table } = commit.alteration;
      this.#send(controlEntry('add-column', table, this.#database.columns(table), this.#builtAt()), number);
    }
    if (this.#random.chance(this.#weather.faults.poison)) this.#poison();
  }

  #sendChange({ write, commit, recordId, number }: CachedChange): void {
    const { lineage, transactionId, committedAtMs } = commit;
    const entry = changeEntry(write, { lineage, transactionId, recordId, committedAtMs }, this.#builtAt());
    this.#lastChange = entry;
    this.#producer.send(entry, () => this.#release(number));
  }

  #send(entry: StreamEntry, number: number): void {
    this.#hold(number);
    this.#producer.send(entry, () => this.#release(number));
  }

  #hold(number: number): void {
    this.#outstanding.set(number, (this.#outstanding.get(number) ?? 0) + 1);
  }

  #release(number: number): void {
    const left = (this.#outstanding.get(number) ?? 1) - 1;
    if (left > 0) this.#outstanding.set(number, left);
    else this.#outstanding.delete(number);
  }

  #poison(): void {
    const entry = poisonEntry(this.#random, this.#lastChange);
    this.#poisoned.push(entry);
    this.#producer.sendInSpiteOfRestarts(entry);
  }

  #announce(tables: readonly string[]): void {
    for (const table of tables) {
      const entry = controlEntry('create-table', table, this.#database.columns(table), this.#builtAt());
      this.#producer.send(entry, () => {});
    }
  }

  #beginLoad(tables: readonly string[], isFirst: boolean): void {
    this.#announce(tables);
    const life = this.#life;
    const load = new FullLoad(tables, this.#style, this.#database, this.#random);
    this.#load = load;
    this.#isFirstLoad = isFirst;
    const recapture = isFirst && this.#style.captureFrom === 'each-table';
    void load.run({
      lineage: this.#lineage,
      builtAt: () => this.#builtAt(),
      sleep: (ms) => this.#time.sleep(ms),
      send: (entry, onAccepted) => this.#producer.send(entry, onAccepted),
      sendChange: (change) => this.#sendChange(change),
      onTableBegun: (table) => recapture && this.#captureFrom.set(table, this.#database.commits.length),
      isStopped: () => life !== this.#life,
      onDone: () => this.#loaded(),
    });
  }

  #loaded(): void {
    this.#load = undefined;
    this.#announce(['awsdms_apply_exceptions']);
    this.#wake();
  }

  /** Goes on from an older checkpoint. A load that was under way begins again from zero. */
  #restart(): void {
    this.#life += 1;
    this.#producer.restart();
    const firstOpen = Math.min(this.#next, ...this.#outstanding.keys());
    this.#next = Math.max(this.#floor, firstOpen - this.#random.below(CHECKPOINT_LAG_MAX));
    this.#outstanding.clear();
    this.#reading = false;
    this.#announce(['awsdms_apply_exceptions']);
    const interrupted = this.#load?.tables;
    this.#load = undefined;
    if (interrupted) this.#beginLoad(interrupted, this.#isFirstLoad);
    this.#wake();
  }

  /** Microseconds, never twice the same. */
  #builtAt(): string {
    this.#lastBuiltMicros = Math.max(this.#lastBuiltMicros + 1, this.#time.nowMs() * 1000);
    const ms = Math.floor(this.#lastBuiltMicros / 1000);
    return `${new Date(ms).toISOString().slice(0, -1)}${String(this.#lastBuiltMicros % 1000).padStart(3, '0')}Z`;
  }
}
