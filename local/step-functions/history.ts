/**
 * Turns what the interpreter reports into the events that GetExecutionHistory answers, by AWS's names. The interpreter knows states,
 * not calls; every entry, retry and end of a Task state is written out as the events of the call that belongs to it, so that the count
 * of events, which AWS limits, is that of AWS. `previousEventId` is the event before, also where a Map runs its items side by side.
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
 */
import type { StateMachine } from 'aws-local-stepfunctions';
import type { TaskKind } from './definition.ts';
import type { Members } from './definition-check.ts';

type Generated = ReturnType<StateMachine['run']>['eventLogs'];
export type InterpreterEvent = Generated extends AsyncGenerator<infer Event> ? Event : never;

/** One event without its number. `timestampMs` since 1970. */
export interface HistoryEvent {
  readonly type: string;
  readonly timestampMs: number;
  readonly details: Members;
}

/** An execution with more events fails on AWS, and so it does here. */
export const HISTORY_EVENTS_MAX = 25_000;

/** Events of one report of the interpreter. Start and end of the execution are not among them: the execution itself knows those. */
export function historyEvents(event: InterpreterEvent, tasks: ReadonlyMap<string, TaskKind>): HistoryEvent[] {
  const at = (type: string, details: Members = {}): HistoryEvent => ({ type, timestampMs: event.timestamp, details });
  switch (event.type) {
    case 'StateEntered': {
      const { name, type, input } = event.state;
      const entered = at(`${type}StateEntered`, { stateEnteredEventDetails: { name, input: text(input) } });
      if (type === 'Task') return [entered, ...callBegins(at, tasks.get(name), input)];
      if (type === 'Map') {
        return [entered, at('MapStateStarted', { mapStateStartedEventDetails: { length: lengthOf(input) } })];
      }
      return type === 'Parallel' ? [entered, at('ParallelStateStarted')] : [entered];
    }
    case 'StateExited': {
      const { name, type, output } = event.state;
      const exited = at(`${type}StateExited`, { stateExitedEventDetails: { name, output: text(output) } });
      if (type === 'Task') return [callSucceeded(at, tasks.get(name), output), exited];
      return type === 'Map' || type === 'Parallel' ? [at(`${type}StateSucceeded`), exited] : [exited];
    }
    case 'StateFailed': {
      const { name, type } = event.state;
      if (type === 'Task') return [callFailed(at, tasks.get(name), event.Error, text(event.Cause))];
      return type === 'Map' || type === 'Parallel' ? [at(`${type}StateFailed`)] : [];
    }
    case 'StateRetried':
      return event.state.type === 'Task' ? callBegins(at, tasks.get(event.state.name), event.state.input) : [];
    case 'StateCaught': {
      const { name, type } = event.state;
      return [at(`${type}StateExited`, { stateExitedEventDetails: { name } })];
    }
    case 'MapIterationStarted':
    case 'MapIterationSucceeded':
    case 'MapIterationFailed': {
      const field = `m${event.type.slice(1)}EventDetails`;
      return [at(event.type, { [field]: { name: event.parentState.name, index: event.index } })];
    }
    default:
      return [];
  }
}

type At = (type: string, details?: Members) => HistoryEvent;

const INVOKE = { resourceType: 'lambda', resource: 'invoke' };

function callBegins(at: At, task: TaskKind | undefined, input: unknown): HistoryEvent[] {
  if (task?.kind !== 'function') {
    return [
      at('TaskScheduled', { taskScheduledEventDetails: { ...INVOKE, parameters: text(input) } }),
      at('TaskStarted', { taskStartedEventDetails: INVOKE }),
    ];
  }
  const details = { resource: task.functionArn, input: text(input) };
  return [at('LambdaFunctionScheduled', { lambdaFunctionScheduledEventDetails: details }), at('LambdaFunctionStarted')];
}

function callSucceeded(at: At, task: TaskKind | undefined, output: unknown): HistoryEvent {
  return task?.kind === 'function'
    ? at('LambdaFunctionSucceeded', { lambdaFunctionSucceededEventDetails: { output: text(output) } })
    : at('TaskSucceeded', { taskSucceededEventDetails: { ...INVOKE, output: text(output) } });
}

function callFailed(at: At, task: TaskKind | undefined, error: string, cause: string): HistoryEvent {
  const outcome = error === 'States.Timeout' ? 'TimedOut' : 'Failed';
  return task?.kind === 'function'
    ? at(`LambdaFunction${outcome}`, { [`lambdaFunction${outcome}EventDetails`]: { error, cause } })
    : at(`Task${outcome}`, { [`task${outcome}EventDetails`]: { ...INVOKE, error, cause } });
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? 'null');
}

/** Known only when the items are the whole input. */
const lengthOf = (input: unknown): number => (Array.isArray(input) ? input.length : 0);
