import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planFactDimensions } from '#druid/fact-dimensions.ts';
import { type Json, type JsonObject, memberAt, parseJson, writeJson } from '#druid/json.ts';
import { satisfies } from '#druid/spec-forms.ts';
import { planSpec, withoutCopies } from '#druid/spec-plan.ts';
import { requiredSpec } from '#druid/supervisor-spec.ts';

const DIMENSIONS = ['spec', 'dataSchema', 'dimensionsSpec', 'dimensions'];

const withDimensions = (...dimensions: readonly Json[]): JsonObject => ({
  type: 'kinesis',
  spec: { dataSchema: { dimensionsSpec: { dimensions, dimensionExclusions: ['secret'] } }, ioConfig: { stream: 's' } },
});

const plan = (present: JsonObject, wanted: JsonObject, prune = false) => planSpec(present, wanted, { prune });

describe('a plan', () => {
  test('adds what is missing, changes what differs and keeps what somebody else added', () => {
    const { changes, spec, kept } = plan(
      withDimensions('mine', { type: 'string', name: 'count' }, 'theirs'),
      withDimensions('mine', { type: 'long', name: 'count' }, 'new'),
    );
    expect(changes.map(({ kind, path }) => [kind, path])).toEqual([
      ['changed', 'spec.dataSchema.dimensionsSpec.dimensions[count]'],
      ['added', 'spec.dataSchema.dimensionsSpec.dimensions[new]'],
    ]);
    expect(kept).toEqual(['spec.dataSchema.dimensionsSpec.dimensions[theirs]']);
    expect(memberAt(spec, ...DIMENSIONS)).toEqual(['mine', { type: 'long', name: 'count' }, 'theirs', 'new']);
  });

  test('removes what is not wanted only when pruning was asked for', () => {
    const { changes, spec } = plan(withDimensions('mine', 'theirs'), withDimensions('mine'), true);
    expect(changes).toEqual([
      { kind: 'removed', path: 'spec.dataSchema.dimensionsSpec.dimensions[theirs]', from: 'theirs' },
    ]);
    expect(memberAt(spec, ...DIMENSIONS)).toEqual(['mine']);
  });

  test('takes other spellings of the same for the same', () => {
    const same: readonly (readonly [Json, Json])[] = [
      ['PT3600S', 'PT1H'],
      ['P1D', 'PT24H'],
      ['MONTH', 'month'],
      [{ type: 'none' }, 'NONE'],
      [{ type: 'period', period: 'P1M', timeZone: 'UTC' }, 'month'],
      [null, []],
    ];
    for (const [present, wanted] of same) expect(satisfies(present, wanted), writeJson([present, wanted])).toBe(true);
    expect(
      plan(withDimensions({ type: 'string', name: 'a', createBitmapIndex: true }), withDimensions('a')).changes,
    ).toEqual([]);
    expect(satisfies('PT30M', 'PT1H')).toBe(false);
    expect(satisfies('DAY', 'month')).toBe(false);
  });

  test('leaves alone what the contract does not decide: tasks, tuning, duration, granularity of segments', () => {
    const wanted = requiredSpec('metric_changes', {});
    const { spec } = plan({}, wanted);
    const tuned = plan(
      {
        ...spec,
        spec: {
          ...(spec.spec as JsonObject),
          tuningConfig: { type: 'kinesis', maxRowsPerSegment: 1 },
          future: { unknown: true },
        },
        context: { priority: 50 },
        suspended: true,
      },
      wanted,
    );
    expect(tuned.changes).toEqual([]);
    expect(tuned.spec).toMatchObject({
      suspended: true,
      context: { priority: 50 },
      spec: { tuningConfig: { maxRowsPerSegment: 1 }, future: { unknown: true } },
    });
  });

  test('is empty after it was applied, whatever was there (property)', () => {
    const name = fc.constantFrom('a', 'b', 'eventId', '__proto__', 'constructor');
    const entry = fc.oneof(name, fc.record({ type: fc.constantFrom('string', 'long', 'json'), name }));
    const dimensions = fc.uniqueArray(entry, { selector: (one) => (typeof one === 'string' ? one : one.name) });
    fc.assert(
      fc.property(dimensions, dimensions, fc.boolean(), (present, wanted, prune) => {
        const first = plan(withDimensions(...(present as Json[])), withDimensions(...(wanted as Json[])), prune);
        expect(plan(first.spec, withDimensions(...(wanted as Json[])), prune).changes).toEqual([]);
        const lost = (present as Json[]).filter(
          (one) => !(memberAt(first.spec, ...DIMENSIONS) as Json[]).includes(one),
        );
        const touched = first.changes.filter(({ kind }) => kind !== 'added').length;
        expect(lost.length).toBe(touched);
      }),
    );
  });
});

