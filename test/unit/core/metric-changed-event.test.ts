/** What a stream record of item "0" says to the outside. */
import { describe, expect, test } from 'vitest';
import { RelayError } from '#core/error/relay-error.ts';
import { EVENT_BYTES_MAX, metricChangedEvent } from '#core/event/metric-changed-event.ts';
import { plainJson } from '#core/event/plain-json.ts';
import type { Item } from '#core/platform/item-store.ts';
import { claimItem, redirectItem } from '#core/publication/metric-item.ts';
import { metricChanged } from '#schemas/metric-changed.ts';

const item = (more: Item = {}): Item => ({
  name: { S: 'packages' },
  version: { S: '0' },
  metricId: { N: '42' },
  revision: { N: '7' },
  latestVersion: { N: '5' },
  valueType: { S: 'SCALAR' },
  aggregationStyle: { S: 'SUM' },
  relatedDimensions: { SS: ['country', 'city'] },
  lastChange: { M: { committedAt: { S: '2026-11-20T12:00:00Z' }, transactionId: { S: '677883278264080' } } },
  ...more,
});
const eventOf = (oldImage: Item | undefined, newImage: Item | undefined) =>
  metricChangedEvent({ oldImage, newImage }, 'Metrics');

describe('an event', () => {
  test('keeps to the published schema and names the commit, the revision and the source version', () => {
    const event = eventOf(undefined, item());
    expect(metricChanged.parse(event)).toEqual(event);
    expect(event?.metadata).toEqual({
      eventId: '42:7',
      schemaVersion: '1.0',
      occurredAt: '2026-11-20T12:00:00Z',
      correlationId: '677883278264080',
      replay: false,
    });
    expect(event?.data).toMatchObject({ metricId: '42', name: 'packages', revision: 7, version: '5' });
  });

  test('is the same, with the same id, when the stream record comes again', () => {
    expect(eventOf(item({ revision: { N: '6' } }), item())).toEqual(eventOf(item({ revision: { N: '6' } }), item()));
  });

  test('is none for an item that was changed by hand: its revision is that of an event which consumers have', () => {
    for (const revision of ['7', '6'])
      expect(() => eventOf(item(), item({ aggregationStyle: { S: 'MINE' }, revision: { N: revision } }))).toThrow(
        /revision/,
      );
    const retold = { M: { ...item().lastChange?.M, retold: { BOOL: true } } };
    expect(eventOf(item({ aggregationStyle: { S: 'MINE' } }), item({ lastChange: retold }))?.metadata.replay).toBe(
      true,
    );
  });

  test('of a row of a full load is correlated with the load', () => {
    expect(
      eventOf(undefined, item({ lastChange: { M: { committedAt: { S: '2026-11-20T12:00:00Z' } } } }))?.metadata
        .correlationId,
    ).toBe('load');
  });

  test('carries the metric as plain JSON, without what belongs to the publication', () => {
    const metric = eventOf(undefined, item({ aggregationParam: { N: '0.5' } }))?.data.metric;
    expect(metric).toMatchObject({
      metricId: 42,
      aggregationParam: 0.5,
      relatedDimensions: ['city', 'country'],
      revision: 7,
    });
    expect(metric).not.toHaveProperty('lastChange');
  });
});

