/** Each change goes to its function, with the types of that change. */
import { describe, expect, test } from 'vitest';
import { onMetricChanged } from '#consumer/handler.ts';
import { lifeOfAMetric, sampleEvent } from '#consumer/sample-events.ts';

describe('a handler per change', () => {
  test('gets its own change and no other; the rest goes to default', async () => {
    const handle = onMetricChanged<string>({
      CREATED: ({ data }) => `created ${data.name}`,
      RENAMED: ({ data }) => `${data.previousName.toUpperCase()} → ${data.name}`,
      DELETED: async ({ data }) => `deleted ${data.change satisfies 'DELETED'}`,
      default: ({ data }) => `other ${data.change}`,
    });
    const said = [];
    for (const event of lifeOfAMetric()) said.push(await handle(event));
    expect(said).toEqual([
      'created metric_42',
      'other UPDATED',
      'other DEPRECATED',
      'other RESTORED',
      'METRIC_42 → parcels',
      'deleted DELETED',
      'created parcels',
    ]);
  });

  test('leaves out what it has no function for', async () => {
    const handle = onMetricChanged<string>({ UPDATED: () => 'updated', DEPRECATED: () => 'd', RESTORED: () => 'r' });
    expect(await handle(sampleEvent('1', 1))).toBeUndefined();
    expect(await handle(sampleEvent('1', 2))).toBe('updated');
  });

  test('fails when its function fails', async () => {
    const handle = onMetricChanged({ default: () => Promise.reject(new Error('down')) });
    await expect(handle(sampleEvent('1', 1))).rejects.toThrow('down');
  });
});