test('the copies that Druid puts beside `spec` are not posted back, and a spec of the old form gets one', () => {
  const parts = { dataSchema: { dataSource: 'd' }, ioConfig: { stream: 's' } };
  const wanted = { spec: parts, type: 'kinesis' };
  expect(withoutCopies({ type: 'kinesis', spec: parts, ...parts, tuningConfig: {} })).toEqual(wanted);
  expect(withoutCopies({ type: 'kinesis', ...parts })).toEqual(wanted);
});

test('a spec that is read and written keeps every digit and every name', () => {
  const text = '{"maxTotalRows":9223372036854775807,"ratio":0.1,"__proto__":{"a":1},"n":-12345678901234567891}';
  expect(writeJson(parseJson(text))).toBe(text);
});

describe('the plan of a fact datasource', () => {
  const metric = (name: string, ...relatedDimensions: string[]) => ({ name, relatedDimensions, consumedMetrics: [] });

  test('adds the related dimensions of the chosen metrics and removes none', () => {
    const { changes, kept } = planFactDimensions(withDimensions('country', 'retired'), [
      metric('orders', 'country', 'shop'),
      metric('returns', 'shop', 'reason'),
    ]);
    expect(changes).toEqual([
      {
        kind: 'added',
        path: 'spec.dataSchema.dimensionsSpec.dimensions[reason]',
        to: { type: 'string', name: 'reason' },
      },
      { kind: 'added', path: 'spec.dataSchema.dimensionsSpec.dimensions[shop]', to: { type: 'string', name: 'shop' } },
    ]);
    expect(kept).toEqual(['spec.dataSchema.dimensionsSpec.dimensions[retired]']);
  });

  test('changes nothing where Druid finds the columns itself, and says so', () => {
    for (const dimensionsSpec of [
      { useSchemaDiscovery: true },
      { dimensions: [] },
      { includeAllDimensions: true, dimensions: ['a'] },
    ]) {
      const { changes, remarks } = planFactDimensions({ spec: { dataSchema: { dimensionsSpec } } }, [
        metric('m', 'shop'),
      ]);
      expect(changes).toEqual([]);
      expect(remarks.join()).toContain('shop');
    }
  });

  test('does not add what was left out on purpose or would clash, and names a column that would stay null', () => {
    const present: JsonObject = {
      spec: {
        dataSchema: {
          timestampSpec: { column: 'at' },
          dimensionsSpec: { dimensions: ['x'], dimensionExclusions: ['secret'] },
          metricsSpec: [{ type: 'longSum', name: 'amount', fieldName: 'amount' }],
        },
        ioConfig: { inputFormat: { type: 'json', flattenSpec: { useFieldDiscovery: false, fields: [] } } },
      },
    };
    const { changes, remarks } = planFactDimensions(present, [metric('m', 'secret', 'amount', 'at', 'shop')]);
    expect(changes.map(({ path }) => path)).toEqual(['spec.dataSchema.dimensionsSpec.dimensions[shop]']);
    expect(remarks.join('\n')).toMatch(
      /amount .*metricsSpec[\s\S]*at .*time column[\s\S]*secret .*dimensionExclusions[\s\S]*shop will be null/,
    );
  });

  test('says which metrics of a hybrid are not chosen, and nothing when all are', () => {
    const hybrid = { name: 'ratio', relatedDimensions: [], consumedMetrics: ['orders', 'returns'] };
    const remarks = (...others: string[]) =>
      planFactDimensions(withDimensions('a'), [hybrid, ...others.map((name) => metric(name))]).remarks.join();
    expect(remarks('orders')).toContain('not chosen: returns.');
    expect(remarks('orders', 'returns')).toBe('');
  });
});
