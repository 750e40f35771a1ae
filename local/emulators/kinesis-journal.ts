/**
 * What keeps every answered put of the Kinesis emulator through `kill -9`, as Kinesis itself keeps it. The emulator holds its state in
 * memory and writes all of it to one file when it is told to (kinesis-preload.mjs); between two writes, each new record is appended
 * here before anybody can see it, and a change of anything else (a stream, its shards) writes the whole file at once. The next
 * start adds the appended records to the file before the emulator reads it. Nothing waits for the disk: what a process has handed to
 * the operating system outlives the process, and only that is promised.
 */
import fs from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** `kinesis-data.json` → `kinesis-data.json.journal-7`; numbers grow. */
const JOURNAL = '.journal-';

interface StoredRecord {
  readonly SequenceNumber: string;
}

/** Shards by their description as JSON text. */
interface WholeState {
  readonly streams: Record<string, { streamStatus: string; readonly shards: Readonly<Record<string, StoredRecord[]>> }>;
}

interface Entry {
  readonly stream: string;
  readonly shard: string;
  readonly record: StoredRecord;
}

/** Replaces a file as a whole: a reader, and a kill, find the old text or the new one. */
export function replaceFile(file: string, text: string): void {
  fs.writeFileSync(`${file}.new`, text);
  fs.renameSync(`${file}.new`, file);
}

/** Journals of a state file, oldest first, as `{ file, number }`. */
export function journalsOf(wholeFile: string): { readonly file: string; readonly number: number }[] {
  const prefix = `${basename(wholeFile)}${JOURNAL}`;
  return fs
    .readdirSync(dirname(wholeFile))
    .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
    .map((name) => ({ file: join(dirname(wholeFile), name), number: Number(name.slice(prefix.length)) }))
    .toSorted((one, other) => one.number - other.number);
}

/**
 * Makes the state file what it would be had the emulator not been killed: adds what the journals hold, removes them, and finishes what
 * was under way with a stream, which the emulator does not take up again. A record that the file has already is passed over, so a
 * kill in the middle of this does no harm. Answers how many records were added.
 */
export function recover(wholeFile: string): number {
  const journals = journalsOf(wholeFile);
  const entries = journals.flatMap(({ file }) => entriesOf(fs.readFileSync(file, 'utf8')));
  const text = fs.existsSync(wholeFile) ? fs.readFileSync(wholeFile, 'utf8') : '';
  let added = 0;
  if (entries.length > 0 || UNDER_WAY.test(text)) {
    const state = JSON.parse(text) as WholeState;
    added = addRecords(state, entries);
    const finished = finishStreams(state);
    if (added > 0 || finished) replaceFile(wholeFile, JSON.stringify(state));
  }
  for (const { file } of journals) fs.rmSync(file);
  return added;
}

/** Quick to find in a large file; values cannot hold it, because a quotation mark inside of one is escaped. */
const UNDER_WAY = /"streamStatus":"(CREATING|UPDATING|DELETING)"/;

function addRecords(state: WholeState, entries: readonly Entry[]): number {
  const places = new Map<string, { readonly records: StoredRecord[]; known: Set<string> | undefined }>();
  for (const [arn, { shards }] of Object.entries(state.streams)) {
    for (const [shard, records] of Object.entries(shards)) {
      places.set(`${arn} ${(JSON.parse(shard) as { ShardId: string }).ShardId}`, { records, known: undefined });
    }
  }
  let added = 0;
  for (const { stream, shard, record } of entries) {
    const place = places.get(`${stream} ${shard}`);
    // A shard is in the file before a record can be put into it; a stream that is missing was deleted since.
    if (place === undefined) continue;
    place.known ??= new Set(place.records.map(({ SequenceNumber }) => SequenceNumber));
    if (place.known.has(record.SequenceNumber)) continue;
    place.known.add(record.SequenceNumber);
    place.records.push(record);
    added += 1;
  }
  return added;
}

/** Shards change at once and the status a moment later, so there is nothing left to do but to say that it is done. */
function finishStreams({ streams }: WholeState): boolean {
  let finished = false;
  for (const [arn, stream] of Object.entries(streams)) {
    if (stream.streamStatus === 'ACTIVE') continue;
    finished = true;
    if (stream.streamStatus === 'DELETING') delete streams[arn];
    else stream.streamStatus = 'ACTIVE';
  }
  return finished;
}

/** A last line without its end was being written when the process was killed: nobody was told of its records. */
function entriesOf(text: string): Entry[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Entry);
}

/**
 * How to look into the emulator's immutable state `S` with its streams `T`, shards `H`, lists of records `L` and records `R`. What did not
 * change is the same object in the next state.
 */
