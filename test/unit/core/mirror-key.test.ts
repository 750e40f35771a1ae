/** Where rows, heads and back-links lie: derived from the declaration, and never two things in one place. */
import { describe, expect, test } from 'vitest';
import { backLinksOf } from '#core/mirror/back-links.ts';
import {
  backLinkKey,
  entityOf,
  entityPartition,
  headKey,
  namePartition,
  ROWS,
  rowMirrorKey,
  usedByPrefix,
  userOf,
} from '#core/mirror/mirror-key.ts';
import {
  dimensions,
  dimensionsMetricGroups,
  metricGroups,
  metricRelationships,
  metrics,
  metricVersions,
  SOURCE_TABLES,
} from '#schemas/source/lph.ts';
import { row } from '../../support/registers.ts';
import { metricRow } from '../../support/source-story.ts';

describe('a row lies in the partition of the entity that its key names', () => {
  test.each([
    [metrics, ['42'], 'metric#42', 'row'],
    [metricVersions, ['42', '3'], 'metric#42', 'row#metric_versions#3'],
    [metricRelationships, ['7', '42'], 'metric#42', 'row#metric_relationships#7'],
    [dimensionsMetricGroups, ['9', '5'], 'group#5', 'row#dimensions_metric_groups#9'],
    [metricGroups, ['5'], 'group#5', 'row'],
    [dimensions, ['9'], 'dimension#9', 'row'],
  ] as const)('%#', (table, key, pk, sk) => {
    expect(rowMirrorKey(table, key)).toEqual({ pk, sk });
  });

  test('and under a sort key that the one query of an entity finds, while heads and back-links are not found', () => {
    for (const table of SOURCE_TABLES) expect(rowMirrorKey(table, ['1', '2']).sk.startsWith(ROWS)).toBe(true);
    expect(headKey('1').sk.startsWith(ROWS)).toBe(false);
    expect(backLinkKey('metric#1', 'metric#2').sk.startsWith(ROWS)).toBe(false);
  });
});

describe('no two keys meet', () => {
  const hostile = ['1', '1#2', '1%232', '%23', '#', '##', '%', '%25', '', '2', 'row', '1#row'];

  test('whatever the parts hold', () => {
    const keys = hostile.flatMap((a) => hostile.map((b) => rowMirrorKey(metricVersions, [a, b])));
    expect(new Set(keys.map(({ pk, sk }) => JSON.stringify([pk, sk]))).size).toBe(hostile.length ** 2);
    expect(new Set(hostile.map(namePartition)).size).toBe(hostile.length);
  });

  test('and the entity and its id can be read back', () => {
    for (const id of hostile) expect(entityOf(entityPartition('metric', id))).toEqual(['metric', id]);
    expect(userOf(backLinkKey('group#5', 'metric#42').sk)).toBe('metric#42');
  });
});

describe('back-links', () => {
  const links = (...args: Parameters<typeof backLinksOf>): string[] =>
    backLinksOf(...args).map(({ pk, sk }) => `${pk} ${sk}`);

  test('of a metric stand at its group, at the metric it chains to, and at its name', () => {
    const columns = row(metricRow('42', 'cpu', { metric_group_id: '5', chained_metric_id: '7' }));
    expect(links(metrics, 'metric#42', columns)).toEqual([
      `group#5 ${usedByPrefix}metric#42`,
      `metric#7 ${usedByPrefix}metric#42`,
      `name#cpu ${usedByPrefix}metric#42`,
    ]);
  });

  test('of a part stand at the other entity it names, never at its own', () => {
    expect(links(metricRelationships, 'metric#42', row({ consumed_metric_id: '7', consumer_metric_id: '42' }))).toEqual(
      [`metric#7 ${usedByPrefix}metric#42`],
    );
    expect(links(dimensionsMetricGroups, 'group#5', row({ dimension_id: '9', metric_group_id: '5' }))).toEqual([
      `dimension#9 ${usedByPrefix}group#5`,
    ]);
    expect(links(metricVersions, 'metric#42', row({ metric_id: '42', version: '1' }))).toEqual([]);
  });

  test('of a deleted row are none, and NULL refers to nobody', () => {
    expect(links(metrics, 'metric#42', null)).toEqual([]);
    expect(links(metrics, 'metric#42', row(metricRow('42', 'cpu', { metric_group_id: '5' })))).not.toContain(
      'metric#null',
    );
  });
});
