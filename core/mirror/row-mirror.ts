/**
 * Writes row changes into the mirror: back-links first, then the row, each row by one conditional write on the register that was read.
 * All changes of one row in a batch are one lane: they are folded into the register in memory and stored once. A lane either stores
 * all of its changes or fails as a whole, so a record of a failed row never passes it.
 */
import type { SourceTable } from '#schemas/source/source-table.ts';
import type { RowChange } from '../change/row-change.ts';
import { decided } from '../error/pure-decision.ts';
import { RelayError } from '../error/relay-error.ts';
import { settleConcurrently } from '../platform/concurrently.ts';
import type { Item, ItemStore } from '../platform/item-store.ts';
import { backLinksOf } from './back-links.ts';
import { isEntityTable, keyItem, keyText, type MirrorKey, refusedKey } from './mirror-key.ts';
import { registerFingerprint } from './register-fingerprint.ts';
import { registerItem, storedRegister, unchangedSince } from './register-item.ts';
import { applyRowChange, type Placement, type RowRegister, tellsLife } from './row-register.ts';

export interface RowLane {
  readonly key: MirrorKey;
  readonly table: SourceTable;
  readonly changes: readonly RowChange[];
}

export interface LaneOutcome {
  /** One for each change of the lane, in order. */
  readonly placements: readonly Placement[];
  /** False when nothing newer or equal came, nor the record of the row's last birth or death: then nobody needs to be recomputed. */
  readonly recompute: boolean;
  /** The state in which the register lies there, when nothing of the lane changed it. */
  readonly foundAs?: string;
}

/** Rows written at the same time; DynamoDB takes far more, a connection pool does not. */
const WRITES_CONCURRENT = 24;
/** Rounds of read and conditional write for one row. Each lost round means that another worker stored this row. */
const ATTEMPTS_MAX = 20;

const DAY_SECONDS = 86_400;

/** A lane with its register as it was read. */
interface LaneWork {
  readonly lane: RowLane;
  readonly item: Item | undefined;
  readonly links: readonly MirrorKey[];
}

interface Folded {
  readonly register: RowRegister;
  readonly outcome: LaneOutcome;
  readonly changed: boolean;
}

export class RowMirror {
  readonly #store: ItemStore;
  readonly #table: string;
  readonly #tombstoneDays: number;
  readonly #nowMs: () => number;

  constructor(store: ItemStore, table: string, tombstoneDays: number, nowMs: () => number) {
    this.#store = store;
    this.#table = table;
    this.#tombstoneDays = tombstoneDays;
    this.#nowMs = nowMs;
  }

  /**
   * Stores all lanes. A rejected result is a lane that met an error, alone or with the others of one request: an infrastructure error of the
   * common read is everybody's, one of the back-links is that of the lanes that need them, a refused item is its own lane's.
   */
  async apply(lanes: readonly RowLane[]): Promise<readonly PromiseSettledResult<LaneOutcome>[]> {
    const failed = new Map<RowLane, unknown>();
    const work = await this.#read(lanes, failed);
    await this.#putBackLinks(work, failed);
    const going = work.filter(({ lane }) => !failed.has(lane));
    const stored = await settleConcurrently(going, WRITES_CONCURRENT, (each) => this.#storeLane(each.lane, each.item));
    const results = new Map(going.map(({ lane }, index) => [lane, stored[index]]));
    return lanes.map((lane) => results.get(lane) ?? { status: 'rejected', reason: failed.get(lane) });
  }

  /** The registers of the lanes and the back-links they lack. A key that DynamoDB cannot hold fails its lane before it fails a common read. */
  async #read(lanes: readonly RowLane[], failed: Map<RowLane, unknown>): Promise<readonly LaneWork[]> {
    const keyed = lanes.filter((lane) => {
      const refusal = refusedKey(lane.key);
      if (refusal) failed.set(lane, refusal);
      return !refusal;
    });
    try {
      const keys = keyed.map(({ key }) => keyItem(key));
      const found = await this.#store.getMany(this.#table, keys);
      const byKey = new Map(found.map((item) => [`${item.pk?.S}\u0000${item.sk?.S}`, item]));
      return keyed.map((lane) => {
        const item = byKey.get(keyText(lane.key));
        return { lane, item, links: linksOfFirstFold(lane, item) };
      });
    } catch (error) {
      for (const lane of keyed) failed.set(lane, error);
      return [];
    }
  }

