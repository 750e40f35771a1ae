/**
 * Brings lookups to a wanted content: reads what is there, writes what differs with the next version, and starts again when somebody else
 * was faster. Nothing is written when nothing differs: each update makes every server of the tier load the whole map again.
 */
import { DruidFailure } from './druid-failure.ts';
import {
  compareLookups,
  isSame,
  type LookupDifference,
  type LookupDocument,
  type LookupMap,
} from './lookup-content.ts';
import { nextLookupVersion } from './lookup-version.ts';

/** What is needed of Druid. */
export interface LookupStore {
  readLookup(tier: string, id: string): Promise<LookupDocument | undefined>;
  writeLookups(tier: string, lookups: ReadonlyMap<string, LookupDocument>): Promise<void>;
  initialiseLookups(): Promise<void>;
}

export interface SyncOptions {
  readonly tier: string;
  readonly dryRun?: boolean;
  readonly nowMs: () => number;
  /** Waits before another attempt. */
  readonly pause: (ms: number) => Promise<void>;
}

export interface SyncedLookup {
  readonly id: string;
  readonly entries: number;
  readonly difference: LookupDifference;
  /** The version that is now there; absent for a lookup that does not exist (dry run). */
  readonly version?: string;
  readonly written: boolean;
}

const ATTEMPTS = 6;
const PAUSE_MS = 200;

export async function syncLookups(
  store: LookupStore,
  wanted: ReadonlyMap<string, LookupMap>,
  options: SyncOptions,
): Promise<readonly SyncedLookup[]> {
  let failure: DruidFailure | undefined;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    if (failure?.code === 'version-not-higher') await options.pause(PAUSE_MS * 2 ** (attempt - 1));
    const compared = await compareAll(store, wanted, options.tier);
    const writes = new Map(
      compared.flatMap(({ id, present, map, difference }): [string, LookupDocument][] =>
        // A lookup that does not exist yet is made even when it has no entry, so that LOOKUP() is no error.
        present !== undefined && isSame(difference)
          ? []
          : [[id, { version: nextLookupVersion(present?.version, options.nowMs()), map }]],
      ),
    );
    try {
      if (writes.size > 0 && options.dryRun !== true) await store.writeLookups(options.tier, writes);
      return compared.map(({ id, present, map, difference }) => {
        const written = options.dryRun !== true && writes.has(id);
        const version = written ? writes.get(id)?.version : present?.version;
        return { id, entries: map.size, difference, written, ...(version !== undefined && { version }) };
      });
    } catch (error) {
      if (!(error instanceof DruidFailure)) throw error;
      failure = error;
      if (error.code === 'lookups-not-initialised') await store.initialiseLookups();
      else if (error.code !== 'version-not-higher') throw error;
    }
  }
  throw failure ?? new Error('no attempt was made');
}

async function compareAll(store: LookupStore, wanted: ReadonlyMap<string, LookupMap>, tier: string) {
  return Promise.all(
    [...wanted].map(async ([id, map]) => {
      const present = await store.readLookup(tier, id);
      return { id, map, present, difference: compareLookups(present?.map ?? new Map(), map) };
    }),
  );
}
