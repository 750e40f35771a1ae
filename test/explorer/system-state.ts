/**
 * A state of the whole: the world, where each worker is, and the accidents that may still happen. Pure bookkeeping around the automata of the
 * workers; what may happen next in a state, and what it leads to, is said in `system.ts`.
 */
import type { QueuedMessage } from '../support/relay-world.ts';

/** A worker of the change stream with its batches in order, or one of the projection queue with at most one message. */
export interface Slot {
  /** Place of the current batch; as many as there are batches when the worker has ended. Unused for a projector. */
  readonly delivery: number;
  /** Node of the automaton; -1 when nothing is under way. */
  readonly node: number;
  /** The message that a projector works on. */
  readonly message?: QueuedMessage;
}

export interface SystemState {
  readonly world: number;
  readonly slots: readonly Slot[];
  /** Workers that may still die. */
  readonly crashes: number;
  /** Writes that may still be asked twice because their answer was lost. */
  readonly lostAnswers: number;
  /** Whoever made the last step, and how often another one may still interrupt; kept only under a bound. */
  readonly turn?: { readonly slot: number; readonly preemptions: number };
}

export type Step =
  | { readonly kind: 'operation'; readonly slot: number; readonly place: number }
  /** The worker dies; what it had under way never happens. */
  | { readonly kind: 'dies'; readonly slot: number }
  /** The operation takes effect, and the worker dies without its answer. */
  | { readonly kind: 'diesAfter'; readonly slot: number; readonly place: number }
  /** The write takes effect, its answer is lost, and the client asks again. */
  | { readonly kind: 'answerLost'; readonly slot: number; readonly place: number }
  /** A projector takes a message of the queue. */
  | { readonly kind: 'takes'; readonly slot: number; readonly message: QueuedMessage };

/** Equal for states with equal futures. */
export function stateKey({ world, slots, crashes, lostAnswers, turn }: SystemState): string {
  let key = `${world}`;
  for (const { delivery, node, message } of slots)
    key += message ? `|${node}m${message.dueMs}${JSON.stringify(message.body)}` : `|${delivery}:${node}`;
  key += `|${crashes},${lostAnswers}`;
  return turn ? `${key}|${turn.slot},${turn.preemptions}` : key;
}
