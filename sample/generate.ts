/**
 * The sample contents of the database `lph`: dimensions, primitive metrics with a group of their own, hybrids that consume
 * them, and several versions of each. The same options always give the same rows. It only makes rows; who writes them to a
 * database is load-sample.ts.
 */
import { type SeededRandom, seededRandom } from './seeded-random.ts';

export interface SampleOptions {
  readonly seed?: number;
  readonly dimensions?: number;
  readonly primitives?: number;
  readonly hybrids?: number;
}

/** A value as it goes into an INSERT; text for everything that must stay exact. */
export type SampleValue = string | number | null;

export interface SampleTable {
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly SampleValue[])[];
}

const AUTHORS = ['maria.silva', 'j.okafor', 'li.wei', 'anna.berg', 'system'];
const DIMENSION_STEMS = [
  'country',
  'region',
  'station',
  'carrier',
  'channel',
  'customer',
  'product',
  'vehicle',
  'shift',
  'route',
];
const DIMENSION_FACETS = ['', '_group', '_type', '_tier', '_owner'];
const SUBJECTS = [
  'packages',
  'stops',
  'returns',
  'orders',
  'invoices',
  'claims',
  'visits',
  'pallets',
  'drivers',
  'refunds',
];
const MEASURES = [
  'delivered',
  'late',
  'lost',
  'planned',
  'cancelled',
  'damaged',
  'scanned',
  'rerouted',
  'weighed',
  'billed',
];
const FORMULAS = ['a / b', 'a - b', '100 * a / (a + b)', '(a + b) / c', 'a / nullif(b, 0)'];

const FIRST_INSTANT_MS = Date.UTC(2018, 1, 15, 18, 23, 45);
const HYBRID_GROUP_ID = 1;

/** `2018-02-15 18:23:45.500000`: an instant `minutes` after the first one, with a fraction that depends on the minute. */
function instant(minutes: number, fractionDigits = 6): string {
  const text = new Date(FIRST_INSTANT_MS + minutes * 60_000).toISOString().slice(0, 19).replace('T', ' ');
  const micros = minutes % 3 === 0 ? 0 : minutes % 3 === 1 ? 500_000 : (minutes * 7919) % 1_000_000;
  return fractionDigits === 0 ? text : `${text}.${String(micros).padStart(6, '0')}`;
}

function dimensionName(index: number): string {
  const stem = DIMENSION_STEMS[index % DIMENSION_STEMS.length];
  const round = Math.floor(index / DIMENSION_STEMS.length);
  const facet = DIMENSION_FACETS[round];
  return facet === undefined ? `${stem}_${round}` : `${stem}${facet}`;
}

function metricName(index: number): string {
  const subject = SUBJECTS[index % SUBJECTS.length];
  const measure = MEASURES[Math.floor(index / SUBJECTS.length) % MEASURES.length];
  const round = Math.floor(index / (SUBJECTS.length * MEASURES.length));
  return round === 0 ? `${subject}_${measure}` : `${subject}_${measure}_${round + 1}`;
}

/** Rows of `metric_versions` for one metric: one to four versions, sometimes deprecated by the last. */
function versionRows(id: number, hybrid: boolean, percentile: boolean, random: SeededRandom): SampleValue[][] {
  const rows: SampleValue[][] = [];
  const count = 1 + random.below(4);
  for (let version = 1; version <= count; version++) {
    const createdAt = instant(id * 11 + version * 1000);
    const deprecated = version === count && count > 1 && random.chance(0.08);
    const style = percentile ? 'PERCENTILE' : random.pick(['SUM', 'SUM', 'LAST_DAY_OF_PERIOD']);
    const param = percentile ? random.pick(['0.5', '0.9500000000', '0.9990000000', '0.1234567891']) : null;
    rows.push([
      ...[id, version, style, param, hybrid ? random.pick(FORMULAS) : null, createdAt, random.pick(AUTHORS)],
      ...(deprecated
        ? [createdAt, random.pick(AUTHORS), 'Replaced by a metric with a cleaner definition']
        : [null, null, null]),
    ]);
  }
  return rows;
}

