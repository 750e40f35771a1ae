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
import { RelayError } from '../error/relay-error.ts';
import type { Item } from '../platform/item-store.ts';
import { LATEST } from '../projection/project-metric.ts';
import { formerFrom } from '../publication/former-state.ts';
import { isClaim, isDeletionMark, isRedirect } from '../publication/metric-item.ts';
import { plainJson, plainValue } from './plain-json.ts';

/** The part of a DynamoDB stream record that a pipe hands to its enrichment. */
export interface ItemImages {
  readonly oldImage?: Item | undefined;
  readonly newImage?: Item | undefined;
}

/** Largest detail, bytes. Five events of a pipe batch stay below the 1 MiB of one PutEvents request. */
export const EVENT_BYTES_MAX = 190_000;
/** Room for the list of what was left out. */
const MARGIN_BYTES = 2_000;

/** Attributes that tell about the publication, not about the metric; they never count as changed. */
const BOOKKEEPING = new Set(['revision', 'lastChange', 'version', 'previousName', 'deleted', 'formerName']);

/** @throws RelayError `UNPUBLISHABLE_ITEM` for an item that is no metric's, or that no event can tell. */
export function metricChangedEvent(
  { oldImage, newImage }: ItemImages,
  metricsTable: string,
): MetricChanged | undefined {
  if (!newImage || isRedirect(newImage) || isClaim(newImage)) return undefined;
  const { metricId, revision } = identityOf(newImage);
  refuseOldRevision(newImage, oldImage, metricId, revision);
  const deleted = isDeletionMark(newImage);
  const current: Item = newImage.formerName ? { ...newImage, name: newImage.formerName } : newImage;
  const isFormerLost = newImage.lastChange?.M?.formerLost?.BOOL === true;
  const former = deleted ? undefined : formerState(newImage, oldImage, metricId);
  const changedAttributes = former ? changesBetween(former, current, isFormerLost) : [];
  const previousName = former && former.name?.S !== current.name?.S ? former.name?.S : undefined;
  const event: MetricChanged = {
    metadata: {
      eventId: `${metricId}:${revision}`,
      schemaVersion: EVENT_SCHEMA_VERSION,
      occurredAt: occurredAt(newImage),
      correlationId: correlationId(newImage),
      replay: wasTold(newImage),
    },
    data: {
      metricId,
      name: current.name?.S ?? '',
      change: deleted ? 'DELETED' : changeOf(former, current, previousName, isFormerLost),
      revision,
      ...(newImage.latestVersion?.N !== undefined && { version: newImage.latestVersion.N }),
      ...(previousName !== undefined && { previousName }),
      changedAttributes: [...changedAttributes],
      previous: previousValues(former, changedAttributes),
      // The mark of a deletion whose item was lost shows no state.
      ...((!deleted || current.valueType) && { metric: metricOf(current) }),
    },
  };
  return withinLimit(event, metricsTable, newImage.name?.S ?? '');
}

/** Whose item "0" it is, and which revision; an item that does not say so was not written by this project. */
export function identityOf(item: Item): { readonly metricId: string; readonly revision: number } {
  const metricId = item.metricId?.N;
  const revision = Number(item.revision?.N);
  if (metricId === undefined) throw new RelayError('UNPUBLISHABLE_ITEM', 'item "0" has no metricId');
  if (Number.isSafeInteger(revision) && revision >= 1) return { metricId, revision };
  const found = item.revision?.N ?? 'none';
  throw new RelayError('UNPUBLISHABLE_ITEM', `the revision must be a whole number from 1 to 2^53 - 1, found ${found}`);
}

/** An item that was changed by hand keeps its revision: told, it would be a second event under an id that consumers have. */
function refuseOldRevision(newImage: Item, oldImage: Item | undefined, metricId: string, revision: number): void {
  if (!isOf(oldImage, metricId) || wasTold(newImage) || Number(oldImage.revision?.N) < revision) return;
  throw new RelayError(
    'UNPUBLISHABLE_ITEM',
    `item "0" was changed and its revision ${revision} is not above ${oldImage.revision?.N ?? 'none'}, the one before; nothing of this project writes so`,
  );
}