describe('the change', () => {
  const former = item({ revision: { N: '6' } });

  test('CREATED: nobody was there', () => {
    expect(eventOf(undefined, item())?.data).toMatchObject({ change: 'CREATED', changedAttributes: [], previous: {} });
  });

  test('CREATED: a redirect or a claim was there', () => {
    expect(eventOf(redirectItem('packages', 'parcels', 5), item())?.data.change).toBe('CREATED');
    expect(eventOf(claimItem('packages', '42'), item())?.data.change).toBe('CREATED');
  });

  test('UPDATED: with the attributes that differ, sorted, and their previous values', () => {
    const changed = item({
      aggregationStyle: { S: 'PERCENTILE' },
      relatedDimensions: { SS: ['country'] },
      latestVersion: { N: '6' },
    });
    expect(eventOf(former, changed)?.data).toMatchObject({
      change: 'UPDATED',
      changedAttributes: ['aggregationStyle', 'latestVersion', 'relatedDimensions'],
      previous: { aggregationStyle: 'SUM', latestVersion: 5, relatedDimensions: ['city', 'country'] },
    });
  });

  test('UPDATED: an attribute that is new has no previous value, and one that is gone has', () => {
    const { aggregationStyle: _, ...without } = item({ hybridFormula: { S: 'a / b' } });
    expect(eventOf(former, without)?.data).toMatchObject({
      changedAttributes: ['aggregationStyle', 'hybridFormula'],
      previous: { aggregationStyle: 'SUM' },
    });
  });

  test('the order in which DynamoDB gives the members of a set is no change', () => {
    expect(eventOf(former, item({ relatedDimensions: { SS: ['city', 'country'] } }))?.data.changedAttributes).toEqual(
      [],
    );
  });

  test('a nested value counts as one: the order of a set inside it is no change, a member of it is', () => {
    const nested = (...members: string[]): Item =>
      item({ chain: { M: { of: { L: [{ SS: members }, { N: '0.10' }] } } } });
    const known = { ...nested('a', 'b'), revision: { N: '6' } };
    expect(eventOf(known, nested('b', 'a'))?.data.changedAttributes).toEqual([]);
    expect(eventOf(known, nested('b', 'c'))?.data).toMatchObject({
      changedAttributes: ['chain'],
      previous: { chain: { of: [['a', 'b'], '0.10'] } },
    });
  });

  test('DEPRECATED and RESTORED: deprecatedAt came or went', () => {
    const deprecated = item({ deprecatedAt: { S: '2026-11-20T12:00:00Z' } });
    expect(eventOf(former, deprecated)?.data.change).toBe('DEPRECATED');
    expect(eventOf({ ...deprecated, revision: { N: '6' } }, item())?.data.change).toBe('RESTORED');
  });

  test('RENAMED: the item remembers what it was under its old name', () => {
    const renamed = item({
      name: { S: 'parcels' },
      previousName: { S: 'packages' },
      lastChange: { M: { committedAt: { S: '2026-11-20T12:00:00Z' }, previous: { M: { ...former } } } },
    });
    expect(eventOf(undefined, renamed)?.data).toMatchObject({
      change: 'RENAMED',
      name: 'parcels',
      previousName: 'packages',
      changedAttributes: ['name'],
      previous: { name: 'packages' },
    });
  });

  test('RENAMED: onto the place of another metric, whose state is not mistaken for this one', () => {
    const other = item({ metricId: { N: '7' }, aggregationStyle: { S: 'LAST_DAY_OF_PERIOD' } });
    const taken = item({
      lastChange: {
        M: { committedAt: { S: '2026-11-20T12:00:00Z' }, previous: { M: { ...former, name: { S: 'parcels' } } } },
      },
    });
    expect(eventOf(other, taken)?.data).toMatchObject({
      change: 'RENAMED',
      previousName: 'parcels',
      changedAttributes: ['name'],
    });
  });

  test('CREATED: on the place of another metric', () => {
    expect(eventOf(item({ metricId: { N: '7' } }), item())?.data).toMatchObject({ change: 'CREATED', previous: {} });
  });

  test('DELETED: from the mark, with the last known state', () => {
    expect(eventOf(former, item({ deleted: { BOOL: true } }))?.data).toMatchObject({
      change: 'DELETED',
      changedAttributes: [],
      metric: { name: 'packages', aggregationStyle: 'SUM' },
    });
  });

  test('DELETED: of a metric that was under no name is told with its former name, not with the place of its mark', () => {
    const parked = item({ name: { S: '\u0000metric#42' }, formerName: { S: 'packages' }, deleted: { BOOL: true } });
    expect(eventOf(undefined, parked)?.data).toMatchObject({
      change: 'DELETED',
      name: 'packages',
      metric: { name: 'packages' },
    });
  });

  test('CREATED: a metric born again where its own deletion mark stands', () => {
    expect(eventOf(item({ deleted: { BOOL: true } }), item({ revision: { N: '8' } }))?.data.change).toBe('CREATED');
  });
});

