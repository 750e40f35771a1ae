/**
 * Carries stored deliveries to their targets, at least once and in no promised order, as EventBridge does: retries with growing pauses for
 * up to 24 hours and 185 attempts unless the target says otherwise, then the dead-letter queue, else the event is dropped and that is
 * logged. A delivery leaves the store only after its target, or its dead-letter queue, has taken it, or after it is given up.
 */
import type { Log } from '../local-aws.ts';
import type { EventStore, StoredDelivery } from './event-store.ts';
import { parseTarget, type RuleTarget } from './rule.ts';
import { inputFor } from './target-input.ts';

/** `lasting`: no retry can help (no such target, no permission). */
export type SendOutcome =
  | { readonly kind: 'taken' }
  | { readonly kind: 'failed'; readonly lasting: boolean; readonly code: string; readonly message: string };

/** Brings one payload to one target. */
export interface TargetSender {
  send(target: RuleTarget, payload: string, event: string): Promise<SendOutcome>;
  sendToDeadLetterQueue(
    queueArn: string,
    body: string,
    attributes: Readonly<Record<string, string>>,
  ): Promise<SendOutcome>;
  stop(): void;
}

export interface OutboxCounts {
  readonly pending: number;
  readonly delivered: number;
  readonly deadLettered: number;
  readonly dropped: number;
  readonly lastError?: string;
}

export interface Outbox {
  /** Looks for due deliveries; call it after some were stored. */
  wake(): void;
  start(): void;
  /** Resolves when nothing is under way; what was not delivered stays in the store. */
  stop(): Promise<void>;
  counts(): OutboxCounts;
}

export interface OutboxOptions {
  readonly store: EventStore;
  readonly sender: TargetSender;
  readonly log: Log;
  readonly now: () => number;
  /** 0 ≤ x < 1, spreads retries. */
  readonly random: () => number;
  /** Calls back after a time; returns how to cancel it. */
  readonly after: (ms: number, callback: () => void) => () => void;
}

/** Defaults of a rule target's retry policy (EventBridge user guide, "Retry policy"). */
const DEFAULT_AGE_SECONDS = 86_400;
const DEFAULT_ATTEMPTS = 185;
const AT_ONCE = 32;
/** AWS does not publish its pauses; these grow to the same order as 185 attempts in 24 hours. */
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 480_000;

export function createOutbox(options: OutboxOptions): Outbox {
  const { store, sender, log, now } = options;
  const underWay = new Map<number, Promise<void>>();
  const counted = { delivered: 0, deadLettered: 0, dropped: 0 };
  let lastError: string | undefined;
  let running = false;
  let cancelTimer = () => {};

  function wake(): void {
    if (!running) return;
    cancelTimer();
    // One look at the clock: what becomes due between two would be neither due nor still to come.
    const nowMs = now();
    const free = AT_ONCE - underWay.size;
    if (free > 0) {
      // What is under way is still in the store, and always among the first.
      for (const delivery of store.dueDeliveries(nowMs, AT_ONCE + underWay.size)) {
        if (underWay.size >= AT_ONCE) break;
        if (!underWay.has(delivery.id)) begin(delivery);
      }
    }
    const next = store.nextDueMs(nowMs);
    if (next !== undefined) cancelTimer = options.after(Math.max(1, next - nowMs), wake);
  }

  function begin(delivery: StoredDelivery): void {
    const attempt = deliver(delivery)
      .catch((error: unknown) => {
        lastError = error instanceof Error ? error.message : String(error);
        log('event-bus', 'delivery failed', { rule: delivery.ruleArn, message: lastError });
        store.postpone(delivery.id, delivery.attempts + 1, now() + pauseMs(delivery.attempts));
      })
      .finally(() => {
        underWay.delete(delivery.id);
        wake();
      });
    underWay.set(delivery.id, attempt);
  }

  async function deliver(delivery: StoredDelivery): Promise<void> {
    const target = parseTarget(JSON.parse(delivery.target));
    const rule = { arn: delivery.ruleArn, name: delivery.ruleName };
    const payload = inputFor(target, rule, { text: delivery.event }, delivery.acceptedMs);
    const outcome = await sender.send(target, payload, delivery.event);
    if (outcome.kind === 'taken') {
      store.finish(delivery.id);
      counted.delivered++;
      return;
    }
    lastError = `${target.Arn}: ${outcome.code}: ${outcome.message}`;
    const exhausted = exhaustedBy(target, delivery, now());
    if (!outcome.lasting && exhausted === undefined) {
      store.postpone(delivery.id, delivery.attempts + 1, now() + pauseMs(delivery.attempts));
      return;
    }
    await giveUp(delivery, target, outcome, exhausted);
  }

  async function giveUp(
    delivery: StoredDelivery,
    target: RuleTarget,
    failure: SendOutcome & { kind: 'failed' },
    exhausted: string | undefined,
  ): Promise<void> {
    const about = {
      rule: delivery.ruleArn,
      target: target.Arn,
      code: failure.code,
      message: failure.message,
      attempts: delivery.attempts,
    };
    const queueArn = target.DeadLetterConfig?.Arn;
    if (queueArn !== undefined) {
      const sent = await sender.sendToDeadLetterQueue(queueArn, delivery.event, {
        RULE_ARN: delivery.ruleArn,
        TARGET_ARN: target.Arn,
        ERROR_CODE: failure.code,
        ERROR_MESSAGE: failure.message,
        RETRY_ATTEMPTS: String(delivery.attempts),
        ...(exhausted === undefined ? {} : { EXHAUSTED_RETRY_CONDITION: exhausted }),
      });
      if (sent.kind === 'taken') {
        store.finish(delivery.id);
        counted.deadLettered++;
        log('event-bus', 'event dead-lettered', about);
        return;
      }
      if (!sent.lasting) throw new Error(`${queueArn}: ${sent.code}: ${sent.message}`);
    }
    store.finish(delivery.id);
    counted.dropped++;
    log('event-bus', 'event dropped', about);
  }

  function pauseMs(attempts: number): number {
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(attempts, 20), LONGEST_PAUSE_MS);
    return Math.ceil(pause * (0.5 + options.random() / 2));
  }

  return {
    wake,
    start() {
      running = true;
      wake();
    },
    async stop() {
      running = false;
      cancelTimer();
      sender.stop();
      await Promise.all(underWay.values());
    },
    counts: () => ({
      pending: store.pendingDeliveries(),
      ...counted,
      ...(lastError === undefined ? {} : { lastError }),
    }),
  };
}

/** The condition of the retry policy that ends the retries, in the words of the dead-letter queue. */
function exhaustedBy(target: RuleTarget, delivery: StoredDelivery, nowMs: number): string | undefined {
  const { MaximumEventAgeInSeconds = DEFAULT_AGE_SECONDS, MaximumRetryAttempts = DEFAULT_ATTEMPTS } =
    target.RetryPolicy ?? {};
  if (delivery.attempts >= MaximumRetryAttempts) return 'MaximumRetryAttempts';
  return nowMs - delivery.acceptedMs >= MaximumEventAgeInSeconds * 1000 ? 'MaximumEventAgeInSeconds' : undefined;
}
