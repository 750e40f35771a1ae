/** What a head covers: a record that is applied already costs two reads and no write, and one that is a retry after a crash is never taken for such. */
import { describe, expect, test } from 'vitest';
import type { Item } from '#core/platform/item-store.ts';
import { coverageOf, coversAll } from '#core/publication/covered-rows.ts';
import { replicateBatch } from '#core/replication/replicate-batch.ts';
import { failingWrites } from '../../support/faulty-store.ts';
import { RelayWorld } from '../../support/relay-world.ts';
import { type SourceStory, versionRow, viewsStory } from '../../support/source-story.ts';

/** The world after a story, and what the records of it do once more: operations on each table. */
async function appliedTwice(change: (told: SourceStory) => void = () => {}) {
  const world = new RelayWorld();
  const told = viewsStory();
  change(told);
  await world.apply(told.messages);
  await world.drainQueue();
  const head = () => world.tables.table('SourceRows').get('metric#1\u0001head');
  const again = async (messages: readonly string[] = told.messages) => {
    let operations = 0;
    const before = world.tables.stream.length;
    const gate = async (): Promise<void> => void operations++;
    await replicateBatch(world.context(gate), world.records(messages));
    return { operations, written: world.tables.stream.length - before };
  };
  return { world, told, head, again };
}

const fenceOf = (head: Item | undefined): number => Number(head?.fence?.N);

describe('a duplicate', () => {
  test('of a row whose state the head covers reads the row and the head, and writes nothing', async () => {
    const { again, told } = await appliedTwice();
    expect(await again(told.messages.slice(-1))).toEqual({ operations: 2, written: 0 });
  });

  test('of every row of a metric writes nothing either', async () => {
    expect((await (await appliedTwice()).again()).written).toBe(0);
  });

  test('of a deleted metric writes nothing', async () => {
    const { again, told } = await appliedTwice((one) => one.transaction(() => one.delete('metrics', ['1'])));
    await again(); // the end of a deletion covers nothing: this once the fence moves
    expect((await again(told.messages)).written).toBe(0);
  });

  test('of a row that was stored and never recomputed is recomputed, however often others were', async () => {
    const { world, told, head } = await appliedTwice();
    const before = told.messages.length;
    told.transaction(() => told.insert('metric_versions', versionRow('1', '2')));
    const [late] = told.messages.slice(before);
    // The row is stored, and its worker dies before the recompute.
    const context = world.context();
    const dying = { ...context, store: failingWrites(context.store, () => true) };
    expect(await replicateBatch(dying, world.records([late ?? '']))).toMatchObject({ counts: { failed: 1 } });
    const fence = fenceOf(head());
    await world.apply([late ?? '']);
    expect(fenceOf(head())).toBe(fence + 1);
    expect(world.liveItems().has('views\u00002')).toBe(true);
  });

  test('moves the fence when the head was written by something that left work to do', async () => {
    const { world, head, again } = await appliedTwice();
    const item = head();
    if (!item) throw new Error('no head');
    const { covers: _, ...uncovered } = item;
    world.tables.table('SourceRows').set('metric#1\u0001head', uncovered);
    const fence = fenceOf(item);
    await again();
    expect(fenceOf(head())).toBe(fence + 1);
    await again();
    expect(fenceOf(head())).toBe(fence + 1);
  });
});

describe('coverage', () => {
  test('holds every fingerprint that was read and no other', () => {
    const head = { covers: coverageOf(['bbbbbbbb', 'aaaaaaaa', 'bbbbbbbb']) };
    expect(head.covers).toBe('aaaaaaaabbbbbbbb');
    expect(coversAll(head, ['aaaaaaaa', 'bbbbbbbb'])).toBe(true);
    expect(coversAll(head, ['aaaabbbb'])).toBe(false);
  });

  test('of very many rows is none: the head would become expensive to write', () => {
    expect(coverageOf(Array.from({ length: 101 }, (_, index) => String(index).padStart(8, '0')))).toBe('');
  });
});
