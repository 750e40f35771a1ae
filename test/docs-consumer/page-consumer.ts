/**
 * A consumer of `MetricChanged` as another team would write it, from docs/events.md alone. It keeps a copy of every metric, for
 * events that come several times and in any order. It imports nothing of this project on purpose: if it needs more than the page says, the page is wrong.
 */

export type Json = null | boolean | number | string | Json[] | { [member: string]: Json };
export type JsonObject = { [member: string]: Json };

/** Where a metric is that was too large for its event. */
export interface MetricRef {
  readonly table: string;
  readonly name: string;
  readonly version: string;
}

/** GetItem with ConsistentRead, as the plain JSON the page describes; undefined if there is no such item. */
export type FetchItem = (ref: MetricRef) => Promise<JsonObject | undefined>;

/** `left`: a claim check whose item is gone or another metric's; the event that says so is on its way. */
export type Taken = 'applied' | 'ignored' | 'left';

interface Change {
  readonly metricId: string;
  readonly revision: number;
  /** Undefined for DELETED, of which nothing is kept. */
  readonly content: { readonly metric: JsonObject } | { readonly ref: MetricRef } | undefined;
}

/** A deleted metric keeps its revision and has no content. */
interface Known {
  readonly revision: number;
  readonly metric: JsonObject | undefined;
}

const MAJOR = '1';
/** A redirect leads to a name that may have been renamed again; more than this many in a row is a rename on its way. */
const REDIRECTS = 10;

export class PageConsumer {
  readonly #fetchItem: FetchItem;
  readonly #copy = new Map<string, Known>();

  constructor(fetchItem: FetchItem) {
    this.#fetchItem = fetchItem;
  }

  /** Applies one event, given as EventBridge's envelope or as its detail. Throws on one that belongs in a dead-letter queue. */
  async take(envelopeOrDetail: unknown): Promise<Taken> {
    const { metricId, revision, content } = read(envelopeOrDetail);
    if (!content) return this.#store(metricId, { revision, metric: undefined });
    if ('metric' in content) return this.#store(metricId, { revision, metric: content.metric });
    if (revision <= this.#revisionOf(metricId)) return 'ignored';
    const item = await this.#live(content.ref);
    if (item === undefined || String(item.metricId) !== metricId) return 'left';
    const { lastChange: _, ...metric } = item;
    const current = integer(metric, 'revision');
    if (current < revision) throw new Error(`metric ${metricId} was read at revision ${current}, before ${revision}`);
    return this.#store(metricId, { revision: current, metric });
  }

  /** The metrics that are there, by metricId, as `data.metric` tells them. */
  state(): Map<string, JsonObject> {
    const live = new Map<string, JsonObject>();
    for (const [metricId, { metric }] of this.#copy) if (metric !== undefined) live.set(metricId, metric);
    return live;
  }

  #revisionOf(metricId: string): number {
    return this.#copy.get(metricId)?.revision ?? 0;
  }

  /** Compares and stores in one step: nothing is awaited between the two. */
  #store(metricId: string, known: Known): Taken {
    if (known.revision <= this.#revisionOf(metricId)) return 'ignored';
    this.#copy.set(metricId, known);
    return 'applied';
  }

  /** The live item at a name, through redirects. */
  async #live(ref: MetricRef): Promise<JsonObject | undefined> {
    let name = ref.name;
    for (let hop = 0; hop <= REDIRECTS; hop++) {
      const item = await this.#fetchItem({ ...ref, name });
      if (item === undefined || 'claim' in item || 'deleted' in item) return undefined;
      if (!('renamedTo' in item)) return item;
      name = text(item, 'renamedTo');
    }
    return undefined;
  }
}

function read(envelopeOrDetail: unknown): Change {
  const outer = object(envelopeOrDetail, 'event');
  const detail = 'detail' in outer ? object(outer.detail, 'detail') : outer;
  const schemaVersion = text(object(detail.metadata, 'metadata'), 'schemaVersion');
  if (schemaVersion.split('.')[0] !== MAJOR) throw new Error(`schemaVersion ${schemaVersion} is of another major`);
  const data = object(detail.data, 'data');
  return {
    metricId: text(data, 'metricId'),
    revision: integer(data, 'revision'),
    content: text(data, 'change') === 'DELETED' ? undefined : contentOf(data),
  };
}

function contentOf(data: JsonObject): NonNullable<Change['content']> {
  if (data.metric !== undefined) return { metric: object(data.metric, 'metric') };
  const ref = object(data.metricRef, 'metricRef');
  return { ref: { table: text(ref, 'table'), name: text(ref, 'name'), version: text(ref, 'version') } };
}

function object(value: unknown, name: string): JsonObject {
  if (!isObject(value)) throw new Error(`${name} is no object`);
  return value;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(from: JsonObject, member: string): string {
  const value = from[member];
  if (typeof value !== 'string') throw new Error(`${member} is no string`);
  return value;
}

function integer(from: JsonObject, member: string): number {
  const value = from[member];
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw new Error(`${member} is no integer`);
  return value;
}