/** Commit time of the change that made the item; empty when the item does not say. */
export const occurredAt = (item: Item): string => item.lastChange?.M?.committedAt?.S ?? '';
export const correlationId = (item: Item): string => item.lastChange?.M?.transactionId?.S ?? 'load';

/** The item was put back by a rebuild: its revision was told before, and the image that it replaced is no state of the metric's history. */
const wasTold = (item: Item): boolean => item.lastChange?.M?.retold?.BOOL === true;

/** The metric as it was before: the old image, unless that was somebody else's; then what the item itself remembers of a rename. */
function formerState(newImage: Item, oldImage: Item | undefined, metricId: string): Item | undefined {
  if (isOf(oldImage, metricId) && !wasTold(newImage)) return isDeletionMark(oldImage) ? undefined : oldImage;
  const { lastChange, ...present } = newImage;
  const remembered = lastChange?.M?.previous?.M;
  return remembered && formerFrom(present, remembered);
}

const isOf = (image: Item | undefined, metricId: string): image is Item =>
  image !== undefined && image.metricId?.N === metricId && !isRedirect(image) && !isClaim(image);

/** Of a state that was lost at most the name is known: then no more is said than that the metric changed, or was renamed. */
function changeOf(
  former: Item | undefined,
  current: Item,
  previousName: string | undefined,
  isFormerLost: boolean,
): MetricChange {
  if (!former && !isFormerLost) return 'CREATED';
  if (previousName !== undefined) return 'RENAMED';
  if (!former || isFormerLost) return 'UPDATED';
  if (!former.deprecatedAt && current.deprecatedAt) return 'DEPRECATED';
  if (former.deprecatedAt && !current.deprecatedAt) return 'RESTORED';
  return 'UPDATED';
}

function changesBetween(former: Item, current: Item, isFormerLost: boolean): readonly string[] {
  const known = isFormerLost ? ['name'] : [...Object.keys(former), ...Object.keys(current)];
  const names = [...new Set(known)].filter((name) => !BOOKKEEPING.has(name));
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
export function metricOf(item: Item): MetricJson {
  const { lastChange: _, deleted: __, formerName: ___, ...metric } = item;
  return plainJson(metric) as MetricJson;
}

/**
 * Too large a metric is replaced by the place where it can be read. If that is not enough, previous values are left out, the largest first,
 * and the event names them: an attribute without a value before and one that was left out are different things.
 */
export function withinLimit(event: MetricChanged, table: string, name: string): MetricChanged {
  if (bytesOf(event) <= EVENT_BYTES_MAX) return event;
  const { metric: _, ...data } = event.data;
  const metricRef = { table, name, version: LATEST };
  const claimed: MetricChanged = { ...event, data: { ...data, metricRef } };
  const tooMany = bytesOf(claimed) - EVENT_BYTES_MAX;
  if (tooMany <= 0) return claimed;
  const previousOmitted = largestFirst(data.previous, tooMany + MARGIN_BYTES);
  const previous = Object.fromEntries(
    Object.entries(data.previous).filter(([attribute]) => !previousOmitted.includes(attribute)),
  );
  const shortened: MetricChanged = { ...claimed, data: { ...data, previous, previousOmitted, metricRef } };
  if (bytesOf(shortened) <= EVENT_BYTES_MAX) return shortened;
  throw new RelayError(
    'UNPUBLISHABLE_ITEM',
    `the event would have ${bytesOf(shortened)} bytes without the metric and its previous values; ${EVENT_BYTES_MAX} are allowed`,
  );
}

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/** Names of members that together hold so many bytes, sorted; all of them when they do not. */
function largestFirst(values: Readonly<Record<string, unknown>>, bytes: number): string[] {
  const sizes = Object.entries(values).map(([name, value]) => ({ name, bytes: bytesOf(value) }));
  sizes.sort((a, b) => b.bytes - a.bytes || (a.name < b.name ? -1 : 1));
  const chosen: string[] = [];
  let left = bytes;
  for (const { name, bytes: held } of sizes) {
    if (left <= 0) break;
    chosen.push(name);
    left -= held;
  }
  return chosen.sort();
}
