/**
 * One source row as the mirror knows it. Pure. It is two last-writer-wins registers: the newest change, by position, and the newest load, by
 * build time; the row is that of the newer one. So it depends on what was received alone, never on the order. A delete leaves a
 * tombstone. Beside the row it keeps `birth`, the highest position of any insert or delete seen for the key, and `death`, the same of deletes alone: rows that point
 * here count only if they are younger. Both only grow, also when the record that moves them is itself too old to be stored.
 */
import type { Row, RowChange } from '../change/row-change.ts';
import { compareMoments, type Moment } from '../change/source-position.ts';

export interface RowRegister {
  /** null is a tombstone. */
  readonly row: Row | null;
  /** Highest position received so far, and when the message of the stored row was built first. */
  readonly moment: Moment;
  /** True when the row came from a full load, or a reload had no such row; `moment.position`, if there, then belongs to an earlier change that the load replaced. */
  readonly loaded: boolean;
  /** When the message of that earlier change was built first. */
  readonly changeBuiltAt?: string;
  /** The newest load, when the row came from a change that is newer. What arrives late may still show that the load is the newer one. */
  readonly olderLoad?: Loaded;
  readonly birth?: Moment;
  readonly death?: Moment;
}

export interface Loaded {
  /** null says that a reload, which began at `builtAt`, had no such row. */
  readonly row: Row | null;
  readonly builtAt: string;
}

/** `applied` and `unchanged` are newer than what was stored; `unchanged` holds the same row. */
export type Placement = 'applied' | 'unchanged' | 'duplicate' | 'stale';

export interface Applied {
  readonly placement: Placement;
  /** What to store; the very register that was given when nothing changes. */
  readonly register: RowRegister;
}

export function applyRowChange(stored: RowRegister | undefined, change: RowChange): Applied {
  const births = {
    ...grown(
      'birth',
      stored?.birth,
      change.operation === 'insert' || change.operation === 'delete' ? change.moment : undefined,
    ),
    ...grown('death', stored?.death, change.operation === 'delete' ? change.moment : undefined),
  };
  const parts = partsOf(stored);
  const isOfLoad = change.operation === 'load' || change.operation === 'absent';
  const order = isOfLoad ? orderOfLoad(parts.load, change) : orderOfChange(parts.change, change);
  const merged = isOfLoad ? withLoad(parts, change, order) : withChange(parts, change, order);
  const register = { ...visible(merged), ...births };
  if (order > 0 && register.loaded === isOfLoad) {
    const isSame = stored !== undefined && sameRow(stored.row, change.row);
    return { placement: isSame ? 'unchanged' : 'applied', register };
  }
  const grew = births.birth !== stored?.birth || births.death !== stored?.death;
  const moved = merged.change !== parts.change || merged.load !== parts.load;
  return { placement: order === 0 ? 'duplicate' : 'stale', register: stored && !grew && !moved ? stored : register };
}

/** The two registers in one. The row of a change that is older than the load is forgotten: nothing makes it newer again. */
interface Parts {
  readonly change?: { readonly row: Row | null; readonly moment: Moment };
  readonly load?: Loaded;
}

function partsOf(stored: RowRegister | undefined): Parts {
  if (!stored) return {};
  const { row, moment, olderLoad } = stored;
  if (!stored.loaded) return { change: { row, moment }, ...(olderLoad && { load: olderLoad }) };
  const changeMoment = { ...moment, builtAt: stored.changeBuiltAt ?? moment.builtAt };
  return {
    load: { row, builtAt: moment.builtAt },
    ...(moment.position && { change: { row: null, moment: changeMoment } }),
  };
}

function visible({ change, load }: Parts): RowRegister {
  if (!change || (load && load.builtAt > change.moment.builtAt)) {
    const { position, builtAt } = change?.moment ?? {};
    return {
      row: load?.row ?? null,
      moment: { builtAt: load?.builtAt ?? '', ...(position && { position }) },
      loaded: true,
      ...(builtAt !== undefined && { changeBuiltAt: builtAt }),
    };
  }
  return { row: change.row, moment: change.moment, loaded: false, ...(load && { olderLoad: load }) };
}

const orderOfChange = (known: Parts['change'], { moment }: RowChange): number =>
  known ? compareMoments(moment, known.moment) : 1;

/** A row that a reload brought in the very moment in which the reload began is there. */
function orderOfLoad(known: Loaded | undefined, { row, moment: { builtAt } }: RowChange): number {
  if (!known || builtAt > known.builtAt) return 1;
  return builtAt < known.builtAt ? -1 : Number(row !== null) - Number(known.row !== null);
}

function withLoad(parts: Parts, { row, moment: { builtAt } }: RowChange, order: number): Parts {
  return order > 0 ? { ...parts, load: { row, builtAt } } : parts;
}

/** A change that DMS sends again is the one that it sent first: it does not become newer than a load that came in between. */
function withChange(parts: Parts, { row, moment }: RowChange, order: number): Parts {
  if (order > 0) return { ...parts, change: { row, moment } };
  const { change } = parts;
  if (order < 0 || !change || moment.builtAt >= change.moment.builtAt) return parts;
  return { ...parts, change: { ...change, moment: { ...change.moment, builtAt: moment.builtAt } } };
}

/**
 * True when the change is the very insert or delete that the register's birth or death names. It may be too old to be stored and yet be
 * the retry after a crash between the write that noted it and the recompute of those who point here.
 */
export function tellsLife(register: RowRegister, { operation, moment }: RowChange): boolean {
  const names = (known: Moment | undefined): boolean => known !== undefined && compareMoments(moment, known) === 0;
  if (operation === 'delete') return names(register.birth) || names(register.death);
  return operation === 'insert' && names(register.birth);
}

function grown<K extends string>(
  name: K,
  known: Moment | undefined,
  seen: Moment | undefined,
): { readonly [P in K]?: Moment } {
  const moment = seen && (!known || outgrows(seen, known)) ? seen : known;
  return moment ? ({ [name]: moment } as { [P in K]: Moment }) : {};
}

/** DMS may send one change twice, built at two times. The earlier time is kept, so that the order of arrival does not matter. */
function outgrows(seen: Moment, known: Moment): boolean {
  const order = compareMoments(seen, known);
  return order > 0 || (order === 0 && seen.builtAt < known.builtAt);
}

function sameRow(a: Row | null, b: Row | null): boolean {
  if (!a || !b) return a === b;
  if (a.size !== b.size) return false;
  for (const [name, value] of a) if (b.get(name) !== value || !b.has(name)) return false;
  return true;
}

/**
 * Whether a row that points to `target` belongs to the target's present life. MySQL writes no binlog event for rows that ON DELETE
 * CASCADE or SET NULL changes, so a child that is older than its parent's birth is gone although no record says so.
 * A full-load row has no position of its own: it is compared by build time, and with deletes only.
 */
export function belongsTo(target: RowRegister | undefined, child: RowRegister): boolean {
  if (!target?.row || !child.row) return false;
  if (child.loaded) return !target.death || child.moment.builtAt > target.death.builtAt;
  return !target.birth || compareMoments(child.moment, target.birth) >= 0;
}
