import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CurrentMetrics, type MetricEvent, type MetricState } from '#druid/current-metrics.ts';
import { DruidFailure, failureOf } from '#druid/druid-failure.ts';
import { parseJson } from '#druid/json.ts';
import { compareLookups, type LookupDocument, lookupId, lookupJson, readLookup } from '#druid/lookup-content.ts';
import { isHigherVersion, nextLookupVersion } from '#druid/lookup-version.ts';
import { attributeTexts, metricState } from '#druid/metric-text.ts';
import { type LookupStore, syncLookups } from '#druid/sync-lookups.ts';

const NOW = Date.parse('2026-11-20T12:00:00Z');

describe('the next version of a lookup', () => {
  test('is higher than any present one, on any clock (property)', () => {
    const time = fc.integer({ min: 0, max: Date.parse('2099-01-01') });
    const ours = fc
      .tuple(time, time)
      .map(([first, second]) => nextLookupVersion(nextLookupVersion(undefined, first), second));
    const any = fc.oneof(ours, fc.string(), fc.constantFrom('v9', 'v10', '', '999999999999', 'x-999999999999'));
    fc.assert(
      fc.property(any, time, (present, nowMs) => {
        let version = present;
        for (let step = 0; step < 3; step += 1) {
          const next = nextLookupVersion(version, nowMs);
          expect(isHigherVersion(next, version)).toBe(true);
          version = next;
        }
        expect(version.length).toBeLessThanOrEqual(Math.max(present.length + 13, 37));
      }),
    );
  });

  test('is the time, and goes on counting when the clock stands or is behind', () => {
    const first = nextLookupVersion(undefined, NOW);
    expect(first).toBe('2026-11-20T12:00:00.000Z-000000000000');
    expect(nextLookupVersion(first, NOW - 60_000)).toBe('2026-11-20T12:00:00.000Z-000000000001');
    expect(nextLookupVersion('v9', NOW)).toBe('v9-000000000001');
    expect(nextLookupVersion('v9-000000000009', NOW)).toBe('v9-000000000010');
  });
});

test('a lookup is written and read back with every key and value', () => {
  const map = new Map([
    ['10', 'ten'],
    ['9', 'a "quoted" \n name'],
    ['__proto__', 'odd'],
  ]);
  const text = lookupJson({ version: 'v', map });
  expect(text.indexOf('"10"')).toBeLessThan(text.indexOf('"9"'));
  const read = readLookup(parseJson(text));
  expect('map' in read && compareLookups(read.map, map)).toEqual({ added: [], changed: [], removed: [] });
  expect(lookupId('metric_', 'valueType')).toBe('metric_value_type');
});

describe('the current metrics', () => {
  const attributes = (name: string) => new Map([['name', name]]);
  const state = (metricId: string, revision: bigint, name: string): MetricState => ({
    metricId,
    revision,
    attributes: attributes(name),
  });
  const event = (metricId: string, revision: bigint, name: string, deleted = false): MetricEvent => ({
    metricId,
    name,
    revision,
    deleted,
    attributes: attributes(name),
  });

  test('take an event only if it is newer, and never bring a deleted metric back', () => {
    const metrics = new CurrentMetrics();
    metrics.replaceAll([state('1', 5n, 'five')]);
    expect(metrics.apply(event('1', 5n, 'again'))).toBe('stale');
    expect(metrics.apply(event('1', 7n, 'seven'))).toBe('applied');
    expect(metrics.apply(event('1', 6n, 'six'))).toBe('stale');
    expect(metrics.apply(event('1', 8n, 'seven', true))).toBe('applied');
    expect(metrics.apply(event('1', 7n, 'seven'))).toBe('stale');
    expect([...metrics.lookup('name')]).toEqual([]);
  });

  test('ask the table about a metric they never saw, and about one whose event carries no metric', () => {
    const metrics = new CurrentMetrics();
    metrics.replaceAll([state('1', 1n, 'one')]);
    expect(metrics.apply(event('2', 3n, 'late event of a deleted one'))).toBe('ask-table');
    const { attributes: _, ...withoutMetric } = event('1', 2n, 'large');
    expect(metrics.apply(withoutMetric)).toBe('ask-table');
    expect([...metrics.lookup('name')]).toEqual([['1', 'one']]);
  });

  test('equal the table after any order and duplication of its events (property)', () => {
    const history: MetricEvent[] = [1, 2, 3].flatMap((id) =>
      [2n, 3n, 4n, 5n].map((revision) =>
        event(String(id), revision, `m${id}r${revision}`, id === 2 && revision === 5n),
      ),
    );
    const start = ['1', '2', '3'].map((id) => state(id, 1n, `m${id}r1`));
    const order = fc.array(fc.nat({ max: history.length - 1 }), { maxLength: 20 });
    fc.assert(
      fc.property(order, fc.shuffledSubarray(history, { minLength: history.length }), (some, all) => {
        const metrics = new CurrentMetrics();
        metrics.replaceAll(start);
        for (const index of some) metrics.apply(history[index] as MetricEvent);
        for (const one of all) metrics.apply(one);
        expect([...metrics.lookup('name')]).toEqual([
          ['1', 'm1r5'],
          ['3', 'm3r5'],
        ]);
      }),
    );
  });

  test('forget what a new scan does not have', () => {
    const metrics = new CurrentMetrics();
    metrics.replaceAll([state('1', 1n, 'one'), state('2', 1n, 'two')]);
    metrics.replaceAll([state('10', 2n, 'ten'), state('2', 1n, 'two')]);
    expect([...metrics.lookup('name').keys()]).toEqual(['2', '10']);
    expect(metrics.size).toBe(2);
  });
});

