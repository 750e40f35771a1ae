/** What a replication says about itself: its state, its progress per table, how far behind it is and its last error. */
import type { BinlogCoordinate } from './binlog-coordinate.ts';
import { tableKey } from './change-capture.ts';

export type ReplicationState = 'starting' | 'loading' | 'replicating' | 'failed' | 'stopped';

export interface TableProgress {
  readonly schema: string;
  readonly table: string;
  rowsTotal: number | undefined;
  rowsLoaded: number;
  loaded: boolean;
  /** True when it has been loaded more than once. */
  reloaded: boolean;
  /** Epoch milliseconds of the last load; every message of it was built at that time or later. */
  loadStartedAtMs: number | undefined;
  loadEndedAtMs: number | undefined;
  inserts: number;
  updates: number;
  deletes: number;
}

export class ReplicationStatus {
  state: ReplicationState = 'starting';
  lastError: string | undefined;
  /** Failed for good: no attempt follows. */
  final = false;
  /** True when a load of everything would mend what it failed of. */
  reloadMends = false;
  producerError: string | undefined;
  /** Everything before it has been read from the binlog and handed to the producer. */
  position: BinlogCoordinate | undefined;
  /** Commit time of the newest transaction that was read. */
  positionTimeMs: number | undefined;
  caughtUp = false;
  setAside = 0;
  notCaptured = 0;
  restarts = 0;
  readonly #tables = new Map<string, TableProgress>();

  table(schema: string, table: string): TableProgress {
    const key = tableKey(schema, table);
    let progress = this.#tables.get(key);
    if (progress === undefined) {
      progress = {
        schema,
        table,
        rowsTotal: undefined,
        rowsLoaded: 0,
        loaded: false,
        reloaded: false,
        loadStartedAtMs: undefined,
        loadEndedAtMs: undefined,
        inserts: 0,
        updates: 0,
        deletes: 0,
      };
      this.#tables.set(key, progress);
    }
    return progress;
  }

  get tables(): TableProgress[] {
    return [...this.#tables.values()];
  }

  get lagMs(): number | undefined {
    if (this.state !== 'replicating') return undefined;
    if (this.caughtUp) return 0;
    return this.positionTimeMs === undefined ? undefined : Math.max(0, Date.now() - this.positionTimeMs);
  }

  /** Plain JSON, for `relay status`. */
  report(): Record<string, unknown> {
    return {
      state: this.state,
      ...(this.position === undefined ? {} : { position: `${this.position.file}:${this.position.offset}` }),
      ...(this.lagMs === undefined ? {} : { lagMs: this.lagMs }),
      ...(this.lastError === undefined ? {} : { lastError: this.lastError }),
      ...(this.producerError === undefined ? {} : { producerError: this.producerError }),
      final: this.final,
      reloadMends: this.reloadMends,
      restarts: this.restarts,
      setAside: this.setAside,
      notCaptured: this.notCaptured,
      tables: this.tables.map((progress) => ({ ...progress })),
    };
  }
}
