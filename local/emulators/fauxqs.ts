/** Starts the SQS and S3 emulator (fauxqs) in a process of its own, with its state in a SQLite file of the data directory. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Emulator, startEmulator } from './child-process.ts';

const PORT_LABEL = '4566';

export async function startQueueAndBucketEmulator(options: {
  readonly dataDirectory: string;
  readonly region: string;
  readonly onUnexpectedEnd?: (message: string) => void;
}): Promise<Emulator> {
  const directory = join(options.dataDirectory, 'fauxqs');
  await mkdir(directory, { recursive: true });
  return startEmulator({
    name: 'fauxqs (SQS and S3)',
    command: process.execPath,
    arguments: [
      '--disable-warning=ExperimentalWarning',
      '--import',
      join(import.meta.dirname, 'loopback-preload.mjs'),
      join(import.meta.dirname, 'fauxqs-server.mjs'),
      directory,
      PORT_LABEL,
      options.region,
    ],
    environment: { LOOPBACK_ANNOUNCED_PORT: PORT_LABEL },
    workingDirectory: directory,
    logFile: join(options.dataDirectory, 'log', 'fauxqs.log'),
    ...(options.onUnexpectedEnd ? { onUnexpectedEnd: options.onUnexpectedEnd } : {}),
  });
}
