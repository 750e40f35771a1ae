/**
 * The in-memory store that most tests run on agrees with AWS's DynamoDB Local on a random script of every operation of the port: same answers,
 * same items at the end. Where the two differ on purpose:
 * - the in-memory store never answers `conflict` and never throttles: its operations do not overlap. Conflicts are tried in item-store.test.ts.
 * - it has no 400 KB and no 4 MB limit and no pages; the same test tries them on the real one.
 * - it knows only the forms of condition that the protocol writes, and throws for any other.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DynamoDbItemStore } from '#core/platform/dynamodb-item-store.ts';
import { MemoryItemStore, MemoryTables } from '../support/memory-item-store.ts';
import { randomStoreCommand } from '../support/random-store-command.ts';
import { type RealDynamoDb, startRealDynamoDb, TABLE_KEYS } from '../support/real-dynamodb.ts';
import { seededRandom } from '../support/seeded-random.ts';

const SEED = Number(process.env.SEED ?? 1);
const COMMANDS = 1_500;

let dynamoDb: RealDynamoDb;
beforeAll(async () => {
  dynamoDb = await startRealDynamoDb();
});
afterAll(() => dynamoDb?.stop());

test(`the in-memory store answers as DynamoDB Local does, ${COMMANDS} commands from seed ${SEED}`, async () => {
  const random = seededRandom(SEED);
  const real = new DynamoDbItemStore(dynamoDb.client, async () => {});
  const memory = new MemoryItemStore(new MemoryTables(TABLE_KEYS));
  const answers = new Map<string, number>();
  for (let place = 0; place < COMMANDS; place++) {
    const command = randomStoreCommand(random);
    const expected = await command(real);
    expect(await command(memory), `seed ${SEED}, command ${place}`).toEqual(expected);
    const kind = JSON.stringify(expected)?.slice(0, 40) ?? 'undefined';
    answers.set(kind, (answers.get(kind) ?? 0) + 1);
  }
  // The script must have met both outcomes often, or it compared nothing.
  expect(
    [...answers].filter(([kind]) => kind.startsWith('{"written":true')).reduce((sum, [, count]) => sum + count, 0),
  ).toBeGreaterThan(100);
  expect(
    [...answers].filter(([kind]) => kind.startsWith('{"written":false')).reduce((sum, [, count]) => sum + count, 0),
  ).toBeGreaterThan(100);
});
