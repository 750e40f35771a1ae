/** The event of a revision against the item it was made from: it says what differs and nothing else, and with `previous` the old state is known. */

import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { metricChangedEvent } from '#core/event/metric-changed-event.ts';
import { plainJson } from '#core/event/plain-json.ts';
import type { Item } from '#core/platform/item-store.ts';
import { differenceFrom } from '#core/publication/former-state.ts';
import type { MetricChanged } from '#schemas/metric-changed.ts';
import { randomHistory } from '../support/random-history.ts';
import { RelayWorld } from '../support/relay-world.ts';
import { seededRandom } from '../support/seeded-random.ts';

const text = fc.constantFrom('', 'a', 'b', 'ä', '10', '__proto__');
const content = fc
  .record(
    {
      aggregationStyle: text.map((S) => ({ S })),
      hybridFormula: text.map((S) => ({ S })),
      deprecatedAt: text.map((S) => ({ S })),
      aggregationParam: fc.constantFrom('0.1', '1', '12345678901234567890', '1.5').map((N) => ({ N })),
      relatedDimensions: fc.uniqueArray(text, { minLength: 1, maxLength: 3 }).map((SS) => ({ SS })),
      incomplete: fc.constant({ BOOL: true }),
      latestVersion: fc.constantFrom('1', '2').map((N) => ({ N })),
    },
    { requiredKeys: [] },
  )
  .map((attributes): Item => attributes);

const itemOf = (of: Item, revision: number, name = 'cpu'): Item => ({
  ...of,
  name: { S: name },
  version: { S: '0' },
  metricId: { N: '42' },
  revision: { N: String(revision) },
  lastChange: { M: { committedAt: { S: '2026-11-20T12:00:00Z' }, transactionId: { S: '7' } } },
});

/** Members in no order, as DynamoDB gives them. */
const reversed = (of: Item): Item =>
  Object.fromEntries(
    Object.entries(of)
      .reverse()
      .map(([name, value]) => [name, value.SS ? { SS: [...value.SS].reverse() } : value]),
  );

/** What of an item is the metric's content. */
const OTHER = ['revision', 'lastChange', 'version', 'previousName', 'deleted', 'formerName'];
const contentOf = (metric: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(metric).filter(([name]) => !OTHER.includes(name)));

/** The state before an event, from the event alone. */
function before({ data }: MetricChanged): Record<string, unknown> {
  const changed = new Set(data.changedAttributes);
  const kept = Object.entries(contentOf(data.metric ?? {})).filter(([name]) => !changed.has(name));
  return Object.fromEntries([...kept, ...Object.entries(data.previous)]);
}

const eventOf = (oldImage: Item | undefined, newImage: Item): MetricChanged => {
  const event = metricChangedEvent({ oldImage, newImage }, 'Metrics');
  if (!event) throw new Error('expected an event');
  return event;
};

describe('the event of a change', () => {
  test('names exactly the attributes that differ, and with `previous` gives back the old state', () => {
    fc.assert(
      fc.property(content, content, fc.boolean(), (a, b, renamed) => {
        const [old, now] = [itemOf(a, 6), itemOf(b, 7, renamed ? 'memory' : 'cpu')];
        const event = eventOf(old, now);
        const [was, is] = [contentOf(plainJson(old)), contentOf(plainJson(now))];
        const differing = [...new Set([...Object.keys(was), ...Object.keys(is)])].filter(
          (name) => !isDeepStrictEqual(was[name], is[name]),
        );
        expect([...event.data.changedAttributes].sort()).toEqual(differing.sort());
        expect(before(event)).toEqual(was);
        expect(contentOf(event.data.metric ?? {})).toEqual(is);
        expect(event.metadata.eventId).toBe('42:7');
      }),
      { numRuns: 1_000 },
    );
  });

  test('is the same for the same record, whatever order DynamoDB gives attributes and members in', () => {
    fc.assert(
      fc.property(content, content, (a, b) => {
        const [old, now] = [itemOf(a, 1), itemOf(b, 2)];
        expect(JSON.stringify(eventOf(reversed(old), reversed(now)))).toBe(JSON.stringify(eventOf(old, now)));
      }),
    );
  });

  test('of a rename is told from what the item remembers of its former name, as from the old image', () => {
    fc.assert(
      fc.property(content, content, (a, b) => {
        const { revision: _, lastChange: ___, ...former } = itemOf(a, 6);
        const { revision: __, lastChange: change, ...present } = itemOf(b, 7, 'memory');
        const lastChange = { M: { ...change?.M, previous: { M: differenceFrom(present, former) } } };
        const told = eventOf(undefined, { ...present, revision: { N: '7' }, lastChange });
        expect(told.data.change).toBe('RENAMED');
        expect(before(told)).toEqual(contentOf(plainJson(former)));
      }),
    );
  });
});

describe('the events of a metric', () => {
  test('form one chain: each revision one event, each event goes on from the state of the one before', async () => {
    let chained = 0;
    for (let seed = 1; seed <= 300; seed++) {
      const random = seededRandom(seed);
      const story = randomHistory(random, 4 + random.below(10));
      const world = new RelayWorld();
      for (const message of random.chance(0.5) ? random.shuffle([...story.messages]) : story.messages)
        await world.apply([message]);
      await world.drainQueue();
      const last = new Map<string, MetricChanged>();
      for (const event of world.events()) {
        const { metricId, revision, change } = event.data;
        const known = last.get(metricId);
        expect(revision, `seed ${seed}: revision of metric ${metricId}`).toBe((known?.data.revision ?? 0) + 1);
        const goesOn = known && known.data.change !== 'DELETED';
        expect(change === 'CREATED', `seed ${seed}: ${event.metadata.eventId} ${change}`).toBe(!goesOn);
        if (goesOn && change !== 'DELETED') {
          expect(before(event), `seed ${seed}: ${event.metadata.eventId}`).toEqual(contentOf(known.data.metric ?? {}));
          chained++;
        }
        last.set(metricId, event);
      }
    }
    expect(chained).toBeGreaterThan(300); // or nothing was compared
  });
});
