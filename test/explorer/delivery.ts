/**
 * What one invocation of a function is given, and the real core run on it. Time stands still during an invocation and the core draws no
 * random numbers, so an invocation is a function of what its operations answered.
 */
import { RelayError } from '#core/error/relay-error.ts';
import { type ReplicationContext, replicateBatch } from '#core/replication/replicate-batch.ts';
import { runProjection } from '#core/replication/run-projection.ts';
import type { ProjectionMessage } from '#schemas/projection-message.ts';
import { changeRecord, testContext } from '../support/test-context.ts';
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
    const records = delivery.messages.map((message, index) => changeRecord(message, index + 1, delivery.nowMs));
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
  const failed = (error: unknown): void => void problems.push(error);
  return testContext(
    {
      store: new AskingStore(ask),
      nowMs: () => nowMs,
      send: async (body, delaySeconds) => void (await ask({ kind: 'send', body, delaySeconds })),
      failed,
    },
    {
      ...settings,
      pause: async () => void (await ask({ kind: 'pause' })),
      log: { quarantined: (_, error) => failed(error), control: () => {}, failed: (_, error) => failed(error) },
    },
  );
}
