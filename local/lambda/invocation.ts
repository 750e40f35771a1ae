/** What the host, its environments and the code inside a worker say to each other. Plain values only: they cross a thread boundary. */

/** The error object that Lambda answers when a function fails. */
export interface FunctionErrorBody {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}

export interface InvocationOutcome {
  readonly requestId: string;
  /** JSON text: the function's answer, or a FunctionErrorBody when `functionError` is set. */
  readonly payload: string;
  readonly functionError?: 'Unhandled';
}

/** Host → worker. */
export interface InvokeMessage {
  readonly requestId: string;
  /** JSON text. */
  readonly payload: string;
  readonly deadlineMs: number;
}

/** Worker → host. */
export type WorkerMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'init-failed'; readonly error: FunctionErrorBody }
  | { readonly kind: 'answered'; readonly requestId: string; readonly payload: string }
  | { readonly kind: 'failed'; readonly requestId: string; readonly error: FunctionErrorBody };

/** What the code in the worker needs to know about its function. */
export interface WorkerSettings {
  /** Absolute folder of the bundled asset. */
  readonly assetDirectory: string;
  /** `index.handler`: module without extension, then the exported name. */
  readonly handler: string;
  readonly functionName: string;
  readonly functionArn: string;
  readonly memoryMb: number;
  readonly logGroupName: string;
  readonly logStreamName: string;
}

/** Limit of a synchronous invocation, request and answer each. */
export const SYNC_PAYLOAD_BYTES_MAX = 6 * 1024 * 1024;

export function errorBody(error: unknown): FunctionErrorBody {
  if (error instanceof Error) {
    return { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') };
  }
  return { errorType: typeof error, errorMessage: String(error), trace: [] };
}
