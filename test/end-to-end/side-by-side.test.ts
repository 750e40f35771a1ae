/** Two pipelines on one machine, each with its own data directory: started at once, told apart, and one outlives the other. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readPipelineFile } from '#cli/connection/pipeline-file.ts';
import { atRest } from './support/laws.ts';
import { exposed } from './support/process-tree.ts';
import { type Reach, reachOfProcess } from './support/reach.ts';
import { gone, type RelayProcess, startRelay } from './support/relay-process.ts';
import { openSourceWrites, type SourceWrites } from './support/source-writes.ts';
import { Subscriber } from './support/subscriber.ts';
import { Tables } from './support/tables.ts';

interface Side {
  readonly relay: RelayProcess;
  readonly reach: Reach;
  readonly source: SourceWrites;
  readonly subscriber: Subscriber;
  readonly tables: Tables;
  readonly start: ReadonlyMap<string, bigint>;
}

const directories: string[] = [];
const relays: RelayProcess[] = [];

afterAll(async () => {
  for (const relay of relays) {
    relay.kill('SIGINT');
    await relay.ended;
  }
  for (const directory of directories) await rm(directory, { recursive: true, force: true });
});

async function launch(metrics: string): Promise<{ relay: RelayProcess; directory: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'relay-e2e-'));
  directories.push(directory);
  const relay = startRelay(['up', '--sample', '--metrics', metrics, '--data-dir', directory]);
  relays.push(relay);
  return { relay, directory };
}

async function attend({ relay, directory }: { relay: RelayProcess; directory: string }): Promise<Side> {
  const reach = await reachOfProcess(directory, relay.pid, relay.stderr);
  await relay.said(/rows read and applied/);
  const file = await readPipelineFile(directory);
  const source = await openSourceWrites(file?.sourceUrl ?? '');
  const subscriber = new Subscriber('side-by-side');
  await subscriber.subscribe(reach);
  const tables = new Tables(reach);
  return { relay, reach, source, subscriber, tables, start: await tables.revisions() };
}

async function end({ relay, source, subscriber, tables }: Side): Promise<void> {
  const footprint = relay.footprint();
  await subscriber.leave();
  await source.close();
  tables.close();
  relay.kill('SIGINT');
  expect((await relay.ended).code).toBe(0);
  await gone(footprint);
}

const rename = ({ source }: Side, name: string) =>
  source.transaction(`UPDATE metrics SET name = '${name}' WHERE id = 1`);

test('two pipelines that start together share nothing, and the end of one does not disturb the other', async () => {
  const launched = [await launch('22'), await launch('33')] as const;
  const [one, other] = await Promise.all([attend(launched[0]), attend(launched[1])]);
  const [mine, theirs] = [one.relay.footprint(), other.relay.footprint()];
  expect(exposed([...mine.listeners, ...theirs.listeners])).toEqual([]);
  const ports = new Set(mine.listeners.map(({ address }) => address));
  expect(theirs.listeners.filter(({ address }) => ports.has(address))).toEqual([]);

  await rename(one, 'only_here');
  await rename(other, 'only_there');
  const [here, there] = await Promise.all([
    one.subscriber.awaitRevisions(1, 2, 2),
    other.subscriber.awaitRevisions(1, 2, 2),
  ]);
  expect([here[0]?.data.name, there[0]?.data.name]).toEqual(['only_here', 'only_there']);
  const rests = await Promise.all(
    [one, other].map((side) => atRest(side.source, side.tables, side.subscriber, side.start)),
  );
  expect(rests.map(({ events }) => events >= 1)).toEqual([true, true]);
  expect(await one.tables.metric('only_there')).toBeUndefined();
  expect(await other.tables.metric('only_here')).toBeUndefined();

  await end(one);
  await rename(other, 'still_there');
  const [after] = await other.subscriber.awaitRevisions(1, 3, 3);
  expect(after?.data).toMatchObject({ change: 'RENAMED', previousName: 'only_there', name: 'still_there' });
  await end(other);
});
