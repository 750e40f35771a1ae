/** Making a failing plan smaller, with a law that is broken by what the test says. */
import { expect, test } from 'vitest';
import { NO_FAULTS } from '#simulator/engine/faults.ts';
import { PLAINEST, type Plan, planOf } from '#simulator/plan.ts';
import { shrink } from '#simulator/shrink.ts';

const LOOKS_MAX = 1_000;

/** What is left of a plan when L1 is broken by every plan of which this holds. */
async function smallest(plan: Plan, isBroken: (candidate: Plan) => boolean): Promise<Plan> {
  let looks = 0;
  return shrink(plan, async (candidate) => {
    looks += 1;
    if (looks > LOOKS_MAX) throw new Error(`it is not done after ${LOOKS_MAX} looks`);
    return isBroken(candidate) ? 'L1' : undefined;
  });
}

const plan: Plan = { ...planOf('shrink.1'), faults: { ...NO_FAULTS, crash: 0.1, slow: 0.1 } };

test('what needs two writes and nothing else ends as these two in the plainest world without faults', async () => {
  const [second, last] = [plan.writes[1] ?? -1, plan.writes.at(-1) ?? -1];
  const found = await smallest(plan, ({ writes }) => writes.includes(second) && writes.includes(last));
  expect(found).toEqual({ seed: plan.seed, writes: [second, last], settings: PLAINEST, faults: NO_FAULTS });
});

test('what needs one kind of fault and one setting keeps both', async () => {
  const { shards } = { ...plan.settings, shards: 3 };
  const found = await smallest(
    { ...plan, settings: { ...plan.settings, shards } },
    ({ faults, settings }) => faults.crash > 0 && settings.shards === shards,
  );
  expect(found).toEqual({
    seed: plan.seed,
    writes: [],
    settings: { ...PLAINEST, shards },
    faults: { ...NO_FAULTS, crash: 0.1 },
  });
});

test('a plan that breaks nothing is refused', async () => {
  await expect(smallest(plan, () => false)).rejects.toThrow('breaks no law');
});
