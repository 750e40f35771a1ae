/**
 * Starts the Kinesis emulator (kinesis-mock). It keeps all records in memory and writes them to one file from time to time, more
 * seldom the more it holds; what is put in between is kept in a journal (kinesis-preload.mjs), so that a put that was answered
 * outlives `kill -9`, as it would on AWS.
 */
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type Emulator, startEmulator } from './child-process.ts';

/** How often the emulator asks whether its state is due. */
const PERSIST_INTERVAL_MS = 250;

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
    environment: {
      LOOPBACK_ANNOUNCED_PORT: PORT_LABEL,
      KINESIS_WHOLE_FILE: join(directory, 'kinesis-data.json'),
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