  async #putBackLinks(work: readonly LaneWork[], failed: Map<RowLane, unknown>): Promise<void> {
    const lacking = work.filter(({ links }) => links.length > 0);
    const missing = new Map<string, Item>();
    for (const { lane, links } of lacking) {
      const refusal = links.map(refusedKey).find(Boolean);
      if (refusal) failed.set(lane, refusal);
      else for (const link of links) missing.set(keyText(link), keyItem(link));
    }
    try {
      await this.#store.putMany(this.#table, [...missing.values()]);
    } catch (error) {
      for (const { lane } of lacking) if (!failed.has(lane)) failed.set(lane, error);
    }
  }

  async #putLinks(links: readonly MirrorKey[]): Promise<void> {
    const refusal = links.map(refusedKey).find(Boolean);
    if (refusal) throw refusal;
    const byKey = new Map(links.map((link) => [keyText(link), keyItem(link)]));
    if (byKey.size > 0) await this.#store.putMany(this.#table, [...byKey.values()]);
  }

  /**
   * Rows that ON DELETE CASCADE or SET NULL changed lie in the mirror as they were, for ever: only the death of the entity they point to says that
   * they are gone. So what others may point to is never forgotten; a part of an entity is, when no replay reaches back to it.
   */
  #tombstoneExpiresAt(table: SourceTable): number | undefined {
    if (isEntityTable(table)) return undefined;
    return Math.floor(this.#nowMs() / 1000) + this.#tombstoneDays * DAY_SECONDS;
  }

  async #storeLane(lane: RowLane, firstRead: Item | undefined): Promise<LaneOutcome> {
    let item = firstRead;
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const stored = item && storedRegister(item);
      const expiresAt = this.#tombstoneExpiresAt(lane.table);
      const { folded, next } = decided('the fold of a row', () => {
        const register = fold(stored?.register, lane.changes);
        const writes = (stored?.writes ?? 0) + 1;
        return {
          folded: register,
          next: registerItem(lane.key, lane.table.name, register.register, writes, expiresAt),
        };
      });
      if (!folded.changed) return { ...folded.outcome, ...(item && { foundAs: registerFingerprint(item) }) };
      // Somebody else has stored this row meanwhile: what lies there now may leave another change of mine to be stored.
      if (attempt > 0) await this.#putLinks(missingLinks(lane, stored?.register, folded.register));
      const written = await this.#store.write({
        kind: 'put',
        table: this.#table,
        item: next,
        condition: unchangedSince(stored?.writes),
      });
      if (written.written) return folded.outcome;
      item = written.found;
    }
    throw new RelayError(
      'CONTENTION',
      `row ${lane.key.pk} ${lane.key.sk} was written by others ${ATTEMPTS_MAX} times in a row`,
    );
  }
}

/** A fold that fails is met again where the lane is stored, and fails that lane alone. */
function linksOfFirstFold(lane: RowLane, item: Item | undefined): readonly MirrorKey[] {
  try {
    const stored = item && storedRegister(item).register;
    const { register, changed } = fold(stored, lane.changes);
    return changed ? missingLinks(lane, stored, register) : [];
  } catch {
    return [];
  }
}

/** Back-links that the rows of the next register need and those of the stored one have not brought already. What is too old to be stored needs none. */
function missingLinks(
  { table, key }: RowLane,
  stored: RowRegister | undefined,
  next: RowRegister,
): readonly MirrorKey[] {
  const linksOf = (register: RowRegister | undefined): readonly MirrorKey[] =>
    [register?.row, register?.olderLoad?.row].flatMap((row) => backLinksOf(table, key.pk, row ?? null));
  const known = new Set(linksOf(stored).map(keyText));
  return linksOf(next).filter((link) => !known.has(keyText(link)));
}

/** Folds the changes of a lane into its register, in the order in which they arrived; the result is the same for every order. */
function fold(stored: RowRegister | undefined, changes: readonly RowChange[]): Folded {
  let register = stored;
  const placements: Placement[] = [];
  for (const change of changes) {
    const applied = applyRowChange(register, change);
    placements.push(applied.placement);
    register = applied.register;
  }
  if (!register) throw new RelayError('INVARIANT_BROKEN', 'a lane without a change reached the mirror');
  const changed = register !== stored;
  const known = register;
  // What was stored already may be the retry after a crash before the recompute.
  const again = placements.includes('duplicate') || changes.some((change) => tellsLife(known, change));
  return { register, changed, outcome: { placements, recompute: changed || again } };
}
