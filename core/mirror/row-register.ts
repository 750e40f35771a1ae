/**
 * One source row as the mirror knows it: a last-writer-wins register by position. Pure. A delete leaves a tombstone. Beside the row it
 * keeps `birth`, the highest position of any insert or delete seen for the key, and `death`, the same of deletes alone: rows that point
 * here count only if they are younger. Both only grow, also when the record that moves them is itself too old to be stored.
 */
import type { Row, RowChange } from '../change/row-change.ts';
import { comparable, compareMoments, comparePositions, type Moment } from '../change/source-position.ts';

export interface RowRegister {
  /** null is a tombstone. */
  readonly row: Row | null;
  /** Highest position stored so far, and when the stored row's message was built. */
  readonly moment: Moment;
  /** True when the row came from a full load; `moment.position`, if there, then belongs to an earlier change that the load replaced. */
  readonly loaded: boolean;
  readonly birth?: Moment;
  readonly death?: Moment;
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
  const placement = stored ? placementOf(stored, change) : 'applied';
  if (stored && (placement === 'stale' || placement === 'duplicate')) {
    const grew = births.birth !== stored.birth || births.death !== stored.death;
    return { placement, register: grew ? { ...stored, ...births } : stored };
  }
  // A load has no position: the highest one seen is kept, so that a record DMS sends again is still known to be old.
  const position = change.moment.position ?? stored?.moment.position;
  const moment = { builtAt: change.moment.builtAt, ...(position && { position }) };
  return { placement, register: { row: change.row, moment, loaded: change.operation === 'load', ...births } };
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

function placementOf(stored: RowRegister, change: RowChange): Placement {
  const order = orderOf(stored, change.moment);
  if (order < 0) return 'stale';
  if (order === 0) return 'duplicate';
  return sameRow(stored.row, change.row) ? 'unchanged' : 'applied';
}

/** Positive when the change is newer than what is stored. */
function orderOf(stored: RowRegister, moment: Moment): number {
  const positions = comparable(moment, stored.moment);
  if (positions) {
    const order = comparePositions(...positions);
    if (order <= 0 || !stored.loaded) return order;
  }
  return moment.builtAt < stored.moment.builtAt ? -1 : moment.builtAt > stored.moment.builtAt ? 1 : 0;
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
