/** The independent statement of the items: by a worked example, and against the product's own core on quiet histories. */
import { describe, expect, test } from 'vitest';
import { type ExpectedValue, expectedItems, itemKeyText } from '#simulator/source/expected-items.ts';
import { possibleRedirects, redirectText } from '#simulator/source/possible-redirects.ts';
import { SourceDatabase } from '#simulator/source/source-database.ts';
import { RelayWorld } from '#test/support/relay-world.ts';
import { sourceWorld } from './source-world.ts';

const plain = (item: ReadonlyMap<string, ExpectedValue> | undefined): unknown => item && Object.fromEntries(item);

function exampleDatabase(): SourceDatabase {
  const database = new SourceDatabase();
  const created = { created_at: '2018-02-15T18:23:45.500000Z', created_by: 'ada' };
  database.transaction(0, (transaction) => {
    transaction.insert('metric_groups', { id: '1', name: 'cpu' });
    for (const [id, name] of [
      ['1', 'country'],
      ['2', 'city'],
    ] as const) {
      transaction.insert('dimensions', { id, name });
      transaction.insert('dimensions_metric_groups', { dimension_id: id, metric_group_id: '1' });
    }
    const metric = { value_type: 'SCALAR', metric_group_id: '1', ...created };
    transaction.insert('metrics', { id: '7', name: 'cpu', ...metric });
    transaction.insert('metrics', {
      id: '8',
      name: 'load',
      ...metric,
      value_type: 'HYBRID',
      chained_metric_id: '7',
      chain_cutoff_date: '2020-01-01T00:00:00Z',
    });
    const version = { version: '1', aggregation_style: 'SUM', ...created };
    transaction.insert('metric_versions', { metric_id: '7', ...version });
    transaction.insert('metric_versions', {
      metric_id: '7',
      ...version,
      version: '10',
      aggregation_style: 'PERCENTILE',
      aggregation_param: '0.9500000000',
      created_at: '2019-01-01T00:00:00.000000Z',
      created_by: 'grace',
    });
    transaction.insert('metric_versions', {
      metric_id: '8',
      ...version,
      aggregation_param: '120.0000000000',
      hybrid_formula: 'a / b',
      deprecated_at: '2020-02-02T02:02:02.020000Z',
      deprecated_by: '',
      deprecated_reason: 'replaced',
    });
  });
  return database;
}

describe('the expected items', () => {
  test('of a primitive: every version, the newest by number with the dimensions, and a copy of it as "0"', () => {
    const items = expectedItems(exampleDatabase());
    const metric = { name: { S: 'cpu' }, metricId: { N: '7' }, valueType: { S: 'SCALAR' } };
    const relatedDimensions = { SS: ['city', 'country'] };
    const newest = {
      aggregationStyle: { S: 'PERCENTILE' },
      aggregationParam: { N: '0.95' },
      updatedAt: { S: '2019-01-01T00:00:00Z' },
      updatedBy: { S: 'grace' },
    };
    const created = { createdAt: { S: '2018-02-15T18:23:45.5Z' }, createdBy: { S: 'ada' } };
    expect(plain(items.get(itemKeyText('cpu', '1')))).toEqual({
      ...metric,
      version: { S: '1' },
      aggregationStyle: { S: 'SUM' },
      updatedAt: { S: '2018-02-15T18:23:45.5Z' },
      updatedBy: { S: 'ada' },
    });
    expect(plain(items.get(itemKeyText('cpu', '10')))).toEqual({
      ...metric,
      version: { S: '10' },
      ...newest,
      relatedDimensions,
    });
    expect(plain(items.get(itemKeyText('cpu', '0')))).toEqual({
      ...metric,
      version: { S: '0' },
      ...newest,
      ...created,
      latestVersion: { N: '10' },
      relatedDimensions,
    });
  });

  test('of a hybrid: formula, chain, deprecation; incomplete while it consumes nothing', () => {
    const items = expectedItems(exampleDatabase());
    expect(plain(items.get(itemKeyText('load', '0')))).toEqual({
      name: { S: 'load' },
      metricId: { N: '8' },
      valueType: { S: 'HYBRID' },
      version: { S: '0' },
      latestVersion: { N: '1' },
      chainedMetric: { S: 'cpu' },
      chainCutoffDate: { S: '2020-01-01T00:00:00Z' },
      aggregationStyle: { S: 'SUM' },
      aggregationParam: { N: '120' },
      hybridFormula: { S: 'a / b' },
      updatedAt: { S: '2018-02-15T18:23:45.5Z' },
      updatedBy: { S: 'ada' },
      createdAt: { S: '2018-02-15T18:23:45.5Z' },
      createdBy: { S: 'ada' },
      deprecatedAt: { S: '2020-02-02T02:02:02.02Z' },
      deprecatedBy: { S: '' },
      deprecatedReason: { S: 'replaced' },
      incomplete: { BOOL: true },
    });
    expect([...items.keys()]).toHaveLength(5);
  });

  test('are what the core makes of a quiet history, record by record and by nothing but a full load', {
    timeout: 60_000,
  }, async () => {
    for (let seed = 0; seed < 60; seed++) {
      const { database, stream } = await sourceWorld({ seed: `quiet ${seed}`, writes: 10 });
      const relay = new RelayWorld();
      for (let place = 0; place < stream.length; place += 7) {
        await relay.apply(stream.slice(place, place + 7).map(({ bytes }) => Buffer.from(bytes).toString()));
      }
      await relay.drainQueue();
      expect(relay.failures, `quiet ${seed}`).toEqual([]);
      expect(relay.setAside.size, `quiet ${seed}`).toBe(0);
      const redirects = possibleRedirects(database.commits);
      const live = new Map<string, unknown>();
      for (const item of relay.tables.table('Metrics').values()) {
        const { revision: _, lastChange: __, previousName: ___, ...content } = item;
        if (item.renamedTo) expect(redirects).toContain(redirectText(item.name?.S ?? '', item.renamedTo.S ?? ''));
        else live.set(itemKeyText(item.name?.S ?? '', item.version?.S ?? ''), content);
      }
      const expected = new Map([...expectedItems(database)].map(([key, item]) => [key, plain(item)]));
      expect(new Map([...live].sort()), `quiet ${seed}`).toEqual(new Map([...expected].sort()));
    }
  });
});

describe('a redirect', () => {
  test('may lie only where a metric once was, and name only what it was called later', () => {
    const database = exampleDatabase();
    database.transaction(1, (transaction) => transaction.update('metrics', '7', { name: 'cpu load' }));
    database.transaction(2, (transaction) => transaction.update('metrics', '7', { name: 'cpu time' }));
    expect([...possibleRedirects(database.commits)].sort()).toEqual(
      [redirectText('cpu', 'cpu load'), redirectText('cpu', 'cpu time'), redirectText('cpu load', 'cpu time')].sort(),
    );
  });
});
