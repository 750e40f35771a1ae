// What keeps every answered put of the Kinesis emulator through `kill -9`, as Kinesis itself keeps it. The emulator holds its state in
// memory and writes all of it to one file from time to time (kinesis-preload.mjs); between two writes, each new record is appended
// here before anybody can see it, and a change of anything else (a stream, its shards) writes the whole file at once. The next
// start adds the appended records to the file before the emulator reads it. Nothing waits for the disk: what a process has handed to
// the operating system outlives the process, and only that is promised.
import fs from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** `kinesis-data.json` → `kinesis-data.json.journal-7`; numbers grow. */
const JOURNAL = '.journal-';

/** Replaces a file as a whole: a reader, and a kill, find the old text or the new one. */
export function replaceFile(file, text) {
  fs.writeFileSync(`${file}.new`, text);
  fs.renameSync(`${file}.new`, file);
}

/** Journals of a state file, oldest first, as `{ file, number }`. */
export function journalsOf(wholeFile) {
  const prefix = `${basename(wholeFile)}${JOURNAL}`;
  return fs
    .readdirSync(dirname(wholeFile))
    .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
    .map((name) => ({ file: join(dirname(wholeFile), name), number: Number(name.slice(prefix.length)) }))
    .toSorted((one, other) => one.number - other.number);
}

/**
 * Adds what the journals hold to the state file and removes them. A record that the file has already is passed over, so a kill in
 * the middle does no harm. Answers how many records were added.
 */
export function recover(wholeFile) {
  const journals = journalsOf(wholeFile);
  const entries = journals.flatMap(({ file }) => entriesOf(fs.readFileSync(file, 'utf8')));
  let added = 0;
  if (entries.length > 0) {
    const state = JSON.parse(fs.readFileSync(wholeFile, 'utf8'));
    const places = new Map();
    for (const [arn, { shards }] of Object.entries(state.streams)) {
      for (const [shard, records] of Object.entries(shards)) {
        places.set(`${arn} ${JSON.parse(shard).ShardId}`, { records, known: undefined });
      }
    }
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
    if (added > 0) replaceFile(wholeFile, JSON.stringify(state));
  }
  for (const { file } of journals) fs.rmSync(file);
  return added;
}

/** A last line without its end was being written when the process was killed: nobody was told of its records. */
function entriesOf(text) {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

/**
 * The journal of a running emulator. `view` looks into its state: `isState(value)`, `whole(state)` as JSON text, `streams(state)` as
 * `[arn, stream]`s, `others(state)` and `settings(stream)` (the fields beside those two lists), `shards(stream)` as `[shard id, shard, records]`s,
 * `sameShard(one, other)`, `count(records)`, `at(records, index)` and `json(record)` as text. `onWhole(state)` is told when the whole state has been written because of a change.
 */
export function openJournal(wholeFile, view, onWhole) {
  let number = journalsOf(wholeFile).at(-1)?.number ?? 0;
  let descriptor;

  const append = (lines) => {
    descriptor ??= fs.openSync(`${wholeFile}${JOURNAL}${number}`, 'a', 0o600);
    const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
    for (let done = 0; done < bytes.length; ) done += fs.writeSync(descriptor, bytes, done);
  };
  const next = () => {
    if (descriptor !== undefined) fs.closeSync(descriptor);
    descriptor = undefined;
    number += 1;
    return number;
  };
  const forgetBefore = (limit) => {
    for (const journal of journalsOf(wholeFile)) if (journal.number < limit) fs.rmSync(journal.file);
  };

  return {
    /** To be called with every new state before it takes effect. */
    changed(before, after) {
      if (before === after || !view.isState(after)) return;
      const lines = appendedRecords(view, before, after);
      if (lines === undefined) {
        replaceFile(wholeFile, view.whole(after));
        forgetBefore(next());
        onWhole(after);
      } else if (lines.length > 0) append(lines);
    },
    /** Begins a new journal and answers its number: a state that is asked for later than this holds what is in the older ones. */
    next,
    /** Removes the journals older than the one with this number. */
    forgetBefore,
  };
}

/** The journal lines that lead from one state to the next, or undefined when more than new records tells them apart. */
export function appendedRecords(view, before, after) {
  if (!view.isState(before) || !sameElements(view.others(before), view.others(after))) return undefined;
  const streams = pairs(view.streams(before), view.streams(after));
  if (streams === undefined) return undefined;
  const lines = [];
  for (const [[arn, old], [, fresh]] of streams) {
    if (old === fresh) continue;
    if (!sameElements(view.settings(old), view.settings(fresh))) return undefined;
    const shards = pairs(view.shards(old), view.shards(fresh));
    if (shards === undefined) return undefined;
    for (const [[shardId, oldShard, oldRecords], [, shard, records]] of shards) {
      if (!view.sameShard(oldShard, shard)) return undefined;
      if (oldRecords === records) continue;
      const last = view.count(oldRecords) === 0 ? undefined : view.at(oldRecords, view.count(oldRecords) - 1);
      const added = [];
      for (let index = view.count(records) - 1; index >= 0; index -= 1) {
        const record = view.at(records, index);
        if (record === last) break;
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

/** Elements of both lists side by side, or undefined when their first members (names) differ. */
function pairs(before, after) {
  if (before.length !== after.length) return undefined;
  const both = before.map((one, index) => [one, after[index]]);
  return both.every(([one, other]) => one[0] === other[0]) ? both : undefined;
}

const sameElements = (one, other) =>
  one.length === other.length && one.every((element, index) => Object.is(element, other[index]));