export interface StateView<S, T, H, L, R> {
  isState(value: unknown): value is S;
  /** The whole state as the emulator's file has it. */
  whole(state: S): string;
  /** By ARN. */
  streams(state: S): readonly (readonly [string, T])[];
  /** What a state has beside its streams. */
  others(state: S): readonly unknown[];
  /** What a stream has beside its shards. */
  settings(stream: T): readonly unknown[];
  /** By shard id. */
  shards(stream: T): readonly (readonly [string, H, L])[];
  sameShard(one: H, other: H): boolean;
  count(records: L): number;
  at(records: L, index: number): R | undefined;
  json(record: R): string;
}

export interface Journal {
  /** To be called with every new state before it takes effect. */
  changed(before: unknown, after: unknown): void;
  /** Begins a new journal and answers its number: a state that is asked for later than this holds what is in the older ones. */
  next(): number;
  /** Bytes appended to the journal that is being written. */
  bytes(): number;
  /** Removes the journals older than the one with this number. */
  forgetBefore(limit: number): void;
}

/** The journal of a running emulator. `onWhole` is told when a change has made it write the whole state. */
export function openJournal<S, T, H, L, R>(
  wholeFile: string,
  view: StateView<S, T, H, L, R>,
  onWhole: () => void,
): Journal {
  let number = journalsOf(wholeFile).at(-1)?.number ?? 0;
  let descriptor: number | undefined;
  let appended = 0;

  const append = (lines: readonly string[]): void => {
    descriptor ??= fs.openSync(`${wholeFile}${JOURNAL}${number}`, 'a', 0o600);
    const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
    appended += bytes.length;
    for (let done = 0; done < bytes.length; ) done += fs.writeSync(descriptor, bytes, done);
  };
  const next = (): number => {
    if (descriptor !== undefined) fs.closeSync(descriptor);
    descriptor = undefined;
    appended = 0;
    number += 1;
    return number;
  };
  const forgetBefore = (limit: number): void => {
    for (const journal of journalsOf(wholeFile)) if (journal.number < limit) fs.rmSync(journal.file);
  };

  return {
    changed(before, after) {
      if (before === after || !view.isState(after)) return;
      const lines = appendedRecords(view, before, after);
      if (lines === undefined) {
        replaceFile(wholeFile, view.whole(after));
        forgetBefore(next());
        onWhole();
      } else if (lines.length > 0) append(lines);
    },
    next,
    bytes: () => appended,
    forgetBefore,
  };
}

/** The journal lines that lead from one state to the next, or undefined when more than new records tells them apart. */
export function appendedRecords<S, T, H, L, R>(
  view: StateView<S, T, H, L, R>,
  before: unknown,
  after: S,
): string[] | undefined {
  if (!view.isState(before) || !sameElements(view.others(before), view.others(after))) return undefined;
  const streams = pairs(view.streams(before), view.streams(after));
  if (streams === undefined) return undefined;
  const lines: string[] = [];
  for (const [[arn, old], [, fresh]] of streams) {
    if (old === fresh) continue;
    if (!sameElements(view.settings(old), view.settings(fresh))) return undefined;
    const shards = pairs(view.shards(old), view.shards(fresh));
    if (shards === undefined) return undefined;
    for (const [[shardId, oldShard, oldRecords], [, shard, records]] of shards) {
      if (!view.sameShard(oldShard, shard)) return undefined;
      if (oldRecords === records) continue;
      const last = view.count(oldRecords) === 0 ? undefined : view.at(oldRecords, view.count(oldRecords) - 1);
      const added: R[] = [];
      for (let index = view.count(records) - 1; index >= 0; index -= 1) {
        const record = view.at(records, index);
        if (record === undefined || record === last) break;
        added.push(record);
      }
      for (const record of added.toReversed()) {
        lines.push(
          `{"stream":${JSON.stringify(arn)},"shard":${JSON.stringify(shardId)},"record":${view.json(record)}}`,
        );
      }
    }
  }
  return lines;
}

/** Elements of both lists side by side, or undefined when their names (the first members) differ. */
function pairs<E extends readonly [string, ...unknown[]]>(
  before: readonly E[],
  after: readonly E[],
): [E, E][] | undefined {
  if (before.length !== after.length) return undefined;
  const both: [E, E][] = [];
  for (const [index, one] of before.entries()) {
    const other = after[index];
    if (other === undefined || one[0] !== other[0]) return undefined;
    both.push([one, other]);
  }
  return both;
}

const sameElements = (one: readonly unknown[], other: readonly unknown[]): boolean =>
  one.length === other.length && one.every((element, index) => Object.is(element, other[index]));
