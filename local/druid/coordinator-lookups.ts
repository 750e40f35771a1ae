/**
 * The Coordinator's lookup configuration with the rules of Druid's LookupCoordinatorManager and the statuses of its
 * LookupCoordinatorResource: nothing before the first `{}`, a version for every lookup, an update only with a higher version, and 500 for
 * each of these refusals. It keeps what it is given and does not look into a lookup.
 */
import { type DruidResponse, empty, error, isMap, json, Refused } from './druid-response.ts';

interface Lookup {
  readonly version: string | null;
  readonly lookupExtractorFactory: unknown;
}

export class CoordinatorLookups {
  /** Undefined until it is initialised. Tier → id → lookup. */
  #tiers: ReadonlyMap<string, ReadonlyMap<string, Lookup>> | undefined;
  /** How often the configuration was written. */
  #updates = 0;

  get updates(): number {
    return this.#updates;
  }

  /** `path` is what follows `/druid/coordinator/v1/lookups`. Undefined when there is no such resource. */
  handle(method: string, path: readonly string[], query: URLSearchParams, body: string): DruidResponse | undefined {
    const [resource, tier, id, ...more] = path;
    if (more.length > 0) return undefined;
    if (resource === 'status' && method === 'GET') return this.#status(tier, id);
    if (resource !== 'config') return undefined;
    if (tier === undefined) return method === 'GET' ? this.#listTiers(query) : this.#updateAll(method, body);
    if (tier === 'all' && id === undefined && method === 'GET') return this.#all();
    if (id === undefined) return this.#tier(method, tier, query);
    return this.#lookup(method, tier, id, body);
  }

  #listTiers(query: URLSearchParams): DruidResponse {
    if (query.get('discover') === 'true') return json([...new Set(['__default', ...(this.#tiers?.keys() ?? [])])]);
    return this.#tiers === undefined ? empty(404) : json([...this.#tiers.keys()]);
  }

  #all(): DruidResponse {
    if (this.#tiers === undefined) return empty(404);
    return json(Object.fromEntries([...this.#tiers].map(([tier, lookups]) => [tier, Object.fromEntries(lookups)])));
  }

  #updateAll(method: string, body: string): DruidResponse | undefined {
    if (method !== 'POST') return undefined;
    const given = parseMap(body);
    const update = new Map(
      Object.entries(given).map(([tier, lookups]) => {
        if (!isMap(lookups)) throw new Refused(error(400, `Cannot deserialize the lookups of tier [${tier}]`));
        return [tier, new Map(Object.entries(lookups).map(([id, lookup]) => [id, container(lookup)]))] as const;
      }),
    );
    this.#update(update);
    return json(given, 202);
  }

  #tier(method: string, tier: string, query: URLSearchParams): DruidResponse | undefined {
    if (method === 'DELETE') {
      if (this.#tiers?.has(tier) !== true) return empty(404);
      this.#write(new Map([...this.#tiers].filter(([name]) => name !== tier)));
      return empty(202);
    }
    if (method !== 'GET') return undefined;
    if (this.#tiers === undefined) return error(404, 'No lookups found');
    const lookups = this.#tiers.get(tier);
    if (lookups === undefined) return error(404, `Tier [${tier}] not found`);
    return json(query.get('detailed') === 'true' ? Object.fromEntries(lookups) : [...lookups.keys()]);
  }

  #lookup(method: string, tier: string, id: string, body: string): DruidResponse | undefined {
    if (method === 'GET') {
      const lookup = this.#tiers?.get(tier)?.get(id);
      return lookup === undefined ? error(404, `lookup [${id}] not found`) : json(lookup);
    }
    if (method === 'POST') {
      this.#update(new Map([[tier, new Map([[id, container(parseMap(body))]])]]));
      return empty(202);
    }
    if (method !== 'DELETE') return undefined;
    const lookups = this.#tiers?.get(tier);
    if (this.#tiers === undefined || lookups?.has(id) !== true) return empty(404);
    const left = new Map([...lookups].filter(([name]) => name !== id));
    // With its last lookup a tier goes too.
    const tiers = [...this.#tiers].filter(([name]) => name !== tier);
    this.#write(new Map(left.size === 0 ? tiers : [...tiers, [tier, left]]));
    return empty(202);
  }

  /** LookupCoordinatorManager.updateLookups */
  #update(update: ReadonlyMap<string, ReadonlyMap<string, Lookup>>): void {
    if (update.size === 0 && this.#tiers !== undefined) return;
    for (const [tier, lookups] of update)
      for (const [id, { version }] of lookups)
        if (version === null) throw new Refused(error(500, `lookup [${tier}]:[${id}] does not have version.`));
    if (this.#tiers === undefined && update.size > 0) {
      throw new Refused(error(500, 'Not initialized. If this is the first lookup, post an empty map to initialize'));
    }
    const next = new Map(this.#tiers ?? []);
    for (const [tier, lookups] of update) {
      const prior = next.get(tier) ?? new Map<string, Lookup>();
      for (const [id, lookup] of lookups) {
        const existing = prior.get(id);
        if (existing !== undefined && !replaces(lookup, existing)) {
          const shown = `LookupExtractorFactoryContainer{version='${existing.version}', lookupExtractorFactory=${JSON.stringify(existing.lookupExtractorFactory)}}`;
          throw new Refused(
            error(500, `given update for lookup [${tier}]:[${id}] can't replace existing spec [${shown}].`),
          );
        }
      }
      next.set(tier, new Map([...prior, ...lookups]));
    }
    this.#write(next);
  }

  #write(tiers: ReadonlyMap<string, ReadonlyMap<string, Lookup>>): void {
    this.#tiers = tiers;
    this.#updates += 1;
  }

  /** No server has to load anything here, so everything is loaded. */
  #status(tier: string | undefined, id: string | undefined): DruidResponse {
    if (this.#tiers === undefined) return error(404, 'No lookups found');
    const ofTier = (lookups: ReadonlyMap<string, Lookup>) =>
      Object.fromEntries([...lookups.keys()].map((name) => [name, { loaded: true }]));
    if (tier === undefined)
      return json(Object.fromEntries([...this.#tiers].map(([name, lookups]) => [name, ofTier(lookups)])));
    const lookups = this.#tiers.get(tier);
    if (lookups === undefined) return error(404, `No lookups found for tier [${tier}].`);
    if (id === undefined) return json(ofTier(lookups));
    return lookups.has(id) ? json({ loaded: true }) : error(404, `Lookup [${id}] not found for tier [${tier}].`);
  }
}

/** LookupExtractorFactoryMapContainer.replaces: natural order of strings, that is of UTF-16 units. */
const replaces = (lookup: Lookup, other: Lookup): boolean =>
  lookup.version !== null && (other.version === null || lookup.version > other.version);

function container(value: unknown): Lookup {
  if (!isMap(value) || !isMap(value.lookupExtractorFactory)) {
    throw new Refused(
      error(
        400,
        'Cannot construct instance of `org.apache.druid.server.lookup.cache.LookupExtractorFactoryMapContainer`, problem: null factory',
      ),
    );
  }
  const { version, lookupExtractorFactory } = value;
  // Jackson takes a number for a string.
  const text = typeof version === 'string' ? version : typeof version === 'number' ? String(version) : null;
  return { version: text, lookupExtractorFactory };
}

function parseMap(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body);
    if (isMap(value)) return value;
  } catch {
    // Said below, as of any other body that is no object.
  }
  throw new Refused(error(400, 'Cannot deserialize value of type `java.util.LinkedHashMap` from the request body'));
}
