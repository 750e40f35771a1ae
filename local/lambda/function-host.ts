/**
 * Runs one function of the template: starts execution environments as they are needed, keeps them for the next invocation, and
 * bounds how many run at once. Its callers are the pollers, the pipes, the bus and the Lambda front end. It must never answer an
 * invocation twice or leave one without an answer.
 *
 * AWS gives a function up to 1,000 environments; here a function without reserved concurrency gets DEFAULT_CONCURRENCY, enough to
 * keep two cores busy, and callers wait in line. A reserved concurrency is a limit as on AWS: a direct call beyond it is throttled.
 */
import { randomUUID } from 'node:crypto';
import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import type { Credentials, Log } from '../local-aws.ts';
import { ExecutionEnvironment } from './execution-environment.ts';
import { type InvocationOutcome, SYNC_PAYLOAD_BYTES_MAX } from './invocation.ts';

export const DEFAULT_CONCURRENCY = 4;

/** AWS retries an asynchronous invocation after one and then two minutes; nobody at a keyboard waits for that. */
const ASYNC_RETRY_DELAYS_MS = [1_000, 2_000];

export interface FunctionSettings {
  readonly name: string;
  readonly arn: string;
  readonly roleArn: string;
  readonly assetDirectory: string;
  readonly handler: string;
  readonly runtime: string;
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  readonly reservedConcurrency?: number;
  readonly variables: Readonly<Record<string, string>>;
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: Credentials;
  readonly dataDirectory: string;
  readonly log: Log;
}

/** Answered to a direct call when all reserved environments are busy; the front end turns it into a 429. */
export class TooManyRequests extends Error {
  override readonly name = 'TooManyRequestsException';
}

export class PayloadTooLarge extends Error {
  override readonly name = 'RequestTooLargeException';
}

export class FunctionHost {
  readonly settings: FunctionSettings;
  readonly #idle: ExecutionEnvironment[] = [];
  readonly #all = new Set<ExecutionEnvironment>();
  readonly #waiting: (() => void)[] = [];
  readonly #background = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  readonly #logStream: WriteStream;
  readonly #logStreamName: string;
  #running = 0;
  #invocations = 0;
  #errors = 0;
  #lastError: string | undefined;

  constructor(settings: FunctionSettings) {
    this.settings = settings;
    const directory = join(settings.dataDirectory, 'log');
    mkdirSync(directory, { recursive: true });
    this.#logStream = createWriteStream(join(directory, `lambda-${settings.name}.log`), { flags: 'a' });
    // A full disk must not take the pipeline down through its logs.
    this.#logStream.on('error', () => {});
    this.#logStreamName = `local/[$LATEST]${randomUUID().replaceAll('-', '')}`;
  }

  get name(): string {
    return this.settings.name;
  }

  get arn(): string {
    return this.settings.arn;
  }

