/**
 * Starts the Kinesis emulator (kinesis-mock). It keeps all records in memory and writes them to one file from time to time, more
 * seldom the more it holds: after a `kill -9` of the emulator itself, what was put since is gone. A producer that must not lose
 * anything keeps its checkpoint behind `kinesisDurableUntil`; see kinesis-preload.mjs.
 */
import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type Emulator, startEmulator } from './child-process.ts';

/** How often the emulator asks whether its state is due. */
const PERSIST_INTERVAL_MS = 250;
const STOP_WITHIN_MS = 60_000;
/** Under `aws.created`: a function that gives the time (epoch, ms) up to which everything that was put survives anything. */
export const KINESIS_DURABLE_UNTIL = 'kinesis-durable-until';

/** Only a label between the emulator and the preload: no such port is opened. */
const PORT_LABEL = '4568';
const STATE_CHANGE = '20ms';

export async function startKinesisLocal(options: {
  readonly dataDirectory: string;
  readonly region: string;
  readonly accountId: string;
  readonly onUnexpectedEnd?: (message: string) => void;
}): Promise<Emulator> {
  const directory = join(options.dataDirectory, 'kinesis');
  await mkdir(directory, { recursive: true });
  const main = join(dirname(createRequire(import.meta.url).resolve('kinesis-local/package.json')), 'main.js');
  return startEmulator({
    name: 'kinesis-local',
    command: process.execPath,
    arguments: [
      '--max-old-space-size=3072',
      '--import',
      join(import.meta.dirname, 'loopback-preload.mjs'),
      '--import',
      join(import.meta.dirname, 'kinesis-preload.mjs'),
      main,
    ],
    stopWithinMs: STOP_WITHIN_MS,
    environment: {
      LOOPBACK_ANNOUNCED_PORT: PORT_LABEL,
      KINESIS_WHOLE_FILE: join(directory, 'kinesis-data.json'),
      KINESIS_DURABLE_UNTIL_FILE: durableUntilFile(options.dataDirectory),
      KINESIS_MOCK_PLAIN_PORT: PORT_LABEL,
      KINESIS_MOCK_TLS_PORT: '4567',
      KINESIS_MOCK_CERT_PATH: join(dirname(main), 'server.json'),
      AWS_REGION: options.region,
      AWS_ACCOUNT_ID: options.accountId,
      SHOULD_PERSIST_DATA: 'true',
      PERSIST_PATH: directory,
      PERSIST_FILE_NAME: 'kinesis-data.json',
      PERSIST_INTERVAL: `${PERSIST_INTERVAL_MS}ms`,
      SHARD_LIMIT: '500',
      LOG_LEVEL: 'ERROR',
      CREATE_STREAM_DURATION: STATE_CHANGE,
      DELETE_STREAM_DURATION: STATE_CHANGE,
      MERGE_SHARDS_DURATION: STATE_CHANGE,
      SPLIT_SHARD_DURATION: STATE_CHANGE,
      UPDATE_SHARD_COUNT_DURATION: STATE_CHANGE,
      UPDATE_STREAM_MODE_DURATION: STATE_CHANGE,
      REGISTER_STREAM_CONSUMER_DURATION: STATE_CHANGE,
      DEREGISTER_STREAM_CONSUMER_DURATION: STATE_CHANGE,
      START_STREAM_ENCRYPTION_DURATION: STATE_CHANGE,
      STOP_STREAM_ENCRYPTION_DURATION: STATE_CHANGE,
    },
    workingDirectory: directory,
    logFile: join(options.dataDirectory, 'log', 'kinesis-local.log'),
    ...(options.onUnexpectedEnd ? { onUnexpectedEnd: options.onUnexpectedEnd } : {}),
  });
}

/** Records whose put was answered before this time (epoch, ms) are on disk; 0 before the first write. */
export function kinesisDurableUntil(dataDirectory: string): number {
  try {
    return Number(readFileSync(durableUntilFile(dataDirectory), 'utf8'));
  } catch {
    return 0;
  }
}

function durableUntilFile(dataDirectory: string): string {
  return join(dataDirectory, 'kinesis', 'durable-until');
}
