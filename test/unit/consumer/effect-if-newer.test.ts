/** An effect runs for what is newer, at least once; remembered is afterwards. */
import { describe, expect, test } from 'vitest';
import { effectIfNewer } from '#consumer/effect-if-newer.ts';
import { sampleEvent } from '#consumer/sample-events.ts';
import { MemoryMetricStore } from '#consumer/stores/memory.ts';

describe('an effect', () => {
  test('runs once for a revision, never for a duplicate or an older one', async () => {
    const store = new MemoryMetricStore();
    const seen: number[] = [];
    const effect = ({ revision }: { revision: number }): void => void seen.push(revision);
    const outcomes = [];
    for (const revision of [2, 2, 1, 3])
      outcomes.push((await effectIfNewer(sampleEvent('1', revision), { store, effect })).outcome);
    expect(outcomes).toEqual(['done', 'duplicate', 'stale', 'done']);
    expect(seen).toEqual([2, 3]);
  });

  test('that fails is not remembered and runs again with the redelivery', async () => {
    const store = new MemoryMetricStore();
    let tries = 0;
    const effect = (): void => {
      if (++tries === 1) throw new Error('down');
    };
    await expect(effectIfNewer(sampleEvent('1', 1), { store, effect })).rejects.toThrow('down');
    expect((await effectIfNewer(sampleEvent('1', 1), { store, effect })).outcome).toBe('done');
    expect(tries).toBe(2);
  });

  test('says when another worker was ahead, because the two may have landed in either order', async () => {
    const store = new MemoryMetricStore();
    const effect = async (): Promise<void> => {
      await effectIfNewer(sampleEvent('1', 6), { store, effect: () => {} });
    };
    expect(await effectIfNewer(sampleEvent('1', 5), { store, effect })).toEqual({
      outcome: 'overtaken',
      lastRevision: 6,
    });
  });
});