test('redirects, claims and marks of a deletion are no metrics; sets and numbers have one text', () => {
  const live = {
    name: 'a',
    metricId: 1,
    revision: 2,
    relatedDimensions: ['x', 'y'],
    lastChange: { at: 'now' },
    incomplete: true,
  };
  expect(metricState(live)?.attributes.get('relatedDimensions')).toBe('x, y');
  expect([...attributeTexts(live).keys()]).not.toContain('lastChange');
  for (const other of [{ renamedTo: 'b' }, { claim: true }, { deleted: true }])
    expect(metricState({ ...live, ...other })).toBeUndefined();
});

describe('bringing lookups to their content', () => {
  const options = { tier: '__default', nowMs: () => NOW, pause: async () => {} };

  /** Refuses as often as it is told to. */
  function store(
    refusals: number,
  ): LookupStore & { readonly writes: LookupDocument[]; present: LookupDocument | undefined } {
    let left = refusals;
    return {
      writes: [],
      present: undefined,
      async readLookup() {
        return this.present;
      },
      async writeLookups(_tier, lookups) {
        for (const document of lookups.values()) {
          if (left > 0) {
            left -= 1;
            this.present = { version: nextLookupVersion(document.version, NOW), map: new Map([['1', 'theirs']]) };
            throw new DruidFailure('version-not-higher', 'higher', '');
          }
          this.writes.push(document);
          this.present = document;
        }
      },
      async initialiseLookups() {},
    };
  }

  test('somebody faster makes it read again and go above; after six attempts it says so', async () => {
    const wanted = new Map([['metric_name', new Map([['1', 'ours']])]]);
    const busy = store(3);
    const [synced] = await syncLookups(busy, wanted, options);
    expect([synced?.written, busy.present?.map.get('1'), busy.writes.length]).toEqual([true, 'ours', 1]);
    expect(synced?.difference.changed).toEqual([{ key: '1', from: 'theirs', to: 'ours' }]);
    await expect(syncLookups(store(6), wanted, options)).rejects.toThrow('higher');
  });

  test('the same content is not written again, and a dry run writes nothing', async () => {
    const wanted = new Map([['metric_name', new Map([['1', 'ours']])]]);
    const quiet = store(0);
    const [dry] = await syncLookups(quiet, wanted, { ...options, dryRun: true });
    expect([dry?.written, quiet.writes.length]).toEqual([false, 0]);
    await syncLookups(quiet, wanted, options);
    await syncLookups(quiet, wanted, options);
    expect(quiet.writes.length).toBe(1);
  });

  test('a lookup without entries is made all the same', async () => {
    const quiet = store(0);
    await syncLookups(quiet, new Map([['metric_x', new Map()]]), options);
    expect(quiet.writes.length).toBe(1);
  });
});

test('of what Druid says, both forms of error are shown, and only their beginning', () => {
  const said = (text: string) => failureOf('It failed', 'http://druid', { status: 400, text }).message;
  expect(said('{"error":"first"}')).toBe('It failed: Druid refused it (400). It says: first');
  expect(said('{"error":"druidException","errorMessage":"second"}')).toContain('It says: second');
  expect(said(JSON.stringify({ error: 'x'.repeat(100_000) })).length).toBeLessThan(400);
});
