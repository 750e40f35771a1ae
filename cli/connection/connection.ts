/**
 * Where a command works: the pipeline that runs on this machine, found through its data directory, or a deployed stack, found by name.
 * Either way a command gets the same two things, a client configuration and the stack's outputs, so it has one implementation.
 */
import { preconditionMissing } from '../command-failure.ts';
import type { ClientConfig } from './client-config.ts';
import { isProcessAlive, readPipelineFile } from './pipeline-file.ts';
import { readStackOutputs } from './stack-outputs.ts';

export interface ConnectionOptions {
  /** Absolute path. */
  readonly dataDirectory: string;
  readonly stack?: string | undefined;
  readonly region?: string | undefined;
}

export interface LocalConnection {
  readonly pid: number;
  readonly endpoint: string;
  readonly sourceUrl: string;
  readonly dataDirectory: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface Connection {
  readonly clientConfig: ClientConfig;
  readonly region: string;
  /** Outputs of the stack by their CloudFormation names. */
  readonly outputs: ReadonlyMap<string, string>;
  /** Present when this is the pipeline on this machine. */
  readonly local?: LocalConnection;
}

export async function connect(options: ConnectionOptions): Promise<Connection> {
  if (options.stack !== undefined) return connectToStack(options.stack, options.region);
  const file = await readPipelineFile(options.dataDirectory);
  if (file === undefined || !isProcessAlive(file.pid) || !(await answers(file.endpoint))) {
    throw preconditionMissing(
      `No pipeline is running here (looked in ${options.dataDirectory}).`,
      'Start one with `npm start`, name its data directory with --data-dir, or a deployed stack with --stack NAME.',
    );
  }
  const { credentials, endpoint, region } = file;
  return {
    clientConfig: { region, endpoint, credentials, maxAttempts: 3 },
    region,
    outputs: new Map(file.outputs),
    local: {
      pid: file.pid,
      endpoint,
      sourceUrl: file.sourceUrl,
      dataDirectory: options.dataDirectory,
      ...credentials,
    },
  };
}

async function connectToStack(stack: string, region: string | undefined): Promise<Connection> {
  const clientConfig: ClientConfig = { ...(region === undefined ? {} : { region }), maxAttempts: 5 };
  const { outputs, region: usedRegion } = await readStackOutputs(stack, clientConfig);
  return { clientConfig: { ...clientConfig, region: usedRegion }, region: usedRegion, outputs };
}

/** Whether anything speaks HTTP there; which status it answers does not matter. */
async function answers(endpoint: string): Promise<boolean> {
  try {
    const response = await fetch(`${endpoint}/_relay/status`, { signal: AbortSignal.timeout(10_000) });
    await response.body?.cancel();
    return true;
  } catch {
    return false;
  }
}

/** The output a command cannot do without. */
export function requireOutput(connection: Connection, name: string): string {
  const value = connection.outputs.get(name);
  if (value !== undefined) return value;
  throw preconditionMissing(
    `The stack has no output "${name}". It has: ${[...connection.outputs.keys()].join(', ') || 'none'}.`,
    'Name the stack MetricRelay of a current deployment with --stack, or start a new local pipeline.',
  );
}
