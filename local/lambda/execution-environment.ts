/**
 * One execution environment: a worker thread that loaded a function and runs one invocation at a time. It answers every
 * invocation exactly once, also when the function hangs, exits or runs out of memory; after one of these it is dead and must not
 * be used again.
 */
import { Worker } from 'node:worker_threads';
import {
  errorBody,
  type FunctionErrorBody,
  type InvocationOutcome,
  type WorkerMessage,
  type WorkerSettings,
} from './invocation.ts';

/** AWS allows 10 s to initialise and then starts again within the first invocation; a cold and busy small machine needs longer. */
const INIT_TIMEOUT_MS = 30_000;

export interface EnvironmentSettings extends WorkerSettings {
  readonly timeoutSeconds: number;
  readonly variables: Readonly<Record<string, string>>;
  output(line: string): void;
}

type Ending =
  | { readonly kind: 'answered'; readonly payload: string }
  | { readonly kind: 'failed'; readonly error: FunctionErrorBody };

export class ExecutionEnvironment {
  readonly #settings: EnvironmentSettings;
  readonly #worker: Worker;
  readonly #ready: Promise<FunctionErrorBody | undefined>;
  #answer: ((ending: Ending) => void) | undefined;
  #initialised: (error: FunctionErrorBody | undefined) => void = () => {};
  #dead = false;

  constructor(settings: EnvironmentSettings) {
    this.#settings = settings;
    const { assetDirectory, handler, functionName, functionArn, memoryMb, logGroupName, logStreamName } = settings;
    const workerData: WorkerSettings = {
      assetDirectory,
      handler,
      functionName,
      functionArn,
      memoryMb,
      logGroupName,
      logStreamName,
    };
    this.#ready = new Promise((resolve) => {
      this.#initialised = resolve;
    });
    this.#worker = new Worker(new URL('./worker-runtime.ts', import.meta.url), {
      workerData,
      env: { ...settings.variables },
      // Nothing of this process's own flags reaches the function; source maps make its stack traces readable.
      execArgv: ['--enable-source-maps'],
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: memoryMb },
    });
    this.#worker.on('message', (message: WorkerMessage) => this.#receive(message));
    this.#worker.on('error', (error) => this.#end(errorOfWorker(error)));
    this.#worker.on('exit', (code) =>
      this.#end({ errorType: 'Runtime.ExitError', errorMessage: `Runtime exited with error: exit status ${code}` }),
    );
    for (const stream of [this.#worker.stdout, this.#worker.stderr]) readLines(stream, settings.output);
  }

  get dead(): boolean {
    return this.#dead;
  }

  async invoke(requestId: string, payload: string): Promise<InvocationOutcome> {
    const initError = await this.#initialise();
    if (initError !== undefined) {
      await this.stop();
      return failure(requestId, initError);
    }
    const { timeoutSeconds } = this.#settings;
    const ending = await new Promise<Ending>((resolve) => {
      const timer = setTimeout(() => {
        this.#end({ errorType: 'Sandbox.Timedout', errorMessage: `Task timed out after ${timeoutSeconds}.00 seconds` });
      }, timeoutSeconds * 1000);
      this.#answer = (ended) => {
        clearTimeout(timer);
        this.#answer = undefined;
        resolve(ended);
      };
      if (this.#dead) this.#end({ errorType: 'Runtime.ExitError', errorMessage: 'Runtime exited' });
      else this.#worker.postMessage({ requestId, payload, deadlineMs: Date.now() + timeoutSeconds * 1000 });
    });
    if (this.#dead) await this.stop();
    if (ending.kind === 'answered') return { requestId, payload: ending.payload };
    const { error } = ending;
    const named = this.#dead
      ? { ...error, errorMessage: `RequestId: ${requestId} Error: ${error.errorMessage}` }
      : error;
    return failure(requestId, named);
  }

  async stop(): Promise<void> {
    this.#dead = true;
    await this.#worker.terminate();
  }

  async #initialise(): Promise<FunctionErrorBody | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<FunctionErrorBody>((resolve) => {
      timer = setTimeout(resolve, INIT_TIMEOUT_MS, {
        errorType: 'Sandbox.Timedout',
        errorMessage: `Init timed out after ${INIT_TIMEOUT_MS / 1000} seconds`,
      });
    });
    try {
      return await Promise.race([this.#ready, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #receive(message: WorkerMessage): void {
    if (message.kind === 'ready') this.#initialised(undefined);
    else if (message.kind === 'init-failed') this.#initialised(message.error);
    else this.#answer?.(message);
  }

  /** The worker is gone or must go: whoever waits for it gets this error. */
  #end(error: FunctionErrorBody): void {
    this.#dead = true;
    this.#initialised(error);
    this.#answer?.({ kind: 'failed', error });
  }
}

function failure(requestId: string, error: FunctionErrorBody): InvocationOutcome {
  return { requestId, payload: JSON.stringify(error), functionError: 'Unhandled' };
}

function errorOfWorker(error: unknown): FunctionErrorBody {
  if (error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return { errorType: 'Runtime.OutOfMemory', errorMessage: `Runtime exited with error: ${error.message}` };
  }
  return errorBody(error);
}

/** Calls `line` for each whole line; a line that never ends is passed on when the stream does. */
function readLines(stream: NodeJS.ReadableStream, line: (text: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const text of lines) line(text);
  });
  stream.on('end', () => {
    if (rest !== '') line(rest);
  });
}
