/** Waking: a name that is left goes to whoever claims it, also when another claimant can never be published. */
import { expect, test } from 'vitest';
import { RelayError } from '#core/error/relay-error.ts';
import type { WriteAction } from '#core/platform/item-store.ts';
import { replicateBatch } from '#core/replication/replicate-batch.ts';
import { RelayWorld } from '../../support/relay-world.ts';
import { metricRow, SourceStory, versionRow } from '../../support/source-story.ts';

test('a claimant that can never be published keeps neither the leaver nor the next claimant waiting', async () => {
  const story = new SourceStory();
  story.transaction(() => {
    story.insert('dimensions', { id: '1', name: 'country' });
    story.insert('metric_groups', { id: '1', name: 'group' });
    story.insert('dimensions_metric_groups', { dimension_id: '1', metric_group_id: '1' });
    for (const [id, name] of [
      ['1', 'A'],
      ['2', 'B'],
      ['3', 'C'],
    ] as const) {
      story.insert('metrics', metricRow(id, name));
      story.insert('metric_versions', versionRow(id, '1'));
    }
  });
  const told = (write: () => void): string[] => {
    const from = story.messages.length;
    story.transaction(write);
    return story.messages.slice(from);
  };
  const world = new RelayWorld();
  await world.apply(story.messages);
  // In the source the name A goes from 1 to 2 and on to 3; the records arrive in another order.
  const leaves = told(() => story.update('metrics', ['1'], { name: 'X' }));
  const second = told(() => story.update('metrics', ['2'], { name: 'A' }));
  const gone = told(() => story.update('metrics', ['2'], { name: 'D' }));
  const third = told(() => story.update('metrics', ['3'], { name: 'A' }));
  await world.apply(second);
  await world.apply(third);

  const context = world.context();
  const tooLarge = (action: WriteAction): boolean =>
    action.kind === 'put' && action.table === 'Metrics' && action.item.metricId?.N === '2';
  const transact: typeof context.store.transact = async (actions) => {
    if (actions.some(tooLarge)) throw new RelayError('ITEM_TOO_LARGE', 'too large');
    return context.store.transact(actions);
  };
  const store = new Proxy(context.store, {
    get: (target, name) => (name === 'transact' ? transact : Reflect.get(target, name).bind(target)),
  });
  const { counts } = await replicateBatch({ ...context, store }, world.records(leaves));

  expect(counts).toMatchObject({ received: 1, applied: 1, quarantined: 0 });
  expect(world.failures).toHaveLength(1);
  expect(world.liveItems().get('A\u00000')?.metricId).toBe('3');
  await world.apply(gone);
  expect([...world.liveItems().keys()].sort()).toEqual([...story.expectedItems().keys()].sort());
});
