/** What was asked for stays until it is loaded, whatever is asked for meanwhile. */
import { expect, it } from 'vitest';
import { AskedReload } from '#local/dms/asked-reload.ts';

const [PAIR, OTHER] = [
  { schema: 'lph', table: 'pair' },
  { schema: 'lph', table: 'other' },
] as const;

/** A store whose writes take a turn, as those of the real one do. */
function stored() {
  const values = new Map<string, unknown>();
  const store = {
    get: (key: string) => values.get(key),
    set: async (key: string, value: unknown) => {
      await Promise.resolve();
      values.set(key, value);
    },
  };
  return () => new AskedReload(store, 'reload');
}

it('keeps what was asked for before, and no table twice', async () => {
  const asked = stored()();
  await Promise.all([asked.ask([PAIR]), asked.ask([OTHER])]);
  await asked.ask([PAIR]);
  expect(asked.tables).toEqual([PAIR, OTHER]);
  await asked.ask('everything');
  await asked.ask([PAIR]);
  expect(asked.tables).toBe('everything');
});

it('is not done with what was asked for while the load before it came to its end', async () => {
  const open = stored();
  const asked = open();
  await asked.ask([PAIR]);
  const loading = asked.tables ?? [];
  await Promise.all([asked.ask([OTHER]), asked.done(loading)]);
  expect(asked.tables).toEqual([PAIR, OTHER]);
  expect(open().tables).toEqual([PAIR, OTHER]);
  await asked.done(asked.tables ?? []);
  expect([asked.tables, open().tables]).toEqual([undefined, undefined]);
});
