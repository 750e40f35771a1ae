import { beforeEach, describe, expect, test } from 'vitest';
import { followRenames } from '#cli/metrics/follow-renames.ts';
import { metricIds } from '#cli/metrics/metric-ids.ts';
import { findNames } from '#cli/republish/chosen-metrics.ts';
import { backLinkKey, entityPartition, keyItem, namePartition } from '#core/mirror/mirror-key.ts';
import { itemKey, redirectItem } from '#core/publication/metric-item.ts';
import { MemoryItemStore, MemoryTables } from '../../support/memory-item-store.ts';

const tables = { metrics: 'Metrics', sourceRows: 'SourceRows' };

describe('metrics that are named by people', () => {
  let store: MemoryItemStore;
  let said: string[];
  const say = (line: string): void => void said.push(line);
  beforeEach(async () => {
    said = [];
    store = new MemoryItemStore(new MemoryTables({ Metrics: ['name', 'version'], SourceRows: ['pk', 'sk'] }));
    await store.putMany('Metrics', [
      { ...itemKey('views', '0'), metricId: { N: '1' } },
      { ...itemKey('clicks', '0'), metricId: { N: '2' } },
      redirectItem('seen', 'looks', 9),
      redirectItem('looks', 'views', 9),
      redirectItem('here', 'there', 9),
      redirectItem('there', 'here', 9),
      redirectItem('lost', 'lost_since', 9),
    ]);
  });

  test('are found under a name that they have left, by a replay, a rebuild and a republish alike, and that is said', async () => {
    expect(await metricIds({ store, tables }, ['seen', 'clicks'], say)).toEqual(['1', '2']);
    expect(await findNames(store, 'Metrics', ['seen', 'clicks'], say)).toEqual({
      names: ['clicks', 'views'],
      missing: [],
    });
    expect(said).toEqual(Array(2).fill('"seen" is now called "views": that metric is taken.'));
  });

  test('are one, when the old and the new name are given', async () => {
    expect(await metricIds({ store, tables }, ['seen', 'looks', 'views'], say)).toEqual(['1']);
    expect((await findNames(store, 'Metrics', ['seen', 'views'], say)).names).toEqual(['views']);
  });

  test('are not looked for in a circle of two that have swapped their names', async () => {
    expect((await followRenames(store, 'Metrics', 'here', say)).item).toBeUndefined();
    expect((await findNames(store, 'Metrics', ['here'], () => {})).missing).toEqual(['here']);
    await expect(metricIds({ store, tables }, ['here'], say)).rejects.toThrow('There is no metric "here".');
  });

  test('whose item is lost are found among the back-links of the name they have now', async () => {
    const link = backLinkKey(namePartition('lost_since'), entityPartition('metric', '7'));
    await store.putMany('SourceRows', [keyItem(link)]);
    expect(await metricIds({ store, tables }, ['lost'], say)).toEqual(['7']);
    expect(await metricIds({ store, tables }, ['lost_since'], say)).toEqual(['7']);
  });
});
