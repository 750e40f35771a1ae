/** The projection and what stands around it: same rows, same bytes; exact numbers; bounded pauses. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exactNumber } from '#core/event/plain-json.ts';
import type { RowRegister } from '#core/mirror/row-register.ts';
import { settleConcurrently } from '#core/platform/concurrently.ts';
import { jitteredPause, pauseLimitMs } from '#core/platform/pause.ts';
import type { MetricRows } from '#core/projection/metric-rows.ts';
import { projectMetric } from '#core/projection/project-metric.ts';
import { contentHash } from '#core/publication/metric-item.ts';
import { at, consumes, hybridRowsOf, loadedAt, register, rowsOf, version } from '../support/registers.ts';
import { seededRandom } from '../support/seeded-random.ts';

const ids = fc.uniqueArray(fc.integer({ min: 1, max: 30 }).map(String), { maxLength: 8 });
const named = (prefix: string) => (id: string) => [id, register({ id, name: `${prefix}${id}` }, at(1))] as const;

const rows: fc.Arbitrary<MetricRows> = fc
  .record({ hybrid: fc.boolean(), versions: ids, parts: ids, absent: fc.integer({ min: 0, max: 3 }), tombstones: ids })
  .map(({ hybrid, versions, parts, absent, tombstones }) => {
    const known = parts.slice(absent);
    const all = [...versions.map((number) => version(number)), ...tombstones.map(() => register(null, at(30)))];
    return hybrid
      ? hybridRowsOf({
          versions: all,
          relationships: parts.map((id) => consumes(id)),
          metrics: new Map(known.map(named('metric'))),
        })
      : rowsOf({
          versions: all,
          groupDimensions: parts.map((id) => register({ dimension_id: id, metric_group_id: '5' }, at(2))),
          dimensions: new Map(known.map(named('dimension'))),
        });
  });

/** Births and deaths around the rows: some rows point to a life that is over, some registers are tombstones, some rows were loaded. */
const aged = fc.record({ of: rows, seed: fc.nat() }).map(({ of, seed }) => {
  const random = seededRandom(seed);
  const age = (one: RowRegister): RowRegister => {
    const dice = random.next();
    if (dice < 0.2) return { ...one, birth: at(1 + random.below(20)) };
    if (dice < 0.3) return { ...one, row: null, birth: at(40), death: at(40) };
    return dice < 0.4 ? { ...one, moment: loadedAt(random.below(20)), loaded: true } : one;
  };
  const ageAll = (all: ReadonlyMap<string, RowRegister>) => new Map([...all].map(([id, one]) => [id, age(one)]));
  return {
    ...of,
    metric: of.metric && { ...of.metric, birth: at(random.below(13)) },
    versions: of.versions.map(age),
    relationships: of.relationships.map(age),
    groupDimensions: of.groupDimensions.map(age),
    dimensions: ageAll(of.dimensions),
    metrics: ageAll(of.metrics),
  };
});

function shuffled(of: MetricRows, seed: number): MetricRows {
  const random = seededRandom(seed);
  const mix = <T>(list: readonly T[]): T[] => random.shuffle([...list]);
  return {
    ...of,
    versions: mix(of.versions),
    relationships: mix(of.relationships),
    groupDimensions: mix(of.groupDimensions),
    dimensions: new Map(mix([...of.dimensions])),
    metrics: new Map(mix([...of.metrics])),
  };
}

describe('the projection', () => {
  test('gives the same items, byte for byte, for every order of the same rows', () => {
    fc.assert(
      fc.property(fc.oneof(rows, aged), fc.nat(), (of, seed) => {
        const [a, b] = [projectMetric(of), projectMetric(shuffled(of, seed))];
        if (a.kind !== 'metric' || b.kind !== 'metric') throw new Error('the metric is there');
        const hashes = (items: typeof a.items) =>
          [...items].map(([number, item]) => [number, contentHash(item)]).sort();
        expect(hashes(b.items)).toEqual(hashes(a.items));
        expect([...b.missing].sort()).toEqual([...a.missing].sort());
      }),
      { numRuns: 500 },
    );
  });

  test('of other content has another hash', () => {
    const text = fc.string();
    fc.assert(
      fc.property(text, text, text, text, (a, b, c, d) => {
        fc.pre(a !== c || b !== d);
        expect(contentHash({ x: { S: a }, y: { S: b } })).not.toBe(contentHash({ x: { S: c }, y: { S: d } }));
      }),
    );
  });
});

describe('a number in an event', () => {
  test('is a JSON number only where its text survives the round trip, else its text', () => {
    const digits = fc.oneof(
      fc.bigInt({ min: -(10n ** 38n), max: 10n ** 38n }).map(String),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
      fc.tuple(fc.bigInt(), fc.nat()).map(([whole, fraction]) => `${whole}.${fraction}`),
    );
    fc.assert(
      fc.property(digits, (text) => {
        const value = exactNumber(text);
        expect(String(value)).toBe(text);
        if (typeof value === 'number') expect(JSON.parse(JSON.stringify(value))).toBe(value);
        if (typeof value === 'number' && Number.isInteger(value)) expect(BigInt(text)).toBe(BigInt(value));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a pause between attempts', () => {
  test('is none before the second, never longer than 400 ms, and never shrinks its limit', () => {
    expect(pauseLimitMs(0)).toBe(0);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5_000 }), (attempt) => {
        expect(pauseLimitMs(attempt)).toBeLessThanOrEqual(400);
        expect(pauseLimitMs(attempt + 1)).toBeGreaterThanOrEqual(pauseLimitMs(attempt));
      }),
    );
  });

  test('that draws zero is over at once', async () => {
    await jitteredPause(() => 0)(39);
  });
});

describe('concurrent work', () => {
  test('is all settled, in the order of the items, with no more at once than the limit', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.boolean(), { maxLength: 30 }),
        fc.integer({ min: 1, max: 5 }),
        async (items, limit) => {
          let running = 0;
          const results = await settleConcurrently(items, limit, async (succeeds) => {
            running++;
            expect(running).toBeLessThanOrEqual(limit);
            await Promise.resolve();
            running--;
            if (!succeeds) throw new Error('no');
            return true;
          });
          expect(results.map(({ status }) => status === 'fulfilled')).toEqual(items);
        },
      ),
    );
  });
});
