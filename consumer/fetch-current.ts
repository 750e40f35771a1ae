/**
 * The claim check: an event that would be too large tells where its metric is, and the metric is read there. What is read may be newer than the
 * event and is applied under its own revision; under the name may also lie nothing, or another metric. Pure but for the given read.
 */
import type { MetricChanged, MetricJson } from '#schemas/metric-changed.ts';
import { MetricEventError } from './metric-event-error.ts';
import type { MetricState } from './metric-state.ts';

export type MetricRef = NonNullable<MetricChanged['data']['metricRef']>;

/** What lies at a `metricRef` now. Redirects and claims of a name are nothing. */
export interface CurrentMetric {
  readonly metricId: string;
  readonly revision: number;
  readonly name: string;
  readonly occurredAt: string;
  /** The metric is being deleted; its DELETED event has this revision. */
  readonly deleted: boolean;
  readonly metric: MetricJson;
}

/** Must read the base table strongly consistent. Undefined when no metric is there. */
export type FetchCurrent = (ref: MetricRef) => Promise<CurrentMetric | undefined>;

/**
 * The newest state of the event's metric; undefined when it is not at its place any more. A metric leaves its place only with a later
 * revision (RENAMED or DELETED), whose own event brings the state: nothing is lost by leaving this one out.
 */
export async function fetchedState(
  { metadata, data }: MetricChanged,
  fetchCurrent: FetchCurrent | undefined,
): Promise<MetricState | undefined> {
  const { metricRef: ref, metricId } = data;
  if (!ref)
    throw new MetricEventError('CONTRACT_BROKEN', 'data', `${metadata.eventId} carries neither metric nor metricRef`);
  if (!fetchCurrent)
    throw new MetricEventError(
      'FETCH_MISSING',
      'data.metricRef',
      `${metadata.eventId} is too large to carry its metric, which is in table ${ref.table} under the name ` +
        `${JSON.stringify(ref.name)}. Pass fetchCurrent, for example fetchFromDynamoDb(client)`,
    );
  const current = await fetchCurrent(ref);
  if (!current || current.metricId !== metricId) return undefined;
  if (current.revision < data.revision)
    throw new MetricEventError(
      'FETCH_BROKEN',
      'data.metricRef',
      `${metadata.eventId} was told, but table ${ref.table} holds revision ${current.revision}. Read the table that published ` +
        `the event, strongly consistent`,
    );
  const { revision, name, occurredAt, metric } = current;
  const state = { metricId, revision, name, occurredAt };
  return current.deleted ? { ...state, deleted: true } : { ...state, deleted: false, metric };
}
