/**
 * Reads the definition of a state machine, once, when the template is read: everything in it must be something the interpreter does
 * as AWS does it. What it does not know, or would silently do otherwise, is refused there, all of it in one error. What it does
 * otherwise only by default (a task's time-out of a minute) is written out, so that AWS's default holds.
 */
import { StateMachine, type StateMachineDefinition } from 'aws-local-stepfunctions';
import { type Members, members, problemsOf } from './definition-check.ts';

/** How a Task state calls its function. `function`: Resource is the ARN; `invoke`: arn:aws:states:::lambda:invoke. */
export type TaskKind = { readonly kind: 'function'; readonly functionArn: string } | { readonly kind: 'invoke' };

export interface Definition {
  /** As the template has it, for DescribeStateMachine. */
  readonly text: string;
  readonly machine: StateMachineDefinition;
  /** By state name; names are unique in a whole machine, nested states included. */
  readonly tasks: ReadonlyMap<string, TaskKind>;
}

/** Timers of Node take at most 2³¹−1 ms; a longer one would fire at once. */
export const LONGEST_TIMER_SECONDS = 2_147_483;

export const INVOKE_RESOURCE = 'arn:aws:states:::lambda:invoke';

/** @param where names the resource in errors, e.g. `Relay/Replay (AWS::StepFunctions::StateMachine)`. */
export function readDefinition(text: string, where: string): Definition {
  const parsed = parse(text, where);
  const problems = problemsOf(parsed);
  if (problems.length > 0) {
    throw new Error(
      `${where}: the definition has ${problems.length} ${problems.length === 1 ? 'part' : 'parts'} that cannot run on this machine:\n` +
        `${problems.map((problem) => `  - ${problem}`).join('\n')}\nChange the definition; docs/local-versus-aws.md says what runs here`,
    );
  }
  const tasks = new Map<string, TaskKind>();
  const machine = completed(parsed, tasks) as unknown as StateMachineDefinition;
  try {
    new StateMachine(machine);
  } catch (error) {
    throw new Error(`${where}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return { text, machine, tasks };
}

function parse(text: string, where: string): Members {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed as Members;
  } catch (error) {
    throw new Error(`${where}: DefinitionString is not JSON: ${(error as Error).message}`);
  }
  throw new Error(`${where}: DefinitionString is not a JSON object, but ${text.slice(0, 60)}`);
}

/** The machine with AWS's defaults written out where the interpreter's differ; notes its tasks on the way. */
function completed(machine: Members, tasks: Map<string, TaskKind>): Members {
  const states = Object.entries(members(machine.States)).map(([name, state]) => [
    name,
    completedState(name, members(state), tasks),
  ]);
  return { ...withTimeout(machine), States: Object.fromEntries(states) };
}

function completedState(name: string, state: Members, tasks: Map<string, TaskKind>): Members {
  let next: Members = withTimeout(state);
  if (state.Type === 'Task') {
    const resource = String(state.Resource);
    tasks.set(name, resource === INVOKE_RESOURCE ? { kind: 'invoke' } : { kind: 'function', functionArn: resource });
    // The interpreter gives up after a minute, AWS after three years.
    if (next.TimeoutSeconds === undefined && next.TimeoutSecondsPath === undefined) {
      next = { ...next, TimeoutSeconds: LONGEST_TIMER_SECONDS };
    }
  }
  for (const nested of ['Iterator', 'ItemProcessor'] as const) {
    if (state[nested] !== undefined) next = { ...next, [nested]: completed(members(state[nested]), tasks) };
  }
  if (Array.isArray(state.Branches)) {
    next = { ...next, Branches: state.Branches.map((branch) => completed(members(branch), tasks)) };
  }
  if (Array.isArray(state.Retry)) next = { ...next, Retry: state.Retry.map((retrier) => bounded(members(retrier))) };
  if (Array.isArray(state.Catch)) {
    next = { ...next, Catch: state.Catch.map((catcher) => withoutWholeResultPath(members(catcher))) };
  }
  return withoutWholeResultPath(next);
}

/** The interpreter would write a member named `$`; without the field it replaces the whole, which is what `$` means. */
function withoutWholeResultPath(one: Members): Members {
  if (one.ResultPath !== '$') return one;
  const { ResultPath: _, ...rest } = one;
  return rest;
}

function withTimeout(one: Members): Members {
  return typeof one.TimeoutSeconds === 'number' && one.TimeoutSeconds > LONGEST_TIMER_SECONDS
    ? { ...one, TimeoutSeconds: LONGEST_TIMER_SECONDS }
    : one;
}

function bounded(retrier: Members): Members {
  const longest = typeof retrier.MaxDelaySeconds === 'number' ? retrier.MaxDelaySeconds : LONGEST_TIMER_SECONDS;
  return { ...retrier, MaxDelaySeconds: Math.min(longest, LONGEST_TIMER_SECONDS) };
}
