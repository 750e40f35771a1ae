import { describe, expect, test } from 'vitest';
import { preconditionMissing } from '#cli/command-failure.ts';
import { replaySettingsOf } from '#cli/connection/replay-settings.ts';
import { EXIT } from '#cli/exit-code.ts';
import { archivedWindow } from '#cli/replay/archived-window.ts';
import { beforeStart, newReplayId, nextExecution } from '#cli/replay/begin-replay.ts';
import { changesText } from '#cli/replay/planned-replay.ts';
import { duration, pointInTime } from '#cli/replay/point-in-time.ts';
import { renderStatus, verdictOn } from '#cli/replay/replay-status.ts';
import { describeFilter, EVERYTHING } from '#core/replay/record-filter.ts';
import { replayProgress } from '#core/replay/replay-progress.ts';
import { newCheckpoint, type ReplayRequest } from '#core/replay/replay-run.ts';

const NOW = Date.parse('2026-11-20T12:00:00Z');

describe('a point in time', () => {
  test.each([
    ['now', '2026-11-20T12:00:00.000Z'],
    ['-2h', '2026-11-20T10:00:00.000Z'],
    ['- 30 s', '2026-11-20T11:59:30.000Z'],
    ['90m ago', '2026-11-20T10:30:00.000Z'],
    ['1d ago', '2026-11-19T12:00:00.000Z'],
    ['2026-11-20T08:00Z', '2026-11-20T08:00:00.000Z'],
    ['2026-11-20T08:00:00.25+01:00', '2026-11-20T07:00:00.250Z'],
  ])('%s', (text, expected) => {
    expect(new Date(pointInTime(text)(NOW)).toISOString()).toBe(expected);
  });

  test.each(['yesterday', '2h', '2026-11-20', '2026-11-20T08:00:00', '2026-13-20T08:00:00Z', ''])(
    '%j is refused, with what is allowed',
    (text) => {
      expect(() => pointInTime(text)).toThrow('ISO 8601 with a zone');
    },
  );

  test('durations are told in their two largest units', () => {
    expect([0, 999, 61_000, 3_600_000, 90_061_000].map(duration)).toEqual([
      '0 s',
      '1 s',
      '1 min 1 s',
      '1 h',
      '1 d 1 h',
    ]);
  });
});

describe('the settings of the deployment', () => {
  const settingsOf = (text: string) =>
    replaySettingsOf({ clientConfig: { maxAttempts: 1 }, region: 'r', outputs: new Map([['ReplaySettings', text]]) });

  test.each(['{}', 'nonsense', '{"graceSeconds":60,"redirectDays":30,"fanOutLimit":100}'])(
    'that this version does not understand are a precondition, for a replay and a rebuild alike: %s',
    (text) => {
      expect(() => settingsOf(text)).toThrow(
        expect.objectContaining({ exitCode: EXIT.precondition, message: expect.stringContaining(text) }),
      );
    },
  );
});

describe('a refusal', () => {
  const refusal = () => archivedWindow({ archive: undefined }, {}, { fromMs: 0, toMs: 1 }, NOW);

  test('of a plan says what is wrong and what to do, and nothing of what a plan never does', async () => {
    await expect(refusal()).rejects.toMatchObject({ next: expect.not.stringContaining('started') });
  });

  test('of a command that would have started a replay says as well that nothing was started', async () => {
    await expect(beforeStart(refusal)).rejects.toMatchObject({
      message: expect.stringContaining('archive is not on'),
      next: expect.stringMatching(/^Nothing was started\. .*relay reload/),
      exitCode: EXIT.precondition,
    });
    await expect(beforeStart(() => Promise.reject(preconditionMissing('no.')))).rejects.toMatchObject({
      next: 'Nothing was started.',
    });
    const unforeseen = new Error('unforeseen');
    await expect(beforeStart(() => Promise.reject(unforeseen))).rejects.toBe(unforeseen);
  });
});

