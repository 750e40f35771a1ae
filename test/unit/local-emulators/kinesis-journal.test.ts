import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { appendedRecords, openJournal, recover, type StateView } from '#local/emulators/kinesis-journal.ts';

interface Rec {
  readonly SequenceNumber: string;
}
interface Stream {
  readonly retention: number;
  readonly shards: readonly (readonly [id: string, closed: boolean, records: readonly Rec[]])[];
}
interface State {
  readonly policies: string;
  readonly streams: readonly (readonly [string, Stream])[];
}

/** A state as plain values; as in the emulator, what did not change is the same object. */
const view: StateView<State, Stream, boolean, readonly Rec[], Rec> = {
  isState: (value: unknown): value is State => typeof value === 'object' && value !== null && 'streams' in value,
  others: (state: State) => [state.policies],
  streams: (state: State) => state.streams,
  settings: (stream: Stream) => [stream.retention],
  shards: (stream: Stream) => stream.shards,
  sameShard: (one: boolean, other: boolean) => one === other,
  count: (records: readonly Rec[]) => records.length,
  at: (records: readonly Rec[], index: number) => records[index],
  json: (record: Rec) => JSON.stringify(record),
  whole: (state: State) =>
    JSON.stringify({
      streams: Object.fromEntries(
        state.streams.map(([arn, { shards }]) => [
          arn,
          {
            streamStatus: 'ACTIVE',
            shards: Object.fromEntries(shards.map(([ShardId, , records]) => [JSON.stringify({ ShardId }), records])),
          },
        ]),
      ),
    }),
};

const rec = (n: number): Rec => ({ SequenceNumber: String(n) });
const state = (first: readonly Rec[], second: readonly Rec[] = [], closed = false): State => ({
  policies: 'none',
  streams: [
    ['arn', { retention: 24, shards: [['shard-0', closed, first] as const, ['shard-1', false, second] as const] }],
  ],
});

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kinesis-journal-'));
  file = join(directory, 'state.json');
});
afterEach(() => rmSync(directory, { recursive: true }));

const numbers = (): string[][] =>
  Object.values(
    (JSON.parse(readFileSync(file, 'utf8')) as { streams: { arn: { shards: object } } }).streams.arn.shards,
  ).map((records: readonly Rec[]) => records.map(({ SequenceNumber }) => SequenceNumber));

it('records that are only in the journal are in the file after the next start, once and in order', () => {
  const journal = openJournal(file, view, () => {});
  const [a, b, c, d] = [rec(1), rec(2), rec(3), rec(4)] as const;
  const states = [state([]), state([a, b]), state([a, b], [c]), state([a, b, d], [c])];
  journal.changed(undefined, states[0]);
  for (const [index, after] of states.slice(1).entries()) journal.changed(states[index], after);
  expect(numbers()).toEqual([[], []]);
  expect(recover(file)).toBe(4);
  expect(numbers()).toEqual([['1', '2', '4'], ['3']]);
  expect([recover(file), readdirSync(directory)]).toEqual([0, ['state.json']]);
});

it('a record that the file has already, and a line that was cut by the kill, are passed over', () => {
  const journal = openJournal(file, view, () => {});
  const [a, b] = [rec(1), rec(2)] as const;
  journal.changed(undefined, state([a]));
  journal.changed(state([a]), state([a]));
  const before = state([a]);
  journal.changed(before, state([...(before.streams[0]?.[1].shards[0]?.[2] ?? []), b]));
  const [name = ''] = readdirSync(directory).filter((one) => one.includes('journal'));
  const text = readFileSync(join(directory, name), 'utf8');
  writeFileSync(join(directory, name), `${text}${text}{"stream":"arn","shard":"shard-1","rec`);
  expect(recover(file)).toBe(1);
  expect(numbers()).toEqual([['1', '2'], []]);
});

it('a change of anything but records writes the whole state at once and ends the journal', () => {
  let written = 0;
  const journal = openJournal(file, view, () => {
    written += 1;
  });
  const [a, b] = [rec(1), rec(2)] as const;
  const open = state([a]);
  const closed = state([a, b], [], true);
  journal.changed(undefined, open);
  journal.changed(open, closed);
  expect(written).toBe(2);
  expect(numbers()).toEqual([['1', '2'], []]);
  expect(readdirSync(directory)).toEqual(['state.json']);
});

it('says that more than records changed for a setting, a policy, a shard and a stream', () => {
  const before = state([]);
  const [[arn, stream] = ['', { retention: 0, shards: [] }]] = before.streams;
  const changes: State[] = [
    { ...before, policies: 'other' },
    { ...before, streams: [[arn, { ...stream, retention: 48 }]] },
    { ...before, streams: [[arn, { ...stream, shards: [...stream.shards, ['shard-2', false, []]] }]] },
    { ...before, streams: [] },
    state([], [], true),
  ];
  for (const after of changes) expect(appendedRecords(view, before, after)).toBeUndefined();
  expect(appendedRecords(view, before, { ...before })).toEqual([]);
});

it('says how much the journal that is being written holds', () => {
  const journal = openJournal(file, view, () => {});
  const [none, one] = [state([]), state([rec(1)])];
  journal.changed(undefined, none);
  expect(journal.bytes()).toBe(0);
  journal.changed(none, one);
  expect(journal.bytes()).toBe(statSync(join(directory, 'state.json.journal-1')).size);
  journal.next();
  expect(journal.bytes()).toBe(0);
});

it('a journal is removed only when a state that was asked for after its end is in the file', () => {
  const journal = openJournal(file, view, () => {});
  const [a, b] = [rec(1), rec(2)] as const;
  const [none, one, two] = [state([]), state([a]), state([a, b])];
  journal.changed(undefined, none);
  journal.changed(none, one);
  const second = journal.next();
  journal.changed(one, two);
  journal.forgetBefore(second);
  expect(recover(file)).toBe(1);
  expect(numbers()).toEqual([['2'], []]);
  expect(existsSync(file)).toBe(true);
});

it('what was under way with a stream when the emulator was killed is finished', () => {
  const stream = (streamStatus: string) => ({ streamStatus, shards: {} });
  const streams = {
    made: stream('CREATING'),
    split: stream('UPDATING'),
    gone: stream('DELETING'),
    idle: stream('ACTIVE'),
  };
  writeFileSync(file, JSON.stringify({ streams }));
  expect(recover(file)).toBe(0);
  const active = stream('ACTIVE');
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ streams: { made: active, split: active, idle: active } });
});
