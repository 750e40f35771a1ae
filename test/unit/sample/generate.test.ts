import { describe, expect, it } from 'vitest';
import { compareItems, plainItems } from '#sample/compare-items.ts';
import { generateSample, scaledSample } from '#sample/generate.ts';

const rowsOf = (tables: ReturnType<typeof generateSample>, name: string) =>
  tables.find(({ table }) => table === name)?.rows ?? [];

describe('the sample', () => {
  it('is the same for the same seed and another for another', () => {
    expect(generateSample()).toEqual(generateSample());
    expect(generateSample({ seed: 2 })).not.toEqual(generateSample());
  });

  it('has at least 40 dimensions, 200 primitives with dimensions, 20 hybrids with consumed metrics, and versions of several numbers', () => {
    const tables = generateSample();
    const metrics = rowsOf(tables, 'metrics');
    const hybrids = metrics.filter((row) => row[2] === 'HYBRID');
    expect(rowsOf(tables, 'dimensions').length).toBeGreaterThanOrEqual(40);
    expect(metrics.length - hybrids.length).toBeGreaterThanOrEqual(200);
    expect(hybrids.length).toBeGreaterThanOrEqual(20);
    const grouped = new Set(rowsOf(tables, 'dimensions_metric_groups').map((row) => row[1]));
    for (const row of metrics) if (row[2] !== 'HYBRID') expect(grouped).toContain(row[3]);
    const consumers = new Set(rowsOf(tables, 'metric_relationships').map((row) => row[1]));
    for (const [id] of hybrids) expect(consumers).toContain(id);
    expect(new Set(rowsOf(tables, 'metric_versions').map((row) => row[1])).size).toBeGreaterThan(2);
  });

  it.each([220, 20_000])('has unique names and only rows whose parents exist, with %i metrics', (count) => {
    const tables = generateSample(scaledSample(count));
    const ids = (name: string) => new Set(rowsOf(tables, name).map(([id]) => id));
    for (const name of ['metrics', 'dimensions', 'metric_groups']) {
      expect(new Set(rowsOf(tables, name).map((row) => row[1])).size).toBe(rowsOf(tables, name).length);
    }
    expect(rowsOf(tables, 'metrics').length).toBe(count);
    const [metrics, groups] = [ids('metrics'), ids('metric_groups')];
    expect(
      rowsOf(tables, 'metrics').every(
        (row) => groups.has(row[3] ?? null) && (row[4] === null || metrics.has(row[4] ?? null)),
      ),
    ).toBe(true);
    expect(rowsOf(tables, 'metric_versions').every(([id]) => metrics.has(id ?? null))).toBe(true);
    expect(
      rowsOf(tables, 'metric_relationships').every(([a, b]) => metrics.has(a ?? null) && metrics.has(b ?? null)),
    ).toBe(true);
  });
});

describe('the comparison of items', () => {
  const item = {
    name: { S: 'cpu' },
    version: { S: '0' },
    metricId: { N: '18446744073709551615' },
    relatedDimensions: { SS: ['b', 'a'] },
  };
  const own = { revision: { N: '7' }, lastChange: { M: {} }, previousName: { S: 'old' } };

  it('leaves aside what is the pipeline’s own, the order of sets, and redirects', () => {
    const redirect = { name: { S: 'old' }, version: { S: '0' }, renamedTo: { S: 'cpu' } };
    expect(
      compareItems(
        plainItems([item]),
        plainItems([{ ...item, ...own, relatedDimensions: { SS: ['a', 'b'] } }, redirect]),
      ),
    ).toEqual([]);
  });

  it('tells missing, unexpected and different items apart, and one digit from another', () => {
    const other = { ...item, name: { S: 'memory' } };
    const changed = { ...item, metricId: { N: '18446744073709551614' }, incomplete: { BOOL: true } };
    const differences = compareItems(
      plainItems([item, other]),
      plainItems([changed, { ...item, version: { S: '9' } }]),
    );
    expect(differences.map(({ name, version, problem }) => [name, version, problem])).toEqual([
      ['cpu', '0', 'different'],
      ['cpu', '9', 'unexpected'],
      ['memory', '0', 'missing'],
    ]);
    expect(differences[0]?.attributes.map(({ attribute }) => attribute)).toEqual(['metricId', 'incomplete']);
  });
});
