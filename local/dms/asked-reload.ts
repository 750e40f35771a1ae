/**
 * A load that was asked for while the replication exists: of some tables beside what is captured, or of everything from the beginning. It is
 * kept with the checkpoint until it is done, so that a restart in the middle begins it again, as DMS does.
 */
import * as z from 'zod/mini';
import type { CheckpointStore } from '../local-aws.ts';
import { tableKey } from './change-capture.ts';
import type { TableMappings } from './table-mappings.ts';

const stored = z.union([
  z.literal('everything'),
  z.array(z.object({ schema: z.string(), table: z.string() })).check(z.minLength(1)),
]);
export type AskedTables = z.infer<typeof stored>;

/** Ends an attempt, so that the next one does what was asked for. */
export class ReloadAsked extends Error {}

export class AskedReload {
  readonly #checkpoints: CheckpointStore;
  readonly #key: string;
  #tables: AskedTables | undefined;

  constructor(checkpoints: CheckpointStore, key: string) {
    this.#checkpoints = checkpoints;
    this.#key = key;
    const value = checkpoints.get(key);
    this.#tables = value === undefined || value === null ? undefined : stored.parse(value);
  }

  /** The very same value for as long as nobody asks for more. */
  get tables(): AskedTables | undefined {
    return this.#tables;
  }

  /** Beside what was asked for before and is not done. */
  async ask(tables: AskedTables): Promise<void> {
    this.#tables = together(this.#tables, tables);
    await this.#checkpoints.set(this.#key, this.#tables);
  }

  /** These are loaded. If more was asked for meanwhile, all of it stays, and these are loaded with it once more. */
  async done(asked: AskedTables): Promise<void> {
    if (this.#tables !== asked) return;
    this.#tables = undefined;
    await this.#checkpoints.set(this.#key, null);
  }
}

function together(known: AskedTables | undefined, more: AskedTables): AskedTables {
  if (known === 'everything' || more === 'everything') return 'everything';
  const byKey = new Map([...(known ?? []), ...more].map((one) => [tableKey(one.schema, one.table), one]));
  return [...byKey.values()];
}

/** The mappings with the named tables alone. */
export function onlyTables(mappings: TableMappings, tables: Exclude<AskedTables, 'everything'>): TableMappings {
  const wanted = new Set(tables.map(({ schema, table }) => tableKey(schema, table)));
  return {
    planOf: (schema, table) => (wanted.has(tableKey(schema, table)) ? mappings.planOf(schema, table) : undefined),
  };
}
