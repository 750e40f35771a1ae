/** The real emulators for tests of the gateway and the bus, in a directory that goes with them. A test starts only those it needs. */
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Emulator } from '#local/emulators/child-process.ts';
import { startDynamoDbLocal } from '#local/emulators/dynamodb-local.ts';
import { startQueueAndBucketEmulator } from '#local/emulators/fauxqs.ts';
import { startKinesisLocal } from '#local/emulators/kinesis-local.ts';

export const place = { region: 'us-east-1', accountId: '000000000000' };

export interface Emulators {
  readonly backends: { readonly dynamodb: string; readonly kinesis: string; readonly sqs: string; readonly s3: string };
  stop(): Promise<void>;
}

export async function startEmulators(which: { dynamodb?: boolean; kinesis?: boolean } = {}): Promise<Emulators> {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'gateway-emulators-'));
  const nowhere = `http://127.0.0.1:${await freePort()}`;
  const started: Emulator[] = [];
  const running = async (starting: Promise<Emulator>): Promise<string> => {
    const emulator = await starting;
    started.push(emulator);
    return emulator.endpoint;
  };
  const [queues, dynamodb, kinesis] = await Promise.all([
    running(startQueueAndBucketEmulator({ dataDirectory, region: place.region })),
    which.dynamodb ? running(startDynamoDbLocal({ dataDirectory })) : nowhere,
    which.kinesis ? running(startKinesisLocal({ dataDirectory, ...place })) : nowhere,
  ]);
  return {
    backends: { dynamodb, kinesis, sqs: queues, s3: queues },
    async stop() {
      await Promise.all(started.map((emulator) => emulator.stop()));
      rmSync(dataDirectory, { recursive: true });
    },
  };
}

/** A port on which, very likely, nobody listens. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
