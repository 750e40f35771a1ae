/**
 * One run of a definition from its first state to its end. It gives the interpreter what belongs to this execution (context, tasks),
 * hands its events out in order, and says how it ended, in AWS's words. After `abort` nothing of it runs on: no timer, no task.
 */
import { ExecutionAbortedError, ExecutionTimeoutError, StateMachine } from 'aws-local-stepfunctions';
import type { Definition } from './definition.ts';
import { HISTORY_EVENTS_MAX, type HistoryEvent, historyEvents, type InterpreterEvent } from './history.ts';
import { PAYLOAD_BYTES_MAX, type RunTask, StateError, withinLimit } from './lambda-task.ts';

type JsonValue = Parameters<StateMachine['run']>[0];

export type ExecutionEnd =
  | { readonly status: 'SUCCEEDED'; readonly output: string }
  | { readonly status: 'FAILED'; readonly error?: string; readonly cause?: string }
  | { readonly status: 'TIMED_OUT' }
  | { readonly status: 'ABORTED'; readonly error?: string; readonly cause?: string };

export interface ExecutionContext {
  readonly executionArn: string;
  readonly name: string;
  readonly roleArn: string;
  readonly machineArn: string;
  readonly machineName: string;
}

export interface RunningExecution {
  /** Never rejects. */
  readonly end: Promise<ExecutionEnd>;
  abort(): void;
}

/** @param earlierEvents how many events the execution has already, for the limit. */
export function runExecution(
  definition: Definition,
  input: string,
  context: ExecutionContext,
  runTask: RunTask,
  onEvents: (events: readonly HistoryEvent[]) => void,
  earlierEvents = 0,
): RunningExecution {
  const stopping = new AbortController();
  const handlers = Object.fromEntries(
    [...definition.tasks].map(([name, task]) => [
      name,
      (value: unknown) => endingWith(stopping.signal, (signal) => runTask(task, value, signal)) as Promise<JsonValue>,
    ]),
  );
  const run = new StateMachine(definition.machine, { validationOptions: { noValidate: true } }).run(JSON.parse(input), {
    overrides: { taskResourceLocalHandlers: handlers },
    context: {
      Execution: { Id: context.executionArn, Name: context.name, RoleArn: context.roleArn },
      StateMachine: { Id: context.machineArn, Name: context.machineName },
    },
  });
  let broken: StateError | undefined;
  const abort = (): void => {
    stopping.abort();
    run.abort();
  };
  const stopAs = (failure: StateError): void => {
    broken = failure;
    abort();
  };
  const reading = readEvents(run.eventLogs, (event) => {
    // A loop without tasks runs ahead of this reader; what it does after the limit did not happen.
    if (broken !== undefined) return;
    const events = historyEvents(event, definition.tasks);
    onEvents(events);
    earlierEvents += events.length;
    const limit = brokenLimit(event, earlierEvents);
    if (limit !== undefined) stopAs(limit);
  }).catch((error: unknown) => {
    const cause = `the history of the execution cannot be kept: ${error instanceof Error ? error.message : String(error)}`;
    stopAs(new StateError('States.Runtime', cause, 'terminal'));
  });
  const end = run.result
    .then(
      (output): ExecutionEnd => succeeded(output),
      (error: unknown) => ended(error),
    )
    .then(async (found) => {
      stopping.abort();
      await reading;
      return broken === undefined ? found : failed(broken);
    });
  return { end, abort };
}

async function readEvents(
  events: AsyncGenerator<InterpreterEvent>,
  each: (event: InterpreterEvent) => void,
): Promise<void> {
  for await (const event of events) each(event);
}

/** The task's answer, or the refusal to go on once the execution has ended: neither Retry nor Catch may take that for a failure. */
async function endingWith<T>(signal: AbortSignal, task: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const gone = (): StateError => new StateError('States.Runtime', 'the execution has ended', 'terminal');
  if (signal.aborted) throw gone();
  const ending = Promise.withResolvers<never>();
  const onAbort = (): void => ending.reject(gone());
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([task(signal), ending.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function brokenLimit(event: InterpreterEvent, events: number): StateError | undefined {
  if (events > HISTORY_EVENTS_MAX) {
    const cause = `the execution has reached the maximum number of history events (${HISTORY_EVENTS_MAX})`;
    return new StateError('States.Runtime', cause, 'terminal');
  }
  const state = 'state' in event ? event.state : undefined;
  if (state === undefined) return undefined;
  const value = event.type === 'StateExited' ? state.output : state.input;
  // A character has at most three bytes in UTF-8 per unit of UTF-16, so small values need no exact count.
  const json = JSON.stringify(value) ?? '';
  if (json.length * 3 <= PAYLOAD_BYTES_MAX) return undefined;
  try {
    withinLimit(json, `${event.type === 'StateExited' ? 'output' : 'input'} of state ${state.name}`);
  } catch (error) {
    return error as StateError;
  }
  return undefined;
}

function succeeded(output: unknown): ExecutionEnd {
  return { status: 'SUCCEEDED', output: JSON.stringify(output) ?? 'null' };
}

function ended(error: unknown): ExecutionEnd {
  if (error instanceof ExecutionAbortedError) return { status: 'ABORTED' };
  if (error instanceof ExecutionTimeoutError) return { status: 'TIMED_OUT' };
  const cause = error instanceof Error ? error.cause : undefined;
  return failed(cause instanceof Error ? cause : error);
}

/** What the interpreter writes where a Fail state gives no Error or Cause. */
const NO_ERROR = 'FailStateError';
const NO_CAUSE = 'Execution failed because of a Fail state';

function failed(error: unknown): ExecutionEnd {
  if (!(error instanceof Error)) return { status: 'FAILED', error: 'States.Runtime', cause: String(error) };
  const { name, message } = error;
  return {
    status: 'FAILED',
    ...(name === NO_ERROR ? {} : { error: name }),
    ...(message === NO_CAUSE || message === name ? {} : { cause: message }),
  };
}
