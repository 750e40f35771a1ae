/**
 * Writes row changes into the mirror: back-links first, then the row, each row by one conditional write on the register that was read.
 * All changes of one row in a batch are one lane: they are folded into the register in memory and stored once. A lane either stores
 * all of its changes or fails as a whole, so a record of a failed row never passes it.
 */
import type { SourceTable } from '#schemas/source/source-table.ts';
import type { RowChange } from '../change/row-change.ts';
import { RelayError } from '../error/relay-error.ts';
import { settleConcurrently } from '../platform/concurrently.ts';
import type { Item, ItemStore } from '../platform/item-store.ts';
import { backLinksOf } from './back-links.ts';
import { keyItem, keyText, type MirrorKey } from './mirror-key.ts';
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
}

/** Rows written at the same time; DynamoDB takes far more, a connection pool does not. */
const WRITES_CONCURRENT = 24;
/** Rounds of read and conditional write for one row. Each lost round means that another worker stored this row. */
const ATTEMPTS_MAX = 20;

const DAY_SECONDS = 86_400;

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

  /** Stores all lanes; a rejected result is a lane that met an infrastructure error. Lanes have distinct keys. */
  async apply(lanes: readonly RowLane[]): Promise<readonly PromiseSettledResult<LaneOutcome>[]> {
    const found = await this.#store.getMany(
      this.#table,
      lanes.map(({ key }) => keyItem(key)),
    );
    const byKey = new Map(found.map((item) => [`${item.pk?.S}\u0000${item.sk?.S}`, item]));
    const read = lanes.map(({ key }) => byKey.get(keyText(key)));
    await this.#putBackLinks(lanes, read);
    const work = lanes.map((lane, index) => ({ lane, item: read[index] }));
    return settleConcurrently(work, WRITES_CONCURRENT, ({ lane, item }) => this.#storeLane(lane, item));
  }

  async #putBackLinks(lanes: readonly RowLane[], read: readonly (Item | undefined)[]): Promise<void> {
    const missing = new Map<string, Item>();
    for (const [index, lane] of lanes.entries()) {
      const item = read[index];
      const storedRow = item ? storedRegister(item).register.row : null;
      const known = new Set(backLinksOf(lane.table, lane.key.pk, storedRow).map(keyText));
      for (const { row } of lane.changes) {
        for (const link of backLinksOf(lane.table, lane.key.pk, row)) {
          if (!known.has(keyText(link))) missing.set(keyText(link), keyItem(link));
        }
      }
    }
    await this.#store.putMany(this.#table, [...missing.values()]);
  }

  async #storeLane(lane: RowLane, firstRead: Item | undefined): Promise<LaneOutcome> {
    let item = firstRead;
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const stored = item && storedRegister(item);
      const folded = fold(stored?.register, lane.changes);
      if (!folded.changed) return folded.outcome;
      const expiresAt = Math.floor(this.#nowMs() / 1000) + this.#tombstoneDays * DAY_SECONDS;
      const written = await this.#store.write({
        kind: 'put',
        table: this.#table,
        item: registerItem(lane.key, lane.table.name, folded.register, (stored?.writes ?? 0) + 1, expiresAt),
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