  /**
   * Runs the function on `payload` (JSON text) and waits for its answer. When all environments are busy it waits in line, or
   * rejects with TooManyRequests when `whenBusy` is `throttle` and the function has reserved concurrency.
   */
  async invoke(payload: string, whenBusy: 'wait' | 'throttle' = 'wait'): Promise<InvocationOutcome> {
    const bytes = Buffer.byteLength(payload);
    if (bytes > SYNC_PAYLOAD_BYTES_MAX) {
      throw new PayloadTooLarge(`${bytes} byte payload is too large; ${SYNC_PAYLOAD_BYTES_MAX} bytes are allowed`);
    }
    await this.#acquire(whenBusy);
    const environment = this.#idle.pop() ?? this.#start();
    try {
      const outcome = limitAnswer(await environment.invoke(randomUUID(), payload));
      this.#count(outcome);
      return outcome;
    } finally {
      if (environment.dead || this.#stopping.signal.aborted) this.#all.delete(environment);
      else this.#idle.push(environment);
      this.#release();
    }
  }

  /** Takes the event and returns; the function is tried up to three times. A last failure is logged, as there is no destination. */
  invokeInBackground(payload: string): void {
    const run = this.#invokeWithRetries(payload).finally(() => this.#background.delete(run));
    this.#background.add(run);
  }

  status(): Record<string, unknown> {
    return {
      state: this.#stopping.signal.aborted ? 'stopped' : 'running',
      environments: this.#all.size,
      running: this.#running,
      invocations: this.#invocations,
      errors: this.#errors,
      ...(this.#lastError === undefined ? {} : { lastError: this.#lastError }),
    };
  }

  /** Waits for the invocations under way, bounded by the function's time-out, then ends all environments. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const wake of this.#waiting.splice(0)) wake();
    await Promise.all(this.#background);
    while (this.#running > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    await Promise.all([...this.#all].map((environment) => environment.stop()));
    this.#all.clear();
    this.#idle.length = 0;
    await new Promise<void>((resolve) => this.#logStream.end(resolve));
  }

  async #acquire(whenBusy: 'wait' | 'throttle'): Promise<void> {
    const { reservedConcurrency } = this.settings;
    const limit = reservedConcurrency ?? DEFAULT_CONCURRENCY;
    if (limit === 0) throw new TooManyRequests(`${this.name} has a reserved concurrency of 0: it cannot be invoked`);
    while (this.#running >= limit && !this.#stopping.signal.aborted) {
      if (whenBusy === 'throttle' && reservedConcurrency !== undefined) throw new TooManyRequests('Rate Exceeded.');
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    if (this.#stopping.signal.aborted) throw new Error(`function ${this.name} is stopped`);
    this.#running += 1;
  }

  #release(): void {
    this.#running -= 1;
    this.#waiting.shift()?.();
  }

  #start(): ExecutionEnvironment {
    const { name, arn, assetDirectory, handler, memoryMb, timeoutSeconds } = this.settings;
    const environment = new ExecutionEnvironment({
      assetDirectory,
      handler,
      functionName: name,
      functionArn: arn,
      memoryMb,
      timeoutSeconds,
      logGroupName: `/aws/lambda/${name}`,
      logStreamName: this.#logStreamName,
      variables: this.#variables(),
      output: (line) => {
        this.#logStream.write(`${line}\n`);
        this.settings.log(`lambda ${name}`, line);
      },
    });
    this.#all.add(environment);
    return environment;
  }

  #variables(): Record<string, string> {
    const { name, assetDirectory, handler, runtime, memoryMb, endpoint, region, credentials, variables } =
      this.settings;
    return {
      PATH: process.env.PATH ?? '',
      LANG: 'en_US.UTF-8',
      TZ: ':UTC',
      // Settings and credentials of the person at this machine must not leak into functions.
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_EC2_METADATA_DISABLED: 'true',
      ...variables,
      // Reserved names, which AWS does not let a template set.
      _HANDLER: handler,
      LAMBDA_TASK_ROOT: assetDirectory,
      AWS_EXECUTION_ENV: `AWS_Lambda_${runtime}`,
      AWS_LAMBDA_FUNCTION_NAME: name,
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
      AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
      AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
      AWS_LAMBDA_LOG_STREAM_NAME: this.#logStreamName,
      AWS_REGION: region,
      AWS_DEFAULT_REGION: region,
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    };
  }

  #count(outcome: InvocationOutcome): void {
    this.#invocations += 1;
    if (outcome.functionError === undefined) return;
    this.#errors += 1;
    this.#lastError = describeFunctionError(outcome.payload);
    this.#logStream.write(`${outcome.payload}\n`);
  }

  async #invokeWithRetries(payload: string): Promise<void> {
    const { log } = this.settings;
    for (const delayMs of [...ASYNC_RETRY_DELAYS_MS, undefined]) {
      try {
        const outcome = await this.invoke(payload);
        if (outcome.functionError === undefined) return;
        log(`lambda ${this.name}`, `asynchronous invocation failed: ${describeFunctionError(outcome.payload)}`);
      } catch (error) {
        log(`lambda ${this.name}`, `asynchronous invocation not run: ${String(error)}`);
      }
      if (delayMs === undefined || this.#stopping.signal.aborted) break;
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
    log(`lambda ${this.name}`, 'asynchronous event dropped: it failed every time and no failure destination is set');
  }
}

/** `TypeError: x is not a function`, from the error object that a failed function answers. */
export function describeFunctionError(payload: string): string {
  const body = JSON.parse(payload) as { errorType?: unknown; errorMessage?: unknown };
  return `${String(body.errorType)}: ${String(body.errorMessage)}`;
}

function limitAnswer(outcome: InvocationOutcome): InvocationOutcome {
  const bytes = Buffer.byteLength(outcome.payload);
  if (bytes <= SYNC_PAYLOAD_BYTES_MAX) return outcome;
  const errorMessage = `Response payload size (${bytes} bytes) exceeded maximum allowed payload size (${SYNC_PAYLOAD_BYTES_MAX} bytes).`;
  const payload = JSON.stringify({ errorType: 'Function.ResponseSizeTooLarge', errorMessage });
  return { requestId: outcome.requestId, payload, functionError: 'Unhandled' };
}
