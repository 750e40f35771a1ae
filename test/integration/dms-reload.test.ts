// Tables that the DMS twin loads again on request, on a real MariaDB and the Kinesis emulator.
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type DmsWorld, eventually, type Replication, rulesFor, startDmsWorld } from './dms-world.ts';

interface Told {
  readonly operation: string;
  readonly table: string;
  readonly builtAt: string;
  readonly a: number;
  readonly note: string;
}

interface Statistics {
  readonly TableName: string;
  readonly TableState: string;
  readonly FullLoadRows: number;
  readonly FullLoadReloaded: boolean;
  readonly FullLoadStartTime?: number;
  readonly FullLoadEndTime?: number;
}

let world: DmsWorld;
let stream: string;
beforeAll(async () => {
  world = await startDmsWorld();
  await world.connection.query('CREATE TABLE pair (a INT PRIMARY KEY, note TEXT)');
  await world.connection.query('CREATE TABLE other (a INT PRIMARY KEY, note TEXT)');
});
afterAll(() => world.stop());
beforeEach(async () => {
  stream = await world.createStream();
  await world.connection.query('DELETE FROM pair');
  await world.connection.query('DELETE FROM other');
});

const start = (checkpoints = new Map<string, unknown>()): Promise<Replication> =>
  world.startReplication(stream, { rules: rulesFor('lph'), checkpoints });

const replicating = (replication: Replication) =>
  eventually(replication.status, ({ state, lagMs }) => state === 'replicating' && lagMs === 0);

/** Data records in the order in which they were built. */
async function told(): Promise<Told[]> {
  const records = (await world.recordsOn(stream)).map(({ text }) => JSON.parse(text));
  return records
    .filter(({ metadata }) => metadata['record-type'] === 'data')
    .map(({ metadata, data }) => ({
      operation: metadata.operation,
      table: metadata['table-name'],
      builtAt: metadata.timestamp,
      ...data,
    }))
    .sort((one, other) => (one.builtAt < other.builtAt ? -1 : 1));
}

const reload = (replication: Replication, tables: readonly string[]) =>
  replication.call('ReloadReplicationTables', {
    ReplicationConfigArn: replication.resource.ref,
    TablesToReload: tables.map((TableName) => ({ SchemaName: 'lph', TableName })),
  });

async function statistics(replication: Replication, table: string): Promise<Statistics> {
  const answer = (await replication.call('DescribeReplicationTableStatistics', {
    ReplicationConfigArn: replication.resource.ref,
  })) as { ReplicationTableStatistics: Statistics[] };
  const found = answer.ReplicationTableStatistics.find(({ TableName }) => TableName === table);
  if (!found) throw new Error(`no statistics of ${table}`);
  return found;
}

it('sends every row of the named table again, and of no other, and says when that load began', async () => {
  await world.connection.query("INSERT INTO pair VALUES (1, 'one'), (2, 'two')");
  await world.connection.query("INSERT INTO other VALUES (7, 'seven')");
  const replication = await start();
  await replicating(replication);
  const before = await statistics(replication, 'pair');
  expect(before.FullLoadReloaded).toBe(false);
  await reload(replication, ['pair']);
  const after = await eventually(
    () => statistics(replication, 'pair'),
    ({ TableState, FullLoadStartTime = 0 }) =>
      TableState === 'Table completed' && FullLoadStartTime > (before.FullLoadStartTime ?? 0),
  );
  await replicating(replication);
  const all = await eventually(told, (found) => found.length >= 5);
  await replication.resource.stop?.();
  expect(after).toMatchObject({ FullLoadRows: 2, FullLoadReloaded: true });
  expect(all.map(({ operation, table, a }) => `${operation} ${table} ${a}`).toSorted()).toEqual([
    'load other 7',
    'load pair 1',
    'load pair 1',
    'load pair 2',
    'load pair 2',
  ]);
  const startedAt = new Date((after.FullLoadStartTime ?? 0) * 1000).toISOString();
  expect(all.slice(-2).every(({ builtAt }) => builtAt.slice(0, 23) >= startedAt.slice(0, 23))).toBe(true);
  expect(all.slice(0, -2).every(({ builtAt }) => builtAt.slice(0, 23) < startedAt.slice(0, 23))).toBe(true);
});

it('beside writes, of two messages of one row the later built is the newer', async () => {
  const { connection } = world;
  await connection.query("INSERT INTO pair SELECT seq, 'first' FROM seq_1_to_400");
  const replication = await start();
  await replicating(replication);
  let writing = true;
  const writes = (async () => {
    for (let n = 1; writing; n++)
      await connection.query('UPDATE pair SET note = ? WHERE a = ?', [`w${n}`, 1 + (n % 400)]);
  })();
  await reload(replication, ['pair']);
  await eventually(
    () => statistics(replication, 'pair'),
    ({ TableState, FullLoadReloaded }) => FullLoadReloaded && TableState === 'Table completed',
  );
  writing = false;
  await writes;
  await connection.query("UPDATE pair SET note = 'last' WHERE a = 400");
  await replicating(replication);
  const all = await eventually(told, (found) => found.some(({ note }) => note === 'last'));
  await replication.resource.stop?.();
  const [rows] = await connection.query('SELECT a, note FROM pair');
  const newest = new Map(all.map(({ a, note }) => [a, note]));
  for (const { a, note } of rows as { a: number; note: string }[]) expect([a, newest.get(a)]).toEqual([a, note]);
  expect(all.filter(({ operation }) => operation === 'load')).toHaveLength(800);
});