/** The sample, table by table, in an order in which every row's parents come before it. */
export function generateSample(options: SampleOptions = {}): SampleTable[] {
  const { seed = 1, dimensions: dimensionCount = 48, primitives = 200, hybrids = 20 } = options;
  const random = seededRandom(seed);
  const dimensionIds = Array.from({ length: dimensionCount }, (_, index) => index + 1);
  const dimensions = dimensionIds.map((id) => [id, dimensionName(id - 1), instant(id), random.pick(AUTHORS)]);

  const groups: SampleValue[][] = [[HYBRID_GROUP_ID, 'hybrid_metrics', instant(0), 'system']];
  const groupDimensions: SampleValue[][] = [];
  const metrics: SampleValue[][] = [];
  const versions: SampleValue[][] = [];
  const relationships: SampleValue[][] = [];

  for (let id = 1; id <= primitives; id++) {
    const groupId = id + 1;
    const name = metricName(id - 1);
    const percentile = id % 20 === 0;
    groups.push([groupId, name, instant(id * 11), random.pick(AUTHORS)]);
    for (const dimensionId of random.sample(dimensionIds, 1 + random.below(6)))
      groupDimensions.push([dimensionId, groupId]);
    const type = percentile ? 'PERCENTILE' : random.pick(['SCALAR', 'SCALAR', 'WEIGHTED_AVERAGE']);
    const chained = id > 10 && random.chance(0.05) ? 1 + random.below(id - 1) : null;
    const rows = versionRows(id, false, percentile, random);
    const cutoff = chained === null ? null : instant(id * 500, 0);
    const last = instant(id * 11 + rows.length * 1000);
    metrics.push([id, name, type, groupId, chained, cutoff, instant(id * 11), random.pick(AUTHORS), last]);
    versions.push(...rows);
  }
  const primitiveIds = Array.from({ length: primitives }, (_, index) => index + 1);
  for (let index = 0; index < hybrids; index++) {
    const id = primitives + 1 + index;
    const rows = versionRows(id, true, false, random);
    const last = instant(id * 11 + rows.length * 1000);
    const name = `${metricName(index)}_ratio`;
    metrics.push([id, name, 'HYBRID', HYBRID_GROUP_ID, null, null, instant(id * 11), random.pick(AUTHORS), last]);
    versions.push(...rows);
    const consumed = new Set<number>();
    const wanted = Math.min(2 + random.below(3), primitives);
    while (consumed.size < wanted) consumed.add(random.pick(primitiveIds));
    for (const consumedId of consumed) relationships.push([consumedId, id]);
  }

  const table = (name: string, columns: string, rows: readonly (readonly SampleValue[])[]): SampleTable => ({
    table: name,
    columns: columns.split(' '),
    rows,
  });
  return [
    table('dimensions', 'id name created_at created_by', dimensions),
    table('metric_groups', 'id name created_at created_by', groups),
    table('dimensions_metric_groups', 'dimension_id metric_group_id', groupDimensions),
    table(
      'metrics',
      'id name value_type metric_group_id chained_metric_id chain_cutoff_date created_at created_by updated_at',
      metrics,
    ),
    table(
      'metric_versions',
      'metric_id version aggregation_style aggregation_param hybrid_formula created_at created_by deprecated_at deprecated_by deprecated_reason',
      versions,
    ),
    table('metric_relationships', 'consumed_metric_id consumer_metric_id', relationships),
  ];
}

/** Options for a load test: `metrics` in all, one in eleven of them a hybrid. */
export function scaledSample(metrics: number, seed = 1): SampleOptions {
  const hybrids = Math.floor(metrics / 11);
  return {
    seed,
    primitives: metrics - hybrids,
    hybrids,
    dimensions: Math.max(40, Math.min(400, Math.floor(metrics / 50))),
  };
}
