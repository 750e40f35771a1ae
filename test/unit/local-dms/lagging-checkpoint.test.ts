import { expect, it } from 'vitest';
import { LaggingCheckpoint } from '#local/dms/lagging-checkpoint.ts';

function world(lagMs: number) {
  const clock = { now: 1_000_000 };
  const stored = new Map<string, unknown>();
  const store = {
    get: (key: string) => stored.get(key),
    set: async (key: string, value: unknown) => {
      stored.set(key, value);
    },
  };
  return {
    clock,
    stored,
    checkpoint: new LaggingCheckpoint(store, 'replication', lagMs, () => clock.now),
  };
}

it('records a place only when it was accepted longer ago than the lag', async () => {
  const { clock, stored, checkpoint } = world(5000);
  checkpoint.accepted('first');
  clock.now += 3000;
  checkpoint.accepted('second');
  clock.now += 1999;
  await checkpoint.advance();
  expect(stored.get('replication')).toBeUndefined();
  clock.now += 1;
  await checkpoint.advance();
  expect(stored.get('replication')).toBe('first');
  clock.now += 3000;
  await checkpoint.advance();
  expect(stored.get('replication')).toBe('second');
});

it('advances under a stream of places that never pauses', async () => {
  const { clock, stored, checkpoint } = world(1000);
  for (let n = 0; n < 1000; n++) {
    checkpoint.accepted(n);
    clock.now += 5;
    await checkpoint.advance();
    const recorded = stored.get('replication');
    // Never newer than the lag allows: one place every 5 ms.
    if (recorded !== undefined) expect(n - Number(recorded)).toBeGreaterThanOrEqual(1000 / 5 - 1);
  }
  expect(Number(stored.get('replication'))).toBeGreaterThan(700);
});

it('forgets what was accepted before a restart', async () => {
  const { clock, stored, checkpoint } = world(100);
  checkpoint.accepted('before the restart');
  checkpoint.forget();
  clock.now += 1000;
  await checkpoint.advance();
  expect(stored.size).toBe(0);
});
