/**
 * The core on rehearsed tables: what it stores, queues and sets aside stays in memory, its queue is worked off at once, and its clock can be
 * moved over the grace period. Records that live traffic keeps it from settling are left to live traffic.
 */
import type { ProjectionMessage } from '#schemas/projection-message.ts';
import { SOURCE_TABLES } from '#schemas/source/lph.ts';
import { RelayError } from '../error/relay-error.ts';
import { RowMirror } from '../mirror/row-mirror.ts';
import type { OverlayItemStore } from '../platform/overlay-item-store.ts';
import { Quarantine } from '../quarantine/quarantine.ts';
import type { ChangeRecord } from '../replication/change-record.ts';
import { type ReplicationContext, replicateBatch } from '../replication/replicate-batch.ts';
import { runProjection } from '../replication/run-projection.ts';
import { type ReplayCounts, replayCounts } from './replay-run.ts';

/** What of the deployment the rehearsed core needs to know. */
export interface RehearsalSettings {
  readonly tables: { readonly metrics: string; readonly sourceRows: string; readonly quarantine: string };
  readonly settings: {
    readonly tombstoneDays: number;
    readonly graceSeconds: number;
    readonly fanOutLimit: number;
    readonly redirectDays: number;
  };
  readonly nowMs: () => number;
  readonly pause: (attempt: number) => Promise<void>;
}

export class Rehearsal {
  readonly replication: ReplicationContext;
  readonly #queued: ProjectionMessage[] = [];
  #delayed: ProjectionMessage[] = [];
  #aheadMs = 0;
  #failure: unknown;
  readonly #graceMs: number;

  constructor({ tables, settings, nowMs, pause }: RehearsalSettings, store: OverlayItemStore) {
    const now = (): number => nowMs() + this.#aheadMs;
    this.#graceMs = settings.graceSeconds * 1000;
    this.replication = {
      store,
      tables: { metrics: tables.metrics, sourceRows: tables.sourceRows },
      graceMs: this.#graceMs,
      redirectDays: settings.redirectDays,
      fanOutLimit: settings.fanOutLimit,
      nowMs: now,
      pause,
      unpublishable: () => {},
      send: async (message, delaySeconds) => void (delaySeconds > 0 ? this.#delayed : this.#queued).push(message),
      tablesDeclared: SOURCE_TABLES,
      mirror: new RowMirror(store, tables.sourceRows, settings.tombstoneDays, now),
      quarantine: new Quarantine(store, tables.quarantine, async () => {}, now),
      log: {
        quarantined: () => {},
        control: () => {},
        failed: (_, error) => {
          const isContention = error instanceof RelayError && error.code === 'CONTENTION';
          if (!isContention) this.#failure = error;
        },
      },
    };
  }

  /** Once: what cannot be settled is in the hands of the live path, and is told so. */
  async apply(records: readonly ChangeRecord[]): Promise<{ readonly counts: ReplayCounts; readonly busy: number }> {
    const { outcomes } = await replicateBatch(this.replication, records);
    await this.finishQueued();
    if (this.#failure !== undefined) throw this.#failure;
    const done = outcomes.filter((outcome) => outcome !== 'failed');
    return { counts: replayCounts(done), busy: outcomes.length - done.length };
  }

  async finishQueued(): Promise<void> {
    for (let message = this.#queued.shift(); message; message = this.#queued.shift()) await this.#project(message);
  }

  async #project(message: ProjectionMessage): Promise<void> {
    try {
      await runProjection(this.replication, JSON.stringify(message));
    } catch (error) {
      if (!(error instanceof RelayError && error.code === 'CONTENTION')) throw error;
    }
  }

  /** Metrics that waited for missing rows are looked at again, after the grace period as in the end they would be. */
  async finishDelayed(): Promise<void> {
    const waiting = this.#delayed;
    this.#delayed = [];
    this.#aheadMs += this.#graceMs;
    for (const message of waiting) await this.#project(message);
    await this.finishQueued();
  }
}
