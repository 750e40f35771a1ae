/** The executions of the replay's state machine, by the names that the journal gives them. */
import {
  DescribeExecutionCommand,
  type SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import type { ReplayRun } from '#core/replay/replay-run.ts';

export type ExecutionState = 'running' | 'succeeded' | 'failed' | 'stopped' | 'timed out' | 'not started';

const STATES: ReadonlyMap<string, ExecutionState> = new Map([
  ['RUNNING', 'running'],
  ['PENDING_REDRIVE', 'running'],
  ['SUCCEEDED', 'succeeded'],
  ['FAILED', 'failed'],
  ['ABORTED', 'stopped'],
  ['TIMED_OUT', 'timed out'],
]);

/** A replay is written down before its execution is started; for so long the execution may still be on its way. */
const STARTING_MS = 60_000;

export class Executions {
  readonly #client: SFNClient;
  readonly #machineArn: string;

  constructor(client: SFNClient, machineArn: string) {
    this.#client = client;
    this.#machineArn = machineArn;
  }

  async start({ replayId, execution, request }: ReplayRun): Promise<void> {
    await this.#client.send(
      new StartExecutionCommand({
        stateMachineArn: this.#machineArn,
        name: execution,
        input: JSON.stringify({ replayId, execution, generations: request.generations }),
      }),
    );
  }

  async stop({ execution, replayId }: ReplayRun): Promise<void> {
    try {
      await this.#client.send(
        new StopExecutionCommand({ executionArn: this.#arn(execution), cause: `relay replay stop ${replayId}` }),
      );
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  async state({ execution, startedAtMs }: ReplayRun): Promise<ExecutionState> {
    try {
      const { status = '' } = await this.#client.send(
        new DescribeExecutionCommand({ executionArn: this.#arn(execution) }),
      );
      return STATES.get(status) ?? 'running';
    } catch (error) {
      if (!isMissing(error)) throw error;
      return Date.now() - startedAtMs < STARTING_MS ? 'running' : 'not started';
    }
  }

  #arn(execution: string): string {
    return `${this.#machineArn.replace(':stateMachine:', ':execution:')}:${execution}`;
  }
}

const isMissing = (error: unknown): boolean => error instanceof Error && error.name === 'ExecutionDoesNotExist';
