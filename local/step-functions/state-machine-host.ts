/**
 * One state machine of the template and its executions. Its callers are the Step Functions front end and the provider. An execution
 * that was running when the runtime stopped is started again from its first state with the same input, because the interpreter
 * cannot go on in the middle: tasks must bear being run twice, as Lambda's at-least-once asks of them anyway.
 */
import { randomUUID } from 'node:crypto';
import type { Log } from '../local-aws.ts';
import type { Definition } from './definition.ts';
import { type ExecutionEnd, type RunningExecution, runExecution } from './execution-run.ts';
import type { Execution, ExecutionStore } from './execution-store.ts';
import type { RunTask } from './lambda-task.ts';

export interface StateMachineSettings {
  readonly name: string;
  readonly arn: string;
  readonly roleArn: string;
  readonly definition: Definition;
  readonly createdAtMs: number;
  readonly runTask: RunTask;
  readonly store: ExecutionStore;
  readonly log: Log;
}

export type Started =
  | { readonly kind: 'started'; readonly execution: Execution }
  /** The name was used for something else, or its execution has ended. */
  | { readonly kind: 'name-taken'; readonly execution: Execution };

export class StateMachineHost {
  readonly settings: StateMachineSettings;
  readonly #running = new Map<string, RunningExecution>();
  readonly #endings = new Set<Promise<void>>();
  #stopping = false;
  #counts = { succeeded: 0, failed: 0 };
  #lastError: string | undefined;

  constructor(settings: StateMachineSettings) {
    this.settings = settings;
  }

  /** Goes on with what was running when the runtime stopped. */
  start(): void {
    const { store, log, name } = this.settings;
    for (const execution of store.running()) {
      store.restarted(execution.arn);
      log(`step functions ${name}`, `execution ${execution.name} is started again: the runtime was stopped`);
      const details = { executionRedrivenEventDetails: { redriveCount: execution.restarts + 1 } };
      store.append(execution.arn, [{ type: 'ExecutionRedriven', timestampMs: Date.now(), details }]);
      this.#run(execution);
    }
  }

  /** The same name with the same input is the same execution while that runs; any other use of a name is refused. */
  startExecution(input: string, name: string = randomUUID()): Started {
    if (this.#stopping) throw new Error(`state machine ${this.settings.name} is stopped`);
    const { arn, roleArn, store } = this.settings;
    const executionArn = `${arn.replace(':stateMachine:', ':execution:')}:${name}`;
    const present = store.find(executionArn);
    if (present !== undefined) {
      const same = present.status === 'RUNNING' && present.input === input;
      return { kind: same ? 'started' : 'name-taken', execution: present };
    }
    const startedAtMs = Date.now();
    const execution: Execution = { arn: executionArn, name, input, status: 'RUNNING', startedAtMs, restarts: 0 };
    store.insert(execution);
    const details = { executionStartedEventDetails: { input, roleArn } };
    store.append(executionArn, [{ type: 'ExecutionStarted', timestampMs: startedAtMs, details }]);
    this.#run(execution);
    return { kind: 'started', execution };
  }

  /** Ends it now; what a function is doing for it is not taken back. One that has ended stays as it ended. */
  stopExecution(arn: string, why: { readonly error?: string; readonly cause?: string }): void {
    this.#end(arn, { status: 'ABORTED', ...why });
    this.#running.get(arn)?.abort();
  }

  status(): Record<string, unknown> {
    return {
      state: this.#stopping ? 'stopped' : 'running',
      executions: this.#running.size,
      ...this.#counts,
      ...(this.#lastError === undefined ? {} : { lastError: this.#lastError }),
    };
  }

  /** Leaves no timer and no task behind. Executions stay RUNNING in the store; the next start goes on with them. */
  async stop(): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    for (const run of this.#running.values()) run.abort();
    await Promise.all(this.#endings);
    this.settings.store.close();
  }

  #run(execution: Execution): void {
    const { definition, store, roleArn, arn, name, runTask, log } = this.settings;
    const context = {
      executionArn: execution.arn,
      name: execution.name,
      roleArn,
      machineArn: arn,
      machineName: name,
    };
    const run = runExecution(
      definition,
      execution.input,
      context,
      runTask,
      (events) => {
        // What the interpreter still says after StopExecution belongs to nobody.
        if (store.find(execution.arn)?.status === 'RUNNING') store.append(execution.arn, events);
      },
      store.countEvents(execution.arn),
    );
    this.#running.set(execution.arn, run);
    const ending = run.end
      .then((end) => {
        if (!(this.#stopping && end.status === 'ABORTED')) this.#end(execution.arn, end);
      })
      .catch((error: unknown) =>
        this.#end(execution.arn, { status: 'FAILED', error: 'States.Runtime', cause: String(error) }),
      )
      // It stays RUNNING in the store, and the next start goes on with it.
      .catch((error: unknown) => log(`step functions ${name}`, `the end of ${execution.name} cannot be kept: ${error}`))
      .finally(() => {
        this.#running.delete(execution.arn);
        this.#endings.delete(ending);
      });
    this.#endings.add(ending);
  }

  #end(arn: string, end: ExecutionEnd): void {
    const { store, log, name } = this.settings;
    const atMs = Date.now();
    if (!store.end(arn, end, atMs)) return;
    const { status, ...details } = end;
    const words = status === 'TIMED_OUT' ? 'TimedOut' : `${status.charAt(0)}${status.slice(1).toLowerCase()}`;
    store.append(arn, [
      { type: `Execution${words}`, timestampMs: atMs, details: { [`execution${words}EventDetails`]: details } },
    ]);
    if (status === 'SUCCEEDED') {
      this.#counts.succeeded += 1;
      return;
    }
    this.#counts.failed += 1;
    const { error = '', cause = '' } = 'error' in end || 'cause' in end ? end : {};
    this.#lastError = `${arn.split(':').at(-1)} ${status} ${error} ${cause.slice(0, 200)}`.trim();
    log(`step functions ${name}`, `execution ${this.#lastError}`);
  }
}
