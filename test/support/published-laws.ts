/**
 * What must hold of a world at rest, whatever happened on the way: items equal the source, nothing is left over, revisions have no gap and
 * each is one event, and a consumer that applies the events knows what the table says.
 */
import { expect } from 'vitest';
import { HEAD } from '#core/mirror/mirror-key.ts';
import type { RelayWorld } from './relay-world.ts';
import type { SourceStory } from './source-story.ts';

/** `history` names the run in the message of a failure: a seed, or the operation at which a worker died. */
export function expectPublished(world: RelayWorld, story: SourceStory, history: string): void {
  expect(sorted(world.liveItems()), `${history}: the items`).toEqual(sorted(story.expectedItems()));
  expectEvents(world, story, history);
  for (const item of world.tables.table('SourceRows').values()) {
    if (item.sk?.S !== HEAD) continue;
    const rest = [
      item.unfinished?.S,
      item.deleting?.BOOL,
      item.displaced?.M && 'displaced',
      item.claimedName?.S,
      item.vacated?.SS,
    ];
    expect(rest, `${history}: what the head ${item.pk?.S} still wants to do`).toEqual(rest.map(() => undefined));
  }
}

function expectEvents(world: RelayWorld, story: SourceStory, history: string): void {
  const revisions = new Map<string, number>();
  const consumer = new Map<string, unknown>();
  for (const { metadata, data } of world.events()) {
    const next = (revisions.get(data.metricId) ?? 0) + 1;
    expect(data.revision, `${history}: revision of metric ${data.metricId}`).toBe(next);
    expect(metadata.eventId).toBe(`${data.metricId}:${data.revision}`);
    revisions.set(data.metricId, next);
    if (data.change === 'DELETED') consumer.delete(data.metricId);
    else consumer.set(data.metricId, data.name);
  }
  const names = new Map([...story.rows('metrics').values()].map((row) => [row.id ?? '', row.name]));
  expect(sorted(consumer), `${history}: what a consumer of the events knows`).toEqual(sorted(names));
}

function sorted(items: ReadonlyMap<string, unknown>): unknown {
  return Object.fromEntries([...items].sort(([a], [b]) => (a < b ? -1 : 1)));
}
