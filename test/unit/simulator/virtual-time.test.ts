/** The agenda of a world, and the time that is left out of it. */
import { expect, test } from 'vitest';
import { VirtualTime } from '#simulator/engine/virtual-time.ts';

test('in skipped time nothing happens: whoever sleeps wakes after as long as he had to sleep, in the order as before', async () => {
  const time = new VirtualTime();
  const startMs = time.nowMs();
  const woken: [string, number][] = [];
  for (const [name, ms] of [
    ['late', 500],
    ['early', 100],
    ['cancelled', 200],
  ] as const) {
    const cancel = time.after(ms, () => woken.push([name, time.nowMs() - startMs]));
    if (name === 'cancelled') cancel();
  }
  await time.runUntil(() => woken.length === 1, 1_000, 'the first wakes');
  time.skip(86_400_000);
  expect(time.nowMs() - startMs).toBe(86_400_100);
  await time.runUntil(() => woken.length === 2, 1_000, 'the second wakes');
  expect(woken).toEqual([
    ['early', 100],
    ['late', 86_400_500],
  ]);
});
