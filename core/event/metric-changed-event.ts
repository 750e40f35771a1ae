/**
 * One stream record of an item "0" to the `MetricChanged` it stands for, pure. Redirects, claims and the removal of items are no changes of a
 * metric and give nothing; a deletion is told from its mark. Redelivery of a record gives the same event with the same id.
 */
import {
  EVENT_SCHEMA_VERSION,
  type MetricChange,
  type MetricChanged,
  type MetricJson,
} from '#schemas/metric-changed.ts';
import type { Item } from '../platform/item-store.ts';
import { isClaim, isDeletionMark, isRedirect } from '../publication/metric-item.ts';
import { plainJson, plainValue } from './plain-json.ts';

/** The part of a DynamoDB stream record that a pipe hands to its enrichment. */
export interface ItemImages {
  readonly oldImage?: Item | undefined;
  readonly newImage?: Item | undefined;
}

/** Largest detail with the whole metric, bytes. Five events of a pipe batch stay below the 1 MiB of one PutEvents request. */
export const EVENT_BYTES_MAX = 190_000;

/** Attributes that tell about the publication, not about the metric; they never count as changed. */
const BOOKKEEPING = new Set(['revision', 'lastChange', 'version', 'previousName', 'deleted', 'formerName']);

export function metricChangedEvent(
  { oldImage, newImage }: ItemImages,
  metricsTable: string,
): MetricChanged | undefined {
  if (!newImage || isRedirect(newImage) || isClaim(newImage)) return undefined;
  const metricId = newImage.metricId?.N;
  const revision = Number(newImage.revision?.N);
  if (metricId === undefined || !Number.isSafeInteger(revision)) return undefined;
  const deleted = isDeletionMark(newImage);
  const current: Item = newImage.formerName ? { ...newImage, name: newImage.formerName } : newImage;
  const former = deleted ? undefined : formerState(newImage, oldImage, metricId);
  const changedAttributes = former ? changesBetween(former, current) : [];
  const previousName = former && former.name?.S !== current.name?.S ? former.name?.S : undefined;
  const { lastChange } = newImage;
  const event: MetricChanged = {
    metadata: {
      eventId: `${metricId}:${revision}`,
      schemaVersion: EVENT_SCHEMA_VERSION,
      occurredAt: lastChange?.M?.committedAt?.S ?? '',
      correlationId: lastChange?.M?.transactionId?.S ?? 'load',
      replay: false,
    },
    data: {
      metricId,
      name: current.name?.S ?? '',
      change: deleted ? 'DELETED' : changeOf(former, current, previousName),
      revision,
      ...(newImage.latestVersion?.N !== undefined && { version: newImage.latestVersion.N }),
      ...(previousName !== undefined && { previousName }),
      changedAttributes: [...changedAttributes],
      previous: previousValues(former, changedAttributes),
      metric: metricOf(current),
    },
  };
  return withinLimit(event, metricsTable, newImage.name?.S ?? '');
}

/** The metric as it was before: the old image, unless that was somebody else's; then what the item itself remembers of a rename. */
function formerState(newImage: Item, oldImage: Item | undefined, metricId: string): Item | undefined {
  const isMine = oldImage && oldImage.metricId?.N === metricId && !isRedirect(oldImage) && !isClaim(oldImage);
  if (isMine) return isDeletionMark(oldImage) ? undefined : oldImage;
  return newImage.lastChange?.M?.previous?.M;
}

function changeOf(former: Item | undefined, current: Item, previousName: string | undefined): MetricChange {
  if (!former) return 'CREATED';
  if (previousName !== undefined) return 'RENAMED';
  if (!former.deprecatedAt && current.deprecatedAt) return 'DEPRECATED';
  if (former.deprecatedAt && !current.deprecatedAt) return 'RESTORED';
  return 'UPDATED';
}

function changesBetween(former: Item, current: Item): readonly string[] {
  const names = [...new Set([...Object.keys(former), ...Object.keys(current)])].filter(
    (name) => !BOOKKEEPING.has(name),
  );
  return names.filter((name) => textOf(former, name) !== textOf(current, name)).sort();
}

function textOf(item: Item, name: string): string {
  const value = item[name];
  return value === undefined ? '' : JSON.stringify(plainValue(value));
}

function previousValues(former: Item | undefined, names: readonly string[]): Record<string, unknown> {
  const entries = names.flatMap((name) => {
    const value = former?.[name];
    return value === undefined ? [] : [[name, plainValue(value)] as const];
  });
  return Object.fromEntries(entries);
}

/** Item "0" without what belongs to the publication alone. */
function metricOf(item: Item): MetricJson {
  const { lastChange: _, deleted: __, formerName: ___, ...metric } = item;
  return plainJson(metric) as MetricJson;
}

/** Too large a metric is replaced by the place where it can be read; what is still too large then loses `previous` as well. */
function withinLimit(event: MetricChanged, table: string, name: string): MetricChanged {
  if (Buffer.byteLength(JSON.stringify(event)) <= EVENT_BYTES_MAX) return event;
  const { metric: _, ...data } = event.data;
  const claimed: MetricChanged = { ...event, data: { ...data, metricRef: { table, name, version: '0' } } };
  if (Buffer.byteLength(JSON.stringify(claimed)) <= EVENT_BYTES_MAX) return claimed;
  return { ...claimed, data: { ...claimed.data, previous: {} } };
}