describe('nothing is told of', () => {
  test.each([
    ['a redirect left at an old name', redirectItem('packages', 'parcels', 5)],
    ['a claim that holds a name', claimItem('packages', '42')],
    ['an item that is removed', undefined],
  ])('%s', (_, newImage) => {
    expect(eventOf(item(), newImage)).toBeUndefined();
  });

  test.each([
    ['an item without a metric', { name: { S: 'x' }, version: { S: '0' } }, 'no metricId'],
    ['a revision beyond what a JSON number holds', item({ revision: { N: '9007199254740992' } }), '9007199254740992'],
    ['a metric without a revision', { name: { S: 'x' }, version: { S: '0' }, metricId: { N: '1' } }, 'found none'],
    ['an attribute that JSON cannot hold', item({ extra: { B: Uint8Array.of(1) } }), 'type B'],
  ])('%s is no silence but an error that names it', (_, newImage: Item, told) => {
    expect(() => eventOf(undefined, newImage)).toThrow(told);
    expect(() => eventOf(undefined, newImage)).toThrow(RelayError);
  });
});

describe('exactness', () => {
  test('a number that a double would round travels as its text', () => {
    expect(
      plainJson({
        a: { N: '9007199254740993' },
        b: { N: '18446744073709551615' },
        c: { N: '0.1' },
        d: { N: '1234567890.0123456789' },
      }),
    ).toEqual({
      a: '9007199254740993',
      b: '18446744073709551615',
      c: 0.1,
      d: '1234567890.0123456789',
    });
  });

  test('sets, lists, maps, truth and NULL become what JSON has for them', () => {
    expect(
      plainJson({ a: { L: [{ S: 'x' }, { BOOL: true }] }, b: { M: { c: { NULL: true } } }, d: { NS: ['2'] } }),
    ).toEqual({
      a: ['x', true],
      b: { c: null },
      d: [2],
    });
  });
});

describe('a metric too large for an event', () => {
  const large = (bytes: number) => item({ hybridFormula: { S: 'x'.repeat(bytes) } });

  test('is replaced by the place where it can be read', () => {
    const event = eventOf(undefined, large(EVENT_BYTES_MAX));
    expect(event?.data.metric).toBeUndefined();
    expect(event?.data.metricRef).toEqual({ table: 'Metrics', name: 'packages', version: '0' });
    expect(metricChanged.parse(event)).toEqual(event);
  });

  test('whose previous value is too large as well leaves that out, says so, and keeps the other previous values', () => {
    const former = { ...large(EVENT_BYTES_MAX), revision: { N: '6' }, aggregationStyle: { S: 'PERCENTILE' } };
    const event = eventOf(former, large(EVENT_BYTES_MAX + 1));
    expect(event?.data).toMatchObject({
      changedAttributes: ['aggregationStyle', 'hybridFormula'],
      previous: { aggregationStyle: 'PERCENTILE' },
      previousOmitted: ['hybridFormula'],
      metricRef: { table: 'Metrics', name: 'packages', version: '0' },
    });
    expect(event?.data.previous).not.toHaveProperty('hybridFormula');
    expect(metricChanged.parse(event)).toEqual(event);
    expect(Buffer.byteLength(JSON.stringify(event))).toBeLessThanOrEqual(EVENT_BYTES_MAX);
  });

  test('leaves out no previous value that has room', () => {
    const event = eventOf({ ...large(EVENT_BYTES_MAX / 2), revision: { N: '6' } }, large(EVENT_BYTES_MAX));
    expect(event?.data.previous.hybridFormula).toHaveLength(EVENT_BYTES_MAX / 2);
    expect(event?.data).not.toHaveProperty('previousOmitted');
  });

  test('fits even when every attribute is as large as DynamoDB allows', () => {
    const control = '\u0001'; // six bytes in JSON
    const wide = (of: string): Item =>
      item({
        name: { S: control.repeat(255) },
        hybridFormula: { S: of.repeat(65_535) },
        deprecatedReason: { S: of.repeat(60_000) },
        relatedDimensions: { SS: Array.from({ length: 255 }, (_, index) => of.repeat(900) + index) },
      });
    const event = eventOf({ ...wide(control), revision: { N: '6' } }, wide('\u0002'));
    expect(event?.data.previousOmitted).toEqual(['deprecatedReason', 'hybridFormula', 'relatedDimensions']);
    expect(Buffer.byteLength(JSON.stringify(event))).toBeLessThanOrEqual(EVENT_BYTES_MAX);
  });

  test('is measured in bytes, not in characters', () => {
    expect(
      eventOf(undefined, item({ hybridFormula: { S: '🙂'.repeat(EVENT_BYTES_MAX / 3) } }))?.data.metric,
    ).toBeUndefined();
  });
});
