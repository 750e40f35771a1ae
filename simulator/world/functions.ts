/**
 * Loads the real handlers, once for each setting of their environment: they read it when they are loaded, as on Lambda at a cold start. What
 * they would write to the log is handed to whoever runs the world, as values and not as text.
 */
import type { Context } from 'aws-lambda';
import { logger } from '#functions/middleware.ts';
import { cutSdkAtTheNetwork } from './sdk.ts';
import { installVirtualGlobals } from './virtual-globals.ts';

export type Handler = (event: unknown, context: Context) => Promise<unknown>;

export interface Functions {
  readonly replicator: Handler;
  readonly projector: Handler;
  readonly enrichment: Handler;
  readonly replaySlice: Handler;
}

/** The settings of the template that a world may choose; see the environments of the functions. */
export interface FunctionSettings {
  readonly graceSeconds: number;
  readonly fanOutLimit: number;
}

export const TABLES = {
  metrics: 'Metrics',
  sourceRows: 'SourceRows',
  quarantine: 'Quarantine',
  replays: 'Replays',
} as const;

const ENVIRONMENT = {
  AWS_REGION: 'us-east-1',
  METRICS_TABLE: TABLES.metrics,
  SOURCE_ROWS_TABLE: TABLES.sourceRows,
  QUARANTINE_TABLE: TABLES.quarantine,
  QUARANTINE_BUCKET: 'quarantine',
  PROJECTION_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/000000000000/projection',
  CHANGE_STREAM: 'changes',
  REPLAYS_TABLE: TABLES.replays,
  // So few that a short window has several batches.
  BATCH_RECORDS: '20',
  TOMBSTONE_DAYS: '420',
  REDIRECT_DAYS: '30',
};

export type LogEntry = { readonly message: string; readonly fields: Readonly<Record<string, unknown>> };

let hear: (entry: LogEntry) => void = () => {};

/** Who hears what the functions log, from now on. */
export function listenToLogs(listener: (entry: LogEntry) => void): void {
  hear = listener;
}

const loaded = new Map<string, Promise<Functions>>();

export function loadFunctions(settings: FunctionSettings): Promise<Functions> {
  const key = `grace=${settings.graceSeconds}&fanOut=${settings.fanOutLimit}`;
  const known = loaded.get(key) ?? load(settings, key);
  loaded.set(key, known);
  return known;
}

/** The cold starts happen one after the other, because each reads the one environment of the process. */
let coldStarts: Promise<unknown> = Promise.resolve();

function load(settings: FunctionSettings, variant: string): Promise<Functions> {
  installVirtualGlobals();
  cutSdkAtTheNetwork();
  const note = (message: string, fields: object = {}): void => hear({ message, fields: { ...fields } });
  Object.assign(logger, { info: note, warn: note, error: note, debug: () => {} });
  const functions = coldStarts.then(async () => {
    Object.assign(process.env, ENVIRONMENT, {
      GRACE_SECONDS: String(settings.graceSeconds),
      FAN_OUT_LIMIT: String(settings.fanOutLimit),
    });
    const handlerOf = async (name: string): Promise<Handler> => {
      const address = new URL(`../../functions/${name}/handler.ts?${variant}`, import.meta.url);
      return ((await import(address.href)) as { handler: Handler }).handler;
    };
    return {
      replicator: await handlerOf('replicator'),
      projector: await handlerOf('projector'),
      enrichment: await handlerOf('metric-changed-enrichment'),
      replaySlice: await handlerOf('replay-slice'),
    };
  });
  coldStarts = functions;
  return functions;
}
