/**
 * Plants bugs one after the other and finds out who notices. Every lane is first run on the tree as it is: a lane that fails without a bug
 * would seem to catch every one, so nothing is planted before it passes. A lane is tried so only when a bug reaches it.
 */
import type { FastLane, Verdict } from './fast-lane.ts';
import { likelyLane } from './lanes.ts';
import type { Mutant } from './mutant.ts';
import { ScratchTree } from './scratch-tree.ts';

export interface PlantOutcome {
  readonly name: string;
  readonly breaks: string;
  readonly caught: boolean;
  /** The test or law that noticed; for one that nobody noticed, why it was not. */
  readonly by: string;
  readonly seconds: number;
}

export interface PlantOptions {
  readonly root: string;
  /** Bugs under test at the same time, each in a tree of its own. */
  readonly jobs: number;
  /** What a bug has to pass that its likely tests do not notice. */
  readonly lanes: readonly FastLane[];
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** A lane that needs longer with a bug than this, and three times as long as without, hangs. */
const LIMIT_MS = 180_000;
const LIMIT_FACTOR = 3;

export const secondsSince = (startedAt: number): number => Math.round((performance.now() - startedAt) / 100) / 10;

/** @throws Error when a lane does not pass without a bug, or when a bug cannot be planted. */
export async function plantAll(mutants: readonly Mutant[], options: PlantOptions): Promise<readonly PlantOutcome[]> {
  await using clean = await ScratchTree.copyOf(options.root);
  await Promise.all(mutants.map((mutant) => clean.check(mutant)));
  const soundness = new Soundness(clean, options);
  const likely = likelyLane(mutants);
  const likelyLimitMs = likely ? await soundness.limitMs(likely) : LIMIT_MS;

  const outcomes: PlantOutcome[] = new Array(mutants.length);
  let next = 0;
  const work = async (): Promise<void> => {
    await using tree = await ScratchTree.copyOf(options.root);
    while (next < mutants.length) {
      const index = next++;
      const mutant = mutants[index] as Mutant;
      const startedAt = performance.now();
      const noticed = await tree.with(mutant, () => notice(mutant, tree, soundness, likelyLimitMs, options));
      options.signal.throwIfAborted();
      const outcome = { name: mutant.name, breaks: mutant.breaks, ...noticed, seconds: secondsSince(startedAt) };
      outcomes[index] = outcome;
      options.say(
        `${outcome.caught ? 'caught    ' : 'NOT CAUGHT'} ${outcome.name} (${outcome.seconds} s): ${outcome.by}`,
      );
    }
  };
  const jobs = await Promise.allSettled(Array.from({ length: options.jobs }, work));
  for (const job of jobs) if (job.status === 'rejected') throw job.reason;
  return outcomes;
}

type Noticed = Pick<PlantOutcome, 'caught' | 'by'>;

/** Runs the lanes on the tree with the bug until one of them notices. */
async function notice(
  mutant: Mutant,
  tree: ScratchTree,
  soundness: Soundness,
  likelyLimitMs: number,
  { lanes, signal }: PlantOptions,
): Promise<Noticed> {
  const likely = likelyLane([mutant]);
  let missed: Noticed = { caught: false, by: 'every lane passed' };
  for (const lane of likely ? [likely, ...lanes] : lanes) {
    const limitMs = lane === likely ? likelyLimitMs : await soundness.limitMs(lane);
    const noticed = judged(mutant, lane, await lane.run(tree.path, limitMs, signal));
    if (noticed?.caught) return noticed;
    missed = noticed ?? missed;
  }
  return missed;
}

/** What a lane's verdict says about a bug; undefined when the lane has not noticed it. */
export function judged(mutant: Mutant, lane: FastLane, verdict: Verdict): Noticed | undefined {
  switch (verdict.kind) {
    case 'passed':
      return undefined;
    case 'failed':
      return { caught: true, by: verdict.by };
    case 'timeout':
      return { caught: mutant.hangs === true, by: `${lane.name}: out of time` };
    case 'unusable':
      return { caught: false, by: `${lane.name} could not run: ${verdict.why}` };
  }
}

/** Runs each lane once without a bug, when it is first needed. */
class Soundness {
  readonly #tree: ScratchTree;
  readonly #options: PlantOptions;
  readonly #limits = new Map<string, Promise<number>>();

  constructor(tree: ScratchTree, options: PlantOptions) {
    this.#tree = tree;
    this.#options = options;
  }

  /** How long the lane may take with a bug. @throws Error when it does not pass without one. */
  limitMs(lane: FastLane): Promise<number> {
    const known = this.#limits.get(lane.name) ?? this.#measured(lane);
    this.#limits.set(lane.name, known);
    return known;
  }

  async #measured(lane: FastLane): Promise<number> {
    const { signal, say } = this.#options;
    const startedAt = performance.now();
    const verdict = await lane.run(this.#tree.path, Number(2 ** 31 - 1), signal);
    signal.throwIfAborted();
    if (verdict.kind !== 'passed') {
      const why = 'by' in verdict ? verdict.by : 'why' in verdict ? verdict.why : 'out of time';
      throw new Error(
        `${lane.name} fail without any planted bug, so they would catch every one: ${why}. Mend that first.`,
      );
    }
    say(`${lane.name}: pass without a planted bug (${secondsSince(startedAt)} s)`);
    return Math.max(LIMIT_MS, LIMIT_FACTOR * (performance.now() - startedAt));
  }
}
