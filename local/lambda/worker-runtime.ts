/**
 * Runs inside the worker: loads the function's module and calls its handler, one invocation at a time, as Lambda's Node.js
 * runtime does. It must import nothing of this project but the message shapes, because it shares a thread with the function.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import { errorBody, type InvokeMessage, type WorkerMessage, type WorkerSettings } from './invocation.ts';

type Handler = (event: unknown, context: object, callback: (error: unknown, result?: unknown) => void) => unknown;

const settings = workerData as WorkerSettings;

function post(message: WorkerMessage): void {
  parentPort?.postMessage(message);
}

function initError(errorType: string, errorMessage: string): Error {
  return Object.assign(new Error(errorMessage), { name: errorType });
}

async function loadHandler(): Promise<Handler> {
  const { assetDirectory, handler } = settings;
  const dot = handler.lastIndexOf('.');
  const [moduleName, exportName] = [handler.slice(0, dot), handler.slice(dot + 1)];
  const file = ['.mjs', '.js', '.cjs']
    .map((extension) => join(assetDirectory, moduleName + extension))
    .find((candidate) => existsSync(candidate));
  if (file === undefined) {
    throw initError('Runtime.ImportModuleError', `Cannot find module '${moduleName}' in ${assetDirectory}`);
  }
  const loaded = (await import(pathToFileURL(file).href)) as { readonly [name: string]: unknown };
  const found =
    loaded[exportName] ?? (loaded.default as { readonly [name: string]: unknown } | undefined)?.[exportName];
  if (typeof found !== 'function') {
    throw initError('Runtime.HandlerNotFound', `${handler} is undefined or not exported`);
  }
  return found as Handler;
}

function contextOf(message: InvokeMessage): object {
  const { functionName, functionArn, memoryMb, logGroupName, logStreamName } = settings;
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: functionArn,
    memoryLimitInMB: String(memoryMb),
    awsRequestId: message.requestId,
    logGroupName,
    logStreamName,
    getRemainingTimeInMillis: () => Math.max(0, message.deadlineMs - Date.now()),
  };
}

function call(handler: Handler, message: InvokeMessage): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const callback = (error: unknown, result?: unknown): void =>
      error === undefined || error === null ? resolve(result) : reject(error);
    const returned = handler(JSON.parse(message.payload), contextOf(message), callback);
    // A handler that declares the third parameter answers through it unless it returns a promise.
    if (returned instanceof Promise || handler.length < 3) Promise.resolve(returned).then(resolve, reject);
  });
}

async function answer(handler: Handler, message: InvokeMessage): Promise<void> {
  const { requestId } = message;
  try {
    const result = await call(handler, message);
    post({ kind: 'answered', requestId, payload: JSON.stringify(result) ?? 'null' });
  } catch (error) {
    post({ kind: 'failed', requestId, error: errorBody(error) });
  }
}

try {
  const handler = await loadHandler();
  parentPort?.on('message', (message: InvokeMessage) => void answer(handler, message));
  post({ kind: 'ready' });
} catch (error) {
  post({ kind: 'init-failed', error: errorBody(error) });
}
