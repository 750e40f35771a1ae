/** Two pipelines on one machine, each with its own data directory: started at once, told apart, and one outlives the other. */
import { afterAll, expect, test } from 'vitest';
import { atRest } from './support/laws.ts';
import { exposed } from './support/process-tree.ts';
import { type RelayUnderTest, startRelayUnderTest } from './support/relay-under-test.ts';

interface Side extends RelayUnderTest {
  readonly start: ReadonlyMap<string, bigint>;
}

const started: Promise<Side>[] = [];
afterAll(async () => {
  for (const side of started) await (await side.catch(() => undefined))?.stop();
});

function launch(metrics: number): Promise<Side> {
  const side = startRelayUnderTest(metrics).then(async (one) => ({ ...one, start: await one.tables.revisions() }));
  started.push(side);
  return side;
}

const rename = ({ source }: Side, name: string) =>
  source.transaction(`UPDATE metrics SET name = '${name}' WHERE id = 1`);

test('two pipelines that start together share nothing, and the end of one does not disturb the other', async () => {
  const [one, other] = await Promise.all([launch(22), launch(33)]);
  const [mine, theirs] = [one.up.footprint(), other.up.footprint()];
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

  await one.stop();
  await rename(other, 'still_there');
  const [after] = await other.subscriber.awaitRevisions(1, 3, 3);
  expect(after?.data).toMatchObject({ change: 'RENAMED', previousName: 'only_there', name: 'still_there' });
  await other.stop();
});
