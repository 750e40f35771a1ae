/**
 * A Task state's call of a function: through the gateway as the role of the state machine, with the answers and error names that
 * Step Functions gives, so that Retry and Catch decide here as they do on AWS. It retries nothing itself.
 * https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
 */
import { InvokeCommand, type InvokeCommandOutput, LambdaClient } from '@aws-sdk/client-lambda';
import type { Credentials } from '../local-aws.ts';
import type { TaskKind } from './definition.ts';
import { type Members, members } from './definition-check.ts';

/** Limit of a state's input and output and of an execution's input, in bytes of UTF-8. */
export const PAYLOAD_BYTES_MAX = 256 * 1024;

/**
 * What ends a state with an ASL error. The interpreter takes the error's name from `name`, its cause from `message`, and asks
 * `isRetryable` and `isCatchable`: errors of the runtime itself match neither Retry nor Catch, also not States.ALL.
 */
export class StateError extends Error {
  override readonly name: string;
  readonly isRetryable: boolean;
  readonly isCatchable: boolean;

  constructor(name: string, cause: string, kind: 'task' | 'terminal' = 'task') {
    super(cause);
    this.name = name;
    this.isRetryable = kind === 'task';
    this.isCatchable = kind === 'task';
  }
}

export interface TaskPlace {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: Credentials;
}

/** Runs one task; rejects with a StateError. `signal` ends the wait, not the function. */
export type RunTask = (task: TaskKind, input: unknown, signal: AbortSignal) => Promise<unknown>;

export function lambdaTasks(place: TaskPlace): { readonly run: RunTask; close(): void } {
  const client = new LambdaClient({
    endpoint: place.endpoint,
    region: place.region,
    // A copy: the SDK writes into the credentials it is given.
    credentials: { ...place.credentials },
    maxAttempts: 1,
  });
  return {
    async run(task, input, signal) {
      const call = callOf(task, input);
      withinLimit(call.payload, 'input of the task');
      let answer: InvokeCommandOutput;
      try {
        const command = new InvokeCommand({ FunctionName: call.functionName, Payload: Buffer.from(call.payload) });
        answer = await client.send(command, { abortSignal: signal });
      } catch (error) {
        throw serviceError(error);
      }
      const payload = Buffer.from(answer.Payload ?? []).toString('utf8');
      if (answer.FunctionError !== undefined) throw functionError(payload);
      withinLimit(payload, 'output of the task');
      const value: unknown = payload === '' ? null : JSON.parse(payload);
      return task.kind === 'function' ? value : invokeResult(answer, value);
    },
    close: () => client.destroy(),
  };
}

function callOf(task: TaskKind, input: unknown): { readonly functionName: string; readonly payload: string } {
  if (task.kind === 'function') return { functionName: task.functionArn, payload: JSON.stringify(input) };
  const parameters = members(input);
  if (typeof parameters.FunctionName !== 'string') {
    const given = JSON.stringify(parameters.FunctionName);
    throw new StateError('States.Runtime', `FunctionName of lambda:invoke is ${given}, not a text`, 'terminal');
  }
  return { functionName: parameters.FunctionName, payload: JSON.stringify(parameters.Payload ?? {}) };
}

/** What `arn:aws:states:::lambda:invoke` answers; headers of the answer are not passed on. */
function invokeResult(answer: InvokeCommandOutput, value: unknown): Members {
  return {
    ExecutedVersion: answer.ExecutedVersion ?? '$LATEST',
    Payload: value,
    SdkHttpMetadata: { HttpStatusCode: answer.StatusCode ?? 200 },
    SdkResponseMetadata: { RequestId: answer.$metadata.requestId ?? '' },
    StatusCode: answer.StatusCode ?? 200,
  };
}

/** The error object of the function is the cause, and its errorType the error's name. */
function functionError(payload: string): StateError {
  const { errorType } = members(JSON.parse(payload));
  return new StateError(typeof errorType === 'string' && errorType !== '' ? errorType : 'Lambda.Unknown', payload);
}

/** Exceptions of the service keep their names behind `Lambda.`; one that AWS does not name so (no permission) is AWSLambdaException. */
const NAMED = new Set([
  'TooManyRequestsException',
  'ServiceException',
  'ResourceNotFoundException',
  'RequestTooLargeException',
  'InvalidRequestContentException',
  'ResourceNotReadyException',
  'ResourceConflictException',
]);

function serviceError(error: unknown): StateError {
  const name = error instanceof Error ? error.name : 'Error';
  const message = error instanceof Error ? error.message : String(error);
  const status = error instanceof Error && '$metadata' in error ? members(error.$metadata).httpStatusCode : undefined;
  if (NAMED.has(name)) return new StateError(`Lambda.${name}`, message);
  if (status === undefined) return new StateError('Lambda.SdkClientException', message);
  return new StateError(
    'Lambda.AWSLambdaException',
    `${message} (Status Code: ${String(status)}; Error Code: ${name})`,
  );
}

export function withinLimit(json: string, what: string): void {
  const bytes = Buffer.byteLength(json);
  if (bytes <= PAYLOAD_BYTES_MAX) return;
  const cause = `the ${what} has ${bytes} bytes; a state takes and gives at most ${PAYLOAD_BYTES_MAX}. Pass a reference to it`;
  throw new StateError('States.DataLimitExceeded', cause, 'terminal');
}
