/** The projector's messages. */
import { describe, expect, test, vi } from 'vitest';
import { ROWS } from '#core/mirror/mirror-key.ts';
import { replicateBatch } from '#core/replication/replicate-batch.ts';
import { runProjection } from '#core/replication/run-projection.ts';
import { contextWithFailingWrites, touches } from '../../support/faulty-store.ts';
import { expectPublished } from '../../support/published-laws.ts';
import { COMMIT } from '../../support/registers.ts';
import { RelayWorld } from '../../support/relay-world.ts';
import { metricRow, SourceStory, versionRow } from '../../support/source-story.ts';

/** Metrics 1…n, each with a group of its own, all of one dimension. */
async function world(metrics: number, fanOutLimit: number): Promise<{ story: SourceStory; world: RelayWorld }> {
  const story = new SourceStory();
  story.transaction(() => {
    story.insert('dimensions', { id: '1', name: 'country' });
    for (let id = 1; id <= metrics; id++) {
      story.insert('metric_groups', { id: String(id), name: `m${id}` });
      story.insert('dimensions_metric_groups', { dimension_id: '1', metric_group_id: String(id) });
      story.insert('metrics', metricRow(String(id), `m${id}`, { metric_group_id: String(id) }));
      story.insert('metric_versions', versionRow(String(id), '1'));
    }
  });
  const relay = new RelayWorld({ fanOutLimit });
  await relay.apply(story.messages);
  await relay.drainQueue();
  return { story, world: relay };
}

const fanOut = (...partitions: readonly string[]): string =>
  JSON.stringify({ kind: 'fanOut', partitions, commit: COMMIT });

describe('a fan-out', () => {
  test('is split into messages of at most the limit before anything is recomputed', async () => {
    const { world: relay } = await world(7, 3);
    await runProjection(relay.context(), fanOut('dimension#1'));
    const sizes = relay.queue.map(({ body }) =>
      body.kind === 'fanOut' ? body.partitions.length : body.metricIds.length,
    );
    expect(relay.queue.map(({ body }) => body.kind)).toEqual(['fanOut', 'fanOut', 'fanOut']);
    expect(sizes).toEqual([3, 3, 1]);
  });

  test('reaches every metric in the end', async () => {
    const { story, world: relay } = await world(7, 3);
    story.transaction(() => story.update('dimensions', ['1'], { name: 'land' }));
    await relay.apply(story.messages.slice(-1));
    expect(relay.queue).toHaveLength(1);
    await relay.drainQueue();
    expectPublished(relay, story, 'after the fan-out');
  });

  test('of a row that lies there as it did reads the heads of its users, and no row of those that cover it', async () => {
    const { story, world: relay } = await world(7, 3);
    const events = relay.events().length;
    const [dimension = ''] = story.messages;
    const redo = async (): Promise<readonly string[]> => {
      await relay.apply([dimension]);
      const read: string[] = [];
      for (let message = relay.queue.shift(); message; message = relay.queue.shift()) {
        expect(message.body).toMatchObject({ foundAs: [expect.any(String)] });
        const context = relay.context();
        const query = vi.spyOn(context.store, 'query');
        await runProjection(context, JSON.stringify(message.body));
        for (const [, pk, prefix] of query.mock.calls) if (prefix === ROWS && pk.startsWith('metric#')) read.push(pk);
      }
      return read;
    };
    expect(await redo()).toEqual([]);

    // One head forgets what it covers, as it does when something is still to be done.
    const rows = relay.tables.table('SourceRows');
    const head = relay.tables.keyOf('SourceRows', { pk: { S: 'metric#5' }, sk: { S: 'head' } });
    const { covers, ...uncovering } = rows.get(head) ?? {};
    expect(covers?.S).toBeTruthy();
    rows.set(head, uncovering);
    expect(await redo()).toEqual(['metric#5']);
    expect(relay.events()).toHaveLength(events);
  });

  test('of a row that was stored by a worker that died before it told anybody reaches every metric', async () => {
    const { story, world: relay } = await world(7, 3);
    story.transaction(() => story.update('dimensions', ['1'], { name: 'land' }));
    const context = relay.context();
    const send = async (): Promise<void> => Promise.reject(new Error('died'));
    const records = relay.records(story.messages.slice(-1));
    expect((await replicateBatch({ ...context, send }, records)).retryFrom).toBeDefined();
    const { counts } = await replicateBatch(context, records);
    expect(counts).toMatchObject({ duplicate: 1, failed: 0 });
    await relay.drainQueue();
    expectPublished(relay, story, 'after the retry');
  });

  test('of an entity that nobody uses is done at once', async () => {
    const { world: relay } = await world(1, 3);
    await runProjection(relay.context(), fanOut('dimension#99'));
    expect(relay.queue).toEqual([]);
  });

  test('within the limit is done here', async () => {
    const { world: relay } = await world(2, 3);
    await runProjection(relay.context(), fanOut('group#1'));
    expect(relay.queue).toEqual([]);
  });
});

describe('a message', () => {
  test.each([
    '',
    'null',
    '{}',
    '{"kind":"later"}',
    '{"kind":"recompute","metricIds":[1],"commit":{}}',
    fanOut('x').replace('fanOut', 'fanout'),
  ])('that is none is refused with a code of its own: %s', async (body) => {
    await expect(runProjection(new RelayWorld().context(), body)).rejects.toMatchObject({ code: 'MALFORMED_MESSAGE' });
  });

  test('that comes twice publishes once', async () => {
    const { world: relay } = await world(2, 10);
    const body = JSON.stringify({ kind: 'recompute', metricIds: ['1', '2', '404'], commit: COMMIT });
    const before = relay.events().length;
    await runProjection(relay.context(), body);
    await runProjection(relay.context(), body);
    expect(relay.events()).toHaveLength(before);
  });

  test('of which one metric meets an error comes back, and its other metrics are published all the same', async () => {
    const { story, world: relay } = await world(2, 10);
    story.transaction(() => story.update('dimensions', ['1'], { name: 'land' }));
    const context = contextWithFailingWrites(relay.context(), touches('metric#1', 'head'));
    const mirror = relay.context().mirror;
    const records = relay.records(story.messages.slice(-1));
    expect((await replicateBatch({ ...context, mirror }, records)).counts.failed).toBe(1);
    const body = JSON.stringify({ kind: 'recompute', metricIds: ['1', '2'], commit: COMMIT });
    await expect(runProjection(context, body)).rejects.toThrow('too much for now');
    await runProjection(relay.context(), body);
    expectPublished(relay, story, 'after the message came back');
  });
});

describe('a metric that waits for a row', () => {
  test('is looked at again after the grace period, and then published as it is', async () => {
    const story = new SourceStory();
    story.transaction(() => {
      story.insert('metric_groups', { id: '1', name: 'g' });
      story.insert('metrics', metricRow('1', 'lonely'));
    });
    const relay = new RelayWorld({ graceMs: 60_000 });
    await relay.apply(story.messages);
    expect(relay.liveItems().size).toBe(0);
    expect(relay.queue.map(({ dueMs }) => dueMs - relay.nowMs)).toEqual([60_000]);
    await relay.drainQueue();
    expect(relay.liveItems().get('lonely\u00000')).toMatchObject({ incomplete: true });
    story.transaction(() => story.insert('metric_versions', versionRow('1', '1')));
    await relay.apply(story.messages.slice(-1));
    await relay.drainQueue();
    expectPublished(relay, story, 'when the row has come');
  });
});
