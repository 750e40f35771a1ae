/**
 * What every part of the one-machine AWS is given: where the emulators are, who the caller is, where state is kept. It knows
 * the platform and nothing about metrics.
 */

/** Keys by which the gateway recognises a caller. The secret is never checked; the access key id names a principal. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Answer of a front end to one request that the gateway has decoded. */
export interface FrontEndResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/** One request as a front end sees it. `action` is the part after the dot of X-Amz-Target, absent for REST services. */
export interface FrontEndRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly action?: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

/** A service that this project stands in for itself (EventBridge, Lambda, DMS…), reached through the gateway. */
export type FrontEnd = (request: FrontEndRequest) => Promise<FrontEndResponse>;

/** One structured line of talk; never row values. */
export type Log = (source: string, message: string, fields?: Readonly<Record<string, unknown>>) => void;

/** Durable `key → JSON value` store for checkpoints; a `set` that has resolved survives `kill -9`. */
export interface CheckpointStore {
  get(key: string): unknown;
  set(key: string, value: unknown): Promise<void>;
}

export interface LocalAws {
  /** `http://127.0.0.1:PORT` of the gateway; what functions get as AWS_ENDPOINT_URL. */
  readonly endpoint: string;
  readonly region: string;
  readonly accountId: string;
  readonly dataDirectory: string;
  readonly assemblyDirectory: string;
  readonly log: Log;
  readonly checkpoints: CheckpointStore;
  /** Credentials that act as the role, so that the gateway enforces exactly its policies. */
  credentialsOf(roleArn: string): Credentials;
  /** Registers a front end under the signing name of the service (`events`, `lambda`, `dms`, `pipes`…). */
  registerFrontEnd(signingName: string, frontEnd: FrontEnd): void;
  /** Something a provider created, found again by its ARN by another provider (a function by a pipe, a bus by a rule…). */
  readonly created: Map<string, unknown>;
}
