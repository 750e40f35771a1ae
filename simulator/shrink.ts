/**
 * Makes a failing plan smaller while it still breaks the same law: fewer writes, fewer kinds of faults, plainer settings. What is left is what
 * a person has to understand.
 */
import { type Faults, NO_FAULTS } from './engine/faults.ts';
import type { Law } from './laws/violation.ts';
import { PLAINEST, type Plan, type WorldSettings } from './plan.ts';

export type Breaks = (plan: Plan) => Promise<Law | undefined>;

/** `tell` hears of every smaller plan that still fails. */
export async function shrink(plan: Plan, breaks: Breaks, tell: (plan: Plan) => void = () => {}): Promise<Plan> {
  const law = await breaks(plan);
  if (law === undefined) throw new Error('a plan that breaks no law cannot be made smaller');
  let smallest = plan;
  const accept = async (candidate: Plan): Promise<boolean> => {
    if ((await breaks(candidate)) !== law) return false;
    smallest = candidate;
    tell(candidate);
    return true;
  };
  for (let before: Plan | undefined; before !== smallest; ) {
    before = smallest;
    await fewerWrites(() => smallest, accept);
    await fewerFaults(() => smallest, accept);
    await plainerSettings(() => smallest, accept);
  }
  return smallest;
}

type Accept = (candidate: Plan) => Promise<boolean>;

/** Leaves out runs of writes: halves first, single ones last. */
async function fewerWrites(present: () => Plan, accept: Accept): Promise<void> {
  for (let size = Math.ceil(present().writes.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < present().writes.length; ) {
      const writes = present().writes.toSpliced(from, size);
      if (!(await accept({ ...present(), writes }))) from += size;
    }
  }
}

async function fewerFaults(present: () => Plan, accept: Accept): Promise<void> {
  const rates = Object.entries(present().faults) as [keyof Faults, number][];
  const kinds = rates.flatMap(([kind, rate]) => (rate > 0 ? kind : []));
  // What has no faults left is no smaller without them: it would be made smaller for ever.
  if (kinds.length === 0 || (await accept({ ...present(), faults: NO_FAULTS }))) return;
  for (const kind of kinds) await accept({ ...present(), faults: { ...present().faults, [kind]: 0 } });
}

/** Each setting is that of the plainest world if the plan still fails with it. */
async function plainerSettings(present: () => Plan, accept: Accept): Promise<void> {
  for (const name of Object.keys(PLAINEST) as (keyof WorldSettings)[]) {
    const { settings } = present();
    if (settings[name] !== PLAINEST[name])
      await accept({ ...present(), settings: { ...settings, [name]: PLAINEST[name] } });
  }
}
