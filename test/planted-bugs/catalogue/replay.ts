/** Bugs in what a replay may leave out, where it ends and what its checkpoints say. Laws L1, L2, L4 and L7. */
import type { Mutant } from '../mutant.ts';

const COVERED = 'core/publication/covered-rows.ts';
const WINDOW = 'core/replay/read-window.ts';
const APPLY = 'core/replay/apply-records.ts';
const covered = ['test/unit/core/covered-rows.test.ts', 'test/property/every-crash.property.test.ts'];
const reading = ['test/unit/replay/read-window.test.ts'];
const slice = ['test/unit/replay/replay-slice.test.ts'];

export const REPLAY: readonly Mutant[] = [
  {
    name: 'everything-is-covered',
    breaks: 'a duplicate whose row was stored and never recomputed is the retry after a crash',
    file: COVERED,
    find: 'return fingerprints.every((fingerprint) => covered.has(fingerprint));',
    replace: 'return covered.size > 0 || fingerprints.length > 0;',
    likely: covered,
  },
  {
    name: 'unfinished-work-is-covered',
    breaks: 'a head that still has to wake, to claim, to clean or to wait covers nothing',
    file: COVERED,
    find: 'return vacated.length === 0 && claimedName === null && !waiting && !unfinished && !displaced && !deleting;',
    replace:
      'return vacated.length + (claimedName ?? "").length + [waiting, unfinished, displaced, deleting].length >= 0;',
    likely: covered,
  },
  {
    name: 'one-row-found-as-it-was-speaks-for-all',
    breaks: 'a metric of which one row changed is recomputed, whatever else of it was found as it was',
    file: 'core/replication/replicate-batch.ts',
    find: 'return states.length === lanes.length ? states : undefined;',
    replace: 'return states.length > 0 ? states : undefined;',
    likely: covered,
  },
  {
    name: 'a-fan-out-of-a-change-says-that-nothing-changed',
    breaks: 'the users of a row that changed are recomputed, however many they are',
    file: 'core/replication/replicate-batch.ts',
    find: 'const known = found && isCoverable(found) && { foundAs: [...found] };',
    replace: 'const known = { foundAs: [...(found ?? [])] };',
    likely: ['test/unit/core/run-projection.test.ts'],
  },
  {
    name: 'a-late-slice-takes-the-shard-of-the-resumed-one',
    breaks: 'a slice of an execution that was aborted takes no shard away',
    file: 'core/replay/replay-journal.ts',
    find: '      await permit();\n',
    replace: '',
    likely: slice,
  },
  {
    name: 'an-expired-shard-is-done-though-nobody-allowed-the-gap',
    breaks: 'what has left the stream is never passed over in silence',
    file: 'core/replay/replay-slice.ts',
    find: 'error instanceof ShardExpired && run?.request.allowGap',
    replace: 'error instanceof ShardExpired && run',
    likely: slice,
  },
  {
    name: 'every-unread-shard-is-young',
    breaks: 'a shard that was there at the horizon may have lost what the window has of it',
    file: 'core/replay/replay-slice.ts',
    find: 'return shards.some((shard) => parents.includes(shard.shardId));',
    replace: 'return shards.length + parents.length >= 0;',
    likely: slice,
  },
  {
    name: 'trouble-is-noted-of-a-shard-that-is-done',
    breaks: 'a shard that is done says nothing else',
    file: 'core/replay/replay-slice.ts',
    find: ' && !held.checkpoint.done;',
    replace: ';',
    likely: slice,
  },
  {
    name: 'the-horizon-is-looked-at-once',
    breaks: 'what leaves the stream while a slice reads is not passed over in silence',
    file: 'core/replay/replay-slice.ts',
    find: 'refuseGapBehind(run, held.checkpoint.arrivedAtMs, nowMs() - retentionMs);',
    replace: '',
    likely: slice,
  },
  {
    name: 'window-without-slack',
    breaks: 'arrival times go back: reading ends some time behind the window',
    file: WINDOW,
    find: 'const overAtMs = this.#window.toMs + ARRIVAL_SLACK_MS;',
    replace: 'const overAtMs = this.#window.toMs;',
    likely: reading,
  },
  {
    name: 'checkpoint-passes-what-failed',
    breaks: 'a checkpoint names a record only when everything before it is applied',
    file: APPLY,
    find: 'return first < 0 ? [] : tried.slice(first);',
    replace: 'return first < 0 ? [] : tried.slice(tried.length);',
    likely: slice,
  },
];
