/**
 * A filter and the pattern made of it say the same: the predicate here is written from the words of the filter's documentation, and the
 * pattern is read by the matcher that the local bus uses.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CHANGEABLE_ATTRIBUTES,
  filterProblems,
  type MetricChangedFilter,
  type MetricChangeName,
  metricChangedPattern,
} from '#infra/subscription/metric-changed-filter.ts';
import { compilePattern } from '#local/eventbridge/event-pattern.ts';

const CHANGES: readonly MetricChangeName[] = ['CREATED', 'UPDATED', 'DEPRECATED', 'RESTORED', 'RENAMED', 'DELETED'];
const VALUE_TYPES = ['SCALAR', 'WEIGHTED_AVERAGE', 'HYBRID', 'PERCENTILE'];

/** Few letters, so that prefixes and names meet often. */
const name = fc.string({ unit: fc.constantFrom('a', 'b', '_', 'B'), minLength: 1, maxLength: 4 });
const someOf = <T>(values: readonly T[]) => fc.uniqueArray(fc.constantFrom(...values), { minLength: 1 });

const filter: fc.Arbitrary<MetricChangedFilter> = fc
  .record(
    {
      namePrefixes: fc.uniqueArray(name, { minLength: 1, maxLength: 3 }),
      changes: someOf(CHANGES),
      changedAttributes: someOf(CHANGEABLE_ATTRIBUTES.slice(0, 5)),
      valueTypes: someOf(VALUE_TYPES),
      replays: fc.constantFrom('include' as const, 'exclude' as const),
    },
    { requiredKeys: [] },
  )
  .filter((one) => filterProblems(one).length === 0);

interface Told {
  readonly change: MetricChangeName;
  readonly name: string;
  readonly previousName?: string;
  readonly changedAttributes: readonly string[];
  readonly valueType: string;
  readonly previousValueType?: string;
  readonly tooLarge: boolean;
  readonly replay: boolean;
  readonly foreign: boolean;
}

/** Also events that the pipe never makes: a filter must not lean on what usually goes together. */
const told: fc.Arbitrary<Told> = fc.record(
  {
    change: fc.constantFrom(...CHANGES),
    name,
    previousName: name,
    changedAttributes: fc.uniqueArray(fc.constantFrom(...CHANGEABLE_ATTRIBUTES.slice(0, 5)), { maxLength: 3 }),
    valueType: fc.constantFrom(...VALUE_TYPES),
    previousValueType: fc.constantFrom(...VALUE_TYPES),
    tooLarge: fc.boolean(),
    replay: fc.boolean(),
    foreign: fc.integer({ max: 9, min: 0 }).map((one) => one === 0),
  },
  {
    requiredKeys: ['change', 'name', 'changedAttributes', 'valueType', 'tooLarge', 'replay', 'foreign'],
  },
);

function envelope(event: Told): object {
  const { change, previousName, changedAttributes, valueType, previousValueType, tooLarge, replay, foreign } = event;
  return {
    version: '0',
    id: '1',
    source: foreign ? 'somebody-else' : 'metric-relay',
    'detail-type': 'MetricChanged',
    detail: {
      metadata: { eventId: '42:7', replay },
      data: {
        metricId: '42',
        name: event.name,
        change,
        changedAttributes,
        ...(previousName === undefined ? {} : { previousName }),
        previous: previousValueType === undefined ? {} : { valueType: previousValueType },
        ...(tooLarge
          ? { metricRef: { table: 'Metrics', name: event.name, version: '0' } }
          : // A name the metric had once, long before this event, must not count.
            { metric: { name: event.name, valueType, previousName: 'a' } }),
      },
    },
  };
}

function wants(one: MetricChangedFilter, event: Told): boolean {
  const begins = (text: string | undefined) =>
    text !== undefined && (one.namePrefixes ?? []).some((prefix) => text.startsWith(prefix));
  const types = one.valueTypes ?? [];
  return (
    !event.foreign &&
    (one.replays !== 'exclude' || !event.replay) &&
    (one.changes === undefined || one.changes.includes(event.change)) &&
    (one.changedAttributes === undefined ||
      event.changedAttributes.some((it) => one.changedAttributes?.includes(it))) &&
    (one.namePrefixes === undefined || begins(event.name) || begins(event.previousName)) &&
    (one.valueTypes === undefined ||
      event.tooLarge ||
      types.includes(event.valueType) ||
      types.includes(event.previousValueType ?? ''))
  );
}

describe('a filter', () => {
  test('wants exactly the events that its pattern matches', () => {
    const seen = { matched: 0, refused: 0 };
    const sameAnswer = fc.property(filter, fc.array(told, { minLength: 1, maxLength: 20 }), (one, events) => {
      const matches = compilePattern(metricChangedPattern(one));
      for (const event of events) {
        const expected = wants(one, event);
        seen[expected ? 'matched' : 'refused']++;
        expect(matches(envelope(event)), JSON.stringify({ one, event })).toBe(expected);
      }
    });
    fc.assert(sameAnswer, { numRuns: 2000 });
    // Both answers are common, or the test would say little.
    expect(seen.matched).toBeGreaterThan(1000);
    expect(seen.refused).toBeGreaterThan(1000);
  });

  test('is told when a metric leaves its prefix, and not of what happens there afterwards', () => {
    const matches = compilePattern(metricChangedPattern({ namePrefixes: ['pack'] }));
    const base: Told = {
      change: 'RENAMED',
      name: 'box_count',
      previousName: 'packages',
      changedAttributes: ['name'],
      valueType: 'SCALAR',
      tooLarge: false,
      replay: false,
      foreign: false,
    };
    expect(matches(envelope(base))).toBe(true);
    expect(matches(envelope({ ...base, name: 'packages', previousName: 'box_count' }))).toBe(true);
    const { previousName: _, ...later } = base;
    expect(matches(envelope({ ...later, change: 'UPDATED', changedAttributes: ['aggregationStyle'] }))).toBe(false);
  });
});
