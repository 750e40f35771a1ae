/** Bugs in what rows become: the items of a metric, byte for byte. Law L1. */
import type { Mutant } from '../mutant.ts';

const PROJECT = 'core/projection/project-metric.ts';
const project = ['test/unit/core/project-metric.test.ts'];
const orders = ['test/property/projection.property.test.ts'];

export const PROJECTION: readonly Mutant[] = [
  {
    name: 'versions-of-an-earlier-life-counted',
    breaks: 'versions go with their metric, without a record; it does not get them back when it is born again',
    file: PROJECT,
    find: 'belongsTo(own, version) && version.row ?',
    replace: 'version.row ?',
    likely: project,
  },
  {
    name: 'set-null-chain-counted',
    breaks: 'a chain to a metric that was deleted since is NULL in the source, without a record',
    file: PROJECT,
    find: 'if (!target?.row || !belongsTo(target, own)) return cutoff;',
    replace: 'if (!target?.row) return cutoff;',
    likely: project,
  },
  {
    name: 'relationship-to-an-earlier-life-counted',
    breaks: 'a relationship goes with the metric that it consumes, without a record',
    file: PROJECT,
    find: 'belongsTo(target, relationship)',
    replace: 'true',
    likely: project,
  },
  {
    name: 'relationship-of-an-earlier-life-counted',
    breaks: 'a relationship goes with its consumer, without a record',
    file: PROJECT,
    find: 'if (!id || !belongsTo(own, relationship)) continue;',
    replace: 'if (!id) continue;',
    likely: project,
  },
  {
    name: 'dimension-of-an-earlier-life-counted',
    breaks: 'a link goes with its dimension, without a record',
    file: PROJECT,
    find: 'belongsTo(target, link)',
    replace: 'true',
    likely: project,
  },
  {
    name: 'link-of-an-earlier-group-counted',
    breaks: 'a link goes with its group, without a record',
    file: PROJECT,
    find: 'if (!id || !belongsTo(rows.group, link)) continue;',
    replace: 'if (!id) continue;',
    likely: project,
  },
  {
    name: 'missing-reference-not-waited-for',
    breaks: 'a metric is whole when every row it refers to is there',
    file: PROJECT,
    find: 'if (!target) missing.push(`dimensions',
    replace: 'if (!target) names.push(`dimensions',
    likely: project,
  },
  {
    name: 'formula-not-waited-for',
    breaks: 'a hybrid without a formula is not whole',
    file: PROJECT,
    find: "if (isHybrid && latest && !latest.get('hybrid_formula'))",
    replace: "if (isHybrid && latest && latest.get('hybrid_formula') === '')",
    likely: project,
  },
  {
    name: 'versions-ordered-as-text',
    breaks: 'the latest version has the highest number, not the greatest text',
    file: PROJECT,
    find: "BigInt(text(a, 'version')) < BigInt(text(b, 'version'))",
    replace: "text(a, 'version') < text(b, 'version')",
    likely: project,
  },
  {
    name: 'set-in-the-order-of-arrival',
    breaks: 'the same rows give the same bytes in any order',
    file: PROJECT,
    find: '[...new Set(names)].sort()',
    replace: '[...new Set(names)]',
    likely: [...project, ...orders],
  },
  {
    name: 'empty-text-left-out',
    breaks: 'what is NULL is left out and what is empty is kept',
    file: PROJECT,
    find: 'value !== null && value !== undefined',
    replace: 'value',
    likely: project,
  },
  {
    name: 'parameter-through-double',
    breaks: 'a decimal keeps every digit on its way into the item',
    file: PROJECT,
    find: 'aggregationParam: { N: param }',
    replace: 'aggregationParam: { N: String(Number(param)) }',
    likely: project,
  },
  {
    name: 'dimensions-on-every-version',
    breaks: 'related dimensions and consumed metrics belong to the latest version only',
    file: PROJECT,
    find: '...(version === latest && parts),',
    replace: '...parts,',
    likely: project,
  },
  {
    name: 'chained-metric-not-read',
    breaks:
      'every row that the items name is read: also the metric that is chained to',
    file: 'core/projection/metric-rows.ts',
    find: 'if (chained) metricIds.add(chained);',
    replace: '',
    likely: ['test/property/convergence.property.test.ts'],
  },
];
