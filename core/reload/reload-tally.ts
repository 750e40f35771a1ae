/**
 * What a reload brought and what it did not, found by going through the whole row mirror. Pure. A row is absent when everything known of it is
 * older than the reload of its table: what was written or brought since then is newer. A metric that consumers were told of and of which
 * the mirror has no row at all (the mirror was lost) is absent as well.
 */
import { metrics } from '#schemas/source/lph.ts';
import type { SourceTable } from '#schemas/source/source-table.ts';
import { entityOf, HEAD, ROWS } from '../mirror/mirror-key.ts';
import { storedRegister } from '../mirror/register-item.ts';
import type { RowRegister } from '../mirror/row-register.ts';
import type { Item } from '../platform/item-store.ts';
import { LOADING } from '../publication/decide-publication.ts';
import { headOf } from '../publication/metric-head.ts';
import type { AbsentRow } from './absent-record.ts';

export interface TableTally {
  /** Rows that this reload brought, deleted ones since then included. */
  brought: number;
  /** Rows that the mirror takes to exist. */
  live: number;
  readonly absent: AbsentRow[];
}

export class ReloadTally {
  readonly #began: ReadonlyMap<
    string,
    { readonly table: SourceTable; readonly at: string; readonly tally: TableTally }
  >;
  /** Metrics whose heads hold what is published until the load is whole. */
  readonly held: string[] = [];
  readonly #rowsSeen = new Set<string>();
  readonly #told = new Set<string>();

  /** `began`: when the reload of each table began, as build times are written (UTC, 6 digits of fraction). */
  constructor(tables: readonly SourceTable[], began: ReadonlyMap<string, string>) {
    this.#began = new Map(
      tables.flatMap((table) => {
        const at = began.get(table.name);
        return at === undefined ? [] : [[table.name, { table, at, tally: { brought: 0, live: 0, absent: [] } }]];
      }),
    );
  }

  /** One item of the row mirror. */
  take(item: Item): void {
    const pk = item.pk?.S ?? '';
    const sk = item.sk?.S ?? '';
    if (sk === HEAD) {
      const { publishedName, displaced, waiting } = headOf(item);
      if (waiting?.missing.includes(LOADING)) this.held.push(entityOf(pk)[1]);
      if (publishedName !== null || displaced) this.#told.add(pk);
    }
    const reload = sk.startsWith(ROWS) ? this.#began.get(item.table?.S ?? '') : undefined;
    if (!reload) return;
    const { register } = storedRegister(item);
    const { table, at, tally } = reload;
    if (table.name === metrics.name) this.#rowsSeen.add(pk);
    const load = loadOf(register);
    if (load?.row && load.builtAt >= at) tally.brought += 1;
    if (!register.row) return;
    tally.live += 1;
    const { row, moment } = register;
    if (moment.builtAt < at) tally.absent.push({ table, key: table.key.map((column) => row.get(column) ?? '') });
  }

  /** To be asked after the last item. */
  of(table: string): TableTally {
    const reload = this.#began.get(table);
    if (!reload) return { brought: 0, live: 0, absent: [] };
    if (table !== metrics.name) return reload.tally;
    const unseen = [...this.#told].filter((pk) => !this.#rowsSeen.has(pk));
    const lost = unseen.map((pk): AbsentRow => ({ table: metrics, key: [entityOf(pk)[1]] }));
    return { ...reload.tally, absent: [...reload.tally.absent, ...lost] };
  }
}

function loadOf({ loaded, row, moment, olderLoad }: RowRegister) {
  return loaded ? { row, builtAt: moment.builtAt } : olderLoad;
}
