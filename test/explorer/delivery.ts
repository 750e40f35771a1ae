/**
 * What one invocation of a function is given, and the real core run on it. Time stands still during an invocation and the core draws no
 * random numbers, so an invocation is a function of what its operations answered.
 */
import { RelayError } from '#core/error/relay-error.ts';
import { RowMirror } from '#core/mirror/row-mirror.ts';
import { Quarantine } from '#core/quarantine/quarantine.ts';
import { type ReplicationContext, replicateBatch } from '#core/replication/replicate-batch.ts';
import { runProjection } from '#core/replication/run-projection.ts';
import type { ProjectionMessage } from '#schemas/projection-message.ts';
import { SOURCE_TABLES } from '#schemas/source/lph.ts';
import { type Ask, AskingStore } from './asking-store.ts';

export type Delivery =
  | { readonly kind: 'batch'; readonly messages: readonly string[]; readonly nowMs: number }
  | { readonly kind: 'queued'; readonly body: ProjectionMessage; readonly nowMs: number };

export interface CoreSettings {
  readonly graceMs: number;
  readonly fanOutLimit: number;
}

/** `retry`: the service delivers the same again. `broken`: what no history may lead to. */
export type Outcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'retry' }
  | { readonly kind: 'broken'; readonly reason: string };

/** Runs to the end or stays at an operation that is never answered. Never rejects. */
export async function invoke(delivery: Delivery, ask: Ask, settings: CoreSettings): Promise<Outcome> {
  const problems: unknown[] = [];
  const context = contextOf(ask, settings, delivery.nowMs, problems);
  try {
    if (delivery.kind === 'queued') {
      await runProjection(context, JSON.stringify(delivery.body));
      return outcomeOf(problems, false);
    }
    const records = delivery.messages.map((message, index) => ({
      shardId: 'shardId-000000000000',
      sequenceNumber: String(index + 1),
      arrivedAtMs: delivery.nowMs,
      bytes: Buffer.from(message),
    }));
    const { retryFrom } = await replicateBatch(context, records);
    return outcomeOf(problems, retryFrom !== undefined);
  } catch (error) {
    return outcomeOf([...problems, error], true);
  }
}

/** Nothing in a scope is unpublishable or poisonous and no infrastructure fails, so only contention may ask for a retry. */
function outcomeOf(problems: readonly unknown[], retry: boolean): Outcome {
  const defect = problems.find((problem) => !(problem instanceof RelayError && problem.code === 'CONTENTION'));
  if (defect !== undefined) return { kind: 'broken', reason: String(defect) };
  return { kind: retry ? 'retry' : 'done' };
}

function contextOf(ask: Ask, settings: CoreSettings, nowMs: number, problems: unknown[]): ReplicationContext {
  const store = new AskingStore(ask);
  const now = (): number => nowMs;
  const note = (_: unknown, error: unknown): void => void problems.push(error);
  return {
    ...settings,
    store,
    tables: { metrics: 'Metrics', sourceRows: 'SourceRows' },
    redirectDays: 30,
    nowMs: now,
    pause: async () => void (await ask({ kind: 'pause' })),
    unpublishable: note,
    send: async (body, delaySeconds) => void (await ask({ kind: 'send', body, delaySeconds })),
    tablesDeclared: SOURCE_TABLES,
    mirror: new RowMirror(store, 'SourceRows', 7, now),
    quarantine: new Quarantine(store, 'Quarantine', async () => {}, now),
    log: { quarantined: note, control: () => {}, failed: note },
  };
}