describe('a replay', () => {
  test('is named by its time, and its executions are counted', () => {
    const replayId = newReplayId(NOW, () => 0.5);
    expect(replayId).toMatch(/^20261120T120000Z-[0-9a-z]{4}$/);
    expect(nextExecution({ replayId, execution: '' })).toBe(`${replayId}-1`);
    expect(nextExecution({ replayId, execution: `${replayId}-9` })).toBe(`${replayId}-10`);
  });

  const request: ReplayRequest = {
    source: 'stream',
    window: { fromMs: NOW - 1000, toMs: NOW },
    filter: EVERYTHING,
    allowGap: false,
    readShare: 1,
    generations: [['a', 'b'], ['c']],
  };

  test('that has not begun knows no rate and no time left', () => {
    expect(replayProgress(request, [])).toMatchObject({ fraction: 0, recordsPerSecond: undefined, leftMs: undefined });
  });

  test('that was stopped shortly before the end of its shards says how far each is, beside that none is done', () => {
    const run = { replayId: 'r', request, execution: 'r-1', startedAtMs: NOW, stopped: true };
    const shard = (shardId: string, leftMs: number) => ({
      ...newCheckpoint(shardId),
      arrivedAtMs: NOW - leftMs,
      batches: 1,
    });
    const progressLine = (...checkpoints: ReturnType<typeof shard>[]): string | undefined =>
      renderStatus({ run, state: 'stopped', progress: replayProgress(request, checkpoints) }).split('\n')[2];
    expect(progressLine(shard('a', 5), shard('b', 30), shard('c', 10))).toBe(
      'progress  98 % of the window; 0 of 3 shards done, 3 begun and at 97 % to 99 %',
    );
    expect(progressLine(shard('a', 5), { ...shard('b', 0), done: true })).toBe(
      'progress  66 % of the window; 1 of 3 shards done, 1 begun and at 99 %',
    );
    expect(progressLine()).toBe('progress  0 % of the window; 0 of 3 shards done');
  });

  test('that has ended otherwise than well is resumed, and is a trouble unless somebody stopped it', () => {
    expect((['running', 'succeeded'] as const).map(verdictOn)).toEqual(
      Array(2).fill({ needsResume: false, exitCode: EXIT.ok }),
    );
    expect(verdictOn('stopped')).toEqual({ needsResume: true, exitCode: EXIT.ok });
    for (const state of ['failed', 'timed out', 'not started'] as const)
      expect(verdictOn(state)).toEqual({ needsResume: true, exitCode: EXIT.drift });
  });

  test('tells what it leaves out as tables and as ids of metrics, not as a number of them', () => {
    expect(describeFilter(EVERYTHING)).toBeUndefined();
    expect(describeFilter({ tables: ['metrics'], metricIds: ['1'] })).toBe('table metrics; metric id 1');
    expect(describeFilter({ tables: ['a', 'b'], metricIds: ['1', '2'] })).toBe('tables a, b; metric ids 1, 2');
  });

  test('is as far as its shards are in the time of the window, and goes on as it went', () => {
    const a = { ...newCheckpoint('a'), arrivedAtMs: NOW - 500, looked: 100, workedMs: 10_000 };
    const b = { ...newCheckpoint('b'), arrivedAtMs: NOW, looked: 300, workedMs: 20_000, done: true };
    const progress = replayProgress(request, [a, b]);
    expect(progress).toMatchObject({ fraction: 0.5, shardsDone: 1, looked: 400 });
    expect(Math.round(progress.recordsPerSecond ?? 0)).toBe(13);
    // Half of a is left, 10 s; then c, as long as a and b took for the whole window on average, 20 s.
    expect(progress.leftMs).toBe(30_000);
  });
});

describe('what a replay would change', () => {
  const none = { nothing: true, items: [], events: [], mirrorItems: 0 };
  const item = { name: 'views', version: '0', change: 'put' as const };
  const event = { name: 'views', change: 'UPDATED', revision: 2 };

  test('is nothing only when the mirror stays as it is too', () => {
    expect(changesText(none)).toBe('nothing');
    expect(changesText({ ...none, mirrorItems: 1 })).toBe(
      'no item of the Metrics table and no event; 1 row or head of the row mirror, which no reader sees',
    );
  });

  test('tells the items that readers see from those of the mirror', () => {
    const changes = { nothing: false, items: [item], events: [event, event] };
    expect(changesText({ ...changes, mirrorItems: 0 })).toBe('1 item of the Metrics table, 2 events');
    expect(changesText({ ...changes, mirrorItems: 3 })).toBe(
      '1 item of the Metrics table, 2 events; 3 rows and heads of the row mirror, which no reader sees',
    );
  });
});
