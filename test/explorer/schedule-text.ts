/** A schedule as text, one line a step: which worker, which operation, what it answered, and which accident happened. */
import type { TakenStep } from './explore.ts';
import { describeOperation, describeResult } from './storage-operation.ts';
import type { WorkerAutomaton } from './worker-automaton.ts';

const LETTERS = 'ABCDEFGH';

export function describeSchedule(steps: readonly TakenStep[], automaton: WorkerAutomaton): readonly string[] {
  return steps.map((taken, index) => `${String(index + 1).padStart(4)}  ${describeStep(taken, automaton)}`);
}

function describeStep({ from, step, successor }: TakenStep, automaton: WorkerAutomaton): string {
  const slot = from.slots[step.slot];
  const who = LETTERS[step.slot] ?? `worker ${step.slot}`;
  if (step.kind === 'takes') return `${who}  takes from the queue ${JSON.stringify(step.message.body)}`;
  if (step.kind === 'dies' || !slot) return `${who}  DIES; what it had is delivered again`;
  const number = automaton.node(slot.node).pending[step.place] ?? -1;
  const operation = describeOperation(automaton.operations.valueOf(number));
  const result = describeResult(successor.effect?.result);
  if (step.kind === 'diesAfter') return `${who}  ${operation} → ${result}, and DIES without the answer`;
  if (step.kind === 'answerLost') return `${who}  ${operation} → ${result}, but the ANSWER IS LOST and it asks again`;
  return `${who}  ${operation} → ${result}`;
}
