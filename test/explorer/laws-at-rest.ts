/**
 * Judges a state in which every worker has ended: does what the queue still holds, in a fixed order, compares the items and events with the
 * source (L1, L5), and delivers everything again, which must write nothing (L2).
 */
import type { StreamRecord } from '../support/memory-item-store.ts';
import { expectPublished } from '../support/published-laws.ts';
import type { RelayWorld } from '../support/relay-world.ts';
import type { SourceStory } from '../support/source-story.ts';
import type { WorldState } from './world-states.ts';

export interface AtRest {
  /** The world in which the scope began. */
  readonly begun: RelayWorld;
  readonly story: SourceStory;
  /** Every record that was ever sent. */
  readonly records: readonly string[];
}

/** @returns what is wrong, undefined when nothing is. `stream` is what was written since the beginning. */
export async function wrongAtRest(
  { begun, story, records }: AtRest,
  state: WorldState,
  stream: readonly StreamRecord[],
): Promise<string | undefined> {
  const world = begun.copy();
  world.tables.items.clear();
  for (const [name, table] of state.tables.items) world.tables.items.set(name, new Map(table));
  world.tables.stream.push(...stream);
  world.queue.push(...state.queue);
  try {
    await world.drainQueue();
    expectPublished(world, story, 'at rest');
    const told = world.tables.stream.length;
    const { retryFrom } = await world.apply(records);
    await world.drainQueue();
    const written = world.tables.stream.slice(told).filter(({ table }) => table === 'Metrics');
    if (retryFrom !== undefined || world.failures.length > 0)
      return `delivered again, record ${retryFrom ?? '-'} failed: ${world.failures.map(String).join('; ')}`;
    if (written.length > 0)
      return `delivered again, ${written.length} items of Metrics were written, the first is ${JSON.stringify(written[0])} (L2)`;
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

/** An assertion with its difference, for the reader of a schedule. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { actual, expected } = error as { actual?: unknown; expected?: unknown };
  if (actual === undefined && expected === undefined) return error.message;
  return `${error.message}\n  found    ${JSON.stringify(actual)}\n  expected ${JSON.stringify(expected)}`;
}