it('goes on after a restart in the middle, and refuses what it cannot do, naming what it could', async () => {
  await world.connection.query("INSERT INTO pair VALUES (1, 'one')");
  const checkpoints = new Map<string, unknown>();
  const first = await start(checkpoints);
  await replicating(first);
  expect(JSON.stringify(await reload(first, ['nothing']))).toContain('lph.pair');
  const refused = await first.call('StartReplication', {
    ReplicationConfigArn: first.resource.ref,
    StartReplicationType: 'reload-target',
  });
  expect(JSON.stringify(refused)).toContain('InvalidResourceStateFault');
  // Asked for and stopped in the same moment: nothing of it is done yet.
  await Promise.all([reload(first, ['pair']), first.resource.stop?.()]);
  const second = await start(checkpoints);
  await replicating(second);
  await eventually(told, (found) => found.filter(({ operation }) => operation === 'load').length === 2);
  await second.resource.stop?.();
});

it('loads what two requests ask for at once', async () => {
  await world.connection.query("INSERT INTO pair VALUES (1, 'one')");
  await world.connection.query("INSERT INTO other VALUES (7, 'seven')");
  const replication = await start();
  await replicating(replication);
  await Promise.all([reload(replication, ['pair']), reload(replication, ['other'])]);
  const loads = ({ operation, table }: Told): string => `${operation} ${table}`;
  const all = await eventually(told, (found) =>
    ['load pair', 'load other'].every((load) => found.map(loads).filter((one) => one === load).length >= 2),
  );
  await replication.resource.stop?.();
  expect(all.length).toBeGreaterThanOrEqual(4);
});

it('loads again on a quiet source whose binlog goes on in a new file', async () => {
  await world.connection.query("INSERT INTO pair VALUES (1, 'one')");
  const replication = await start();
  await replicating(replication);
  await world.restartDatabase(async () => {});
  await eventually(replication.status, ({ state, lagMs, restarts }) => {
    return state === 'replicating' && lagMs === 0 && Number(restarts) > 0;
  });
  await reload(replication, ['pair']);
  await eventually(told, (found) => found.filter(({ operation }) => operation === 'load').length >= 2);
  await replicating(replication);
  await replication.resource.stop?.();
});

it('goes on without a table that was to be loaded again and is gone', async () => {
  const { connection } = world;
  await connection.query('CREATE TABLE short_lived (a INT PRIMARY KEY)');
  const replication = await start();
  await replicating(replication);
  await connection.query('DROP TABLE short_lived');
  await reload(replication, ['short_lived']);
  await connection.query("INSERT INTO pair VALUES (1, 'one')");
  await eventually(told, (found) => found.some(({ operation, table }) => operation === 'insert' && table === 'pair'));
  await replicating(replication);
  await replication.resource.stop?.();
  expect(replication.logged.filter((line) => line.includes('lph.short_lived was to be loaded again'))).toHaveLength(1);
});

it('loads everything from the beginning after the binlog of its checkpoint was purged', async () => {
  const { connection } = world;
  await connection.query("INSERT INTO pair VALUES (1, 'one')");
  const checkpoints = new Map<string, unknown>();
  const first = await start(checkpoints);
  await replicating(first);
  await eventually(
    () => [...checkpoints.values()],
    ([checkpoint]) => JSON.stringify(checkpoint)?.includes('"cdc"') === true,
  );
  await first.resource.stop?.();
  await connection.query("INSERT INTO pair VALUES (2, 'unheard')");
  for (const [key, value] of checkpoints)
    checkpoints.set(key, { ...(value as object), file: 'binlog.000000', offset: 4 });
  const second = await start(checkpoints);
  const { lastError } = await eventually(second.status, ({ final }) => final === true);
  expect(String(lastError)).toContain('reload-target');
  const startOver = () =>
    second.call('StartReplication', {
      ReplicationConfigArn: second.resource.ref,
      StartReplicationType: 'reload-target',
    });
  const answers = await Promise.all([startOver(), startOver()]);
  expect(answers.filter((answer) => JSON.stringify(answer).includes('InvalidResourceStateFault'))).toHaveLength(1);
  await replicating(second);
  await connection.query("INSERT INTO pair VALUES (3, 'heard')");
  const all = await eventually(told, (found) => found.some(({ note }) => note === 'heard'));
  await second.resource.stop?.();
  expect(all.filter(({ note }) => note === 'unheard').map(({ operation }) => operation)).toEqual(['load']);
});
