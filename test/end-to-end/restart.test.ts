/**
 * The pipeline stops and starts again while the product goes on writing: once in order, once by `kill -9`. The database is the user's
 * own and never stops, and so does the subscriber's queue stay where it was.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { privateSource, type SourceDatabase } from '#cli/pipeline/source.ts';
import { loadSample } from '#sample/load-sample.ts';
import { productWriter } from '#sample/product-writes.ts';
import { until } from './support/eventually.ts';
import { atRest } from './support/laws.ts';
import { type Reach, reachOfProcess } from './support/reach.ts';
import { gone, type RelayProcess, startRelay } from './support/relay-process.ts';
import { openSourceWrites, type SourceWrites } from './support/source-writes.ts';
import { Subscriber } from './support/subscriber.ts';
import { Tables } from './support/tables.ts';

const SEED = Number(process.env.RELAY_TEST_SEED ?? 4711);
const WRITES_BETWEEN = 12;
/** About twenty writes a second: there is always one under way when the pipeline goes down. */
const WRITE_EVERY_MS = 50;

/** Before it is ready, Ctrl-C interrupts a command that has not done its work (130); afterwards it ends one that has (0). */
const READY = /rows read and applied|Going on from the last checkpoint/;

let directory: string;
let database: SourceDatabase;
let source: SourceWrites;
let relay: RelayProcess | undefined;
const subscriber = new Subscriber('restart-subscriber');

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'relay-e2e-'));
  database = await privateSource(
    join(directory, 'database'),
    () => {},
    () => {},
  );
  source = await openSourceWrites(database.url);
  await loadSample(source.connection, { seed: SEED, dimensions: 20, primitives: 80, hybrids: 8 });
});

afterAll(async () => {
  await subscriber.leave();
  await source?.close();
  const footprint = relay?.footprint();
  relay?.kill('SIGINT');
  await relay?.ended;
  await database?.stop();
  await rm(directory, { recursive: true, force: true });
  if (footprint !== undefined) await gone(footprint);
});

interface Running {
  readonly relay: RelayProcess;
  readonly reach: Reach;
}

async function up(): Promise<Running> {
  const dataDirectory = join(directory, 'pipeline');
  const started = startRelay(['up', '--data-dir', dataDirectory], { SOURCE_URL: database.replicationUrl });
  relay = started;
  return { relay: started, reach: await reachOfProcess(dataDirectory, started.pid, started.stderr) };
}

/** Ends the process as a person or a crash would, and waits until nothing of it is left. */
async function down({ relay: running }: Running, signal: 'SIGINT' | 'SIGKILL'): Promise<void> {
  const footprint = running.footprint();
  running.kill(signal);
  const ended = await running.ended;
  expect([ended.code, ended.signal], ended.stderr).toEqual(signal === 'SIGINT' ? [0, null] : [null, 'SIGKILL']);
  await gone(footprint);
}

let current: Running;

test('a pipeline that is killed in the middle of its full load begins again and loads everything', async () => {
  current = await up();
  await current.relay.said(/Full load: [1-9]\d* of/);
  await down(current, 'SIGKILL');
  expect(current.relay.stderr()).not.toContain('rows read and applied');
  current = await up();
  const tables = new Tables(current.reach);
  await subscriber.subscribe(current.reach);
  await atRest(source, tables, subscriber, await tables.revisions());
  tables.close();
});

test('writes that go on while the pipeline is stopped, started, killed and started again are neither lost nor told twice', async () => {
  let tables = new Tables(current.reach);
  const start = await tables.revisions();

  const connection = await openSourceWrites(database.url);
  const writing = new AbortController();
  let writes = 0;
  const product = (async () => {
    const writer = productWriter(connection.connection, SEED);
    for (; !writing.signal.aborted; writes++) {
      await writer.write();
      await pause(WRITE_EVERY_MS);
    }
  })();
  const moreWrites = async (): Promise<void> => {
    const goal = writes + WRITES_BETWEEN;
    await Promise.race([
      product,
      until(
        `${goal} writes are made`,
        () => writes >= goal,
        () => writes,
      ),
    ]);
  };
  try {
    for (const signal of ['SIGINT', 'SIGKILL'] as const) {
      await moreWrites();
      await current.relay.said(READY);
      await subscriber.leave();
      tables.close();
      await down(current, signal);
      await moreWrites();
      current = await up();
      tables = new Tables(current.reach);
      subscriber.listen(current.reach);
      await moreWrites();
    }
  } finally {
    writing.abort();
    await product;
    await connection.close();
  }
  const rest = await atRest(source, tables, subscriber, start, 120_000);
  console.log(
    `${writes} writes, ${rest.items} items, ${rest.events} events, ${rest.redelivered} deliveries more than events`,
  );
  expect(writes).toBeGreaterThanOrEqual(WRITES_BETWEEN * 6);
  expect(await tables.all('QuarantineTable')).toEqual([]);
  tables.close();
});
