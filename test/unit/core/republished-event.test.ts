/** What an event says that is made from item "0" alone: the id it had, the state as it is, and nothing that is not known. */
import { expect, test } from 'vitest';
import { metricChangedEvent } from '#core/event/metric-changed-event.ts';
import { republishedEvent } from '#core/event/republished-event.ts';
import type { Item } from '#core/platform/item-store.ts';
import { claimItem, redirectItem } from '#core/publication/metric-item.ts';
import { metricChanged } from '#schemas/metric-changed.ts';

const item = (revision: number, more: Item = {}): Item => ({
  name: { S: 'cpu' },
  version: { S: '0' },
  metricId: { N: '42' },
  latestVersion: { N: '3' },
  valueType: { S: 'SCALAR' },
  revision: { N: String(revision) },
  lastChange: { M: { committedAt: { S: '2026-11-20T12:00:00Z' }, transactionId: { S: '7' } } },
  ...more,
});

test('a first revision is the CREATED event that it was, but for the mark of a replay', () => {
  const told = metricChangedEvent({ newImage: item(1) }, 'Metrics');
  const again = republishedEvent(item(1), 'Metrics');
  expect(again?.data).toEqual(told?.data);
  expect(again?.metadata).toEqual({ ...told?.metadata, replay: true });
});

test('of a later revision it is not known what changed: UPDATED, with the state and the id', () => {
  const event = republishedEvent(item(7, { deprecatedAt: { S: '2026-11-20T12:00:00Z' } }), 'Metrics');
  expect(metricChanged.parse(event)).toEqual(event);
  expect(event?.metadata).toMatchObject({
    eventId: '42:7',
    replay: true,
    occurredAt: '2026-11-20T12:00:00Z',
    correlationId: '7',
  });
  expect(event?.data).toMatchObject({
    change: 'UPDATED',
    revision: 7,
    version: '3',
    changedAttributes: [],
    previous: {},
  });
  expect(event?.data.metric).toMatchObject({ name: 'cpu', revision: 7 });
});

test('a rename that the item remembers is the RENAMED event that it was', () => {
  const { revision: _, lastChange: __, ...former } = item(6, { name: { S: 'old' } });
  const lastChange = { M: { ...item(7).lastChange?.M, previous: { M: former } } };
  const renamed = item(7, { lastChange, previousName: { S: 'old' } });
  const told = metricChangedEvent({ newImage: renamed }, 'Metrics');
  expect(told?.data).toMatchObject({ change: 'RENAMED', previousName: 'old', changedAttributes: ['name'] });
  expect(republishedEvent(renamed, 'Metrics')?.data).toEqual(told?.data);
});

test('a deletion mark is the DELETED event that it was', () => {
  const mark = item(8, { deleted: { BOOL: true } });
  expect(republishedEvent(mark, 'Metrics')?.data).toEqual(metricChangedEvent({ newImage: mark }, 'Metrics')?.data);
});

test('redirects and claims are no metric and give nothing; an item that nobody knows is an error, not a guess', () => {
  expect(republishedEvent(redirectItem('old', 'cpu', 5), 'Metrics')).toBeUndefined();
  expect(republishedEvent(claimItem('cpu', '42'), 'Metrics')).toBeUndefined();
  expect(() => republishedEvent(item(0), 'Metrics')).toThrow('revision must be a whole number');
  const { metricId: _, ...nobodys } = item(2);
  expect(() => republishedEvent(nobodys, 'Metrics')).toThrow('no metricId');
});

test('a metric too large for an event carries the place where it can be read', () => {
  const event = republishedEvent(item(3, { hybridFormula: { S: 'x'.repeat(250_000) } }), 'Metrics');
  expect(event?.data.metric).toBeUndefined();
  expect(event?.data.metricRef).toEqual({ table: 'Metrics', name: 'cpu', version: '0' });
  expect(event?.metadata.replay).toBe(true);
});

test('an item that a rebuild put back is told again under its id, whatever image it replaced', () => {
  const retold = item(7, {
    lastChange: { M: { ...item(7).lastChange?.M, retold: { BOOL: true }, formerLost: { BOOL: true } } },
  });
  for (const oldImage of [undefined, item(5, { valueType: { S: 'WRONG' } })]) {
    const event = metricChangedEvent({ oldImage, newImage: retold }, 'Metrics');
    expect(event?.metadata).toMatchObject({ eventId: '42:7', replay: true });
    expect(event?.data).toMatchObject({ change: 'UPDATED', changedAttributes: [], previous: {} });
  }
});

test('of a state that was lost with its item at most the name is told', () => {
  const lastChange = {
    M: { ...item(8).lastChange?.M, formerLost: { BOOL: true }, previous: { M: { name: { S: 'old' } } } },
  };
  const event = metricChangedEvent({ newImage: item(8, { lastChange }) }, 'Metrics');
  expect(event?.metadata.replay).toBe(false);
  expect(event?.data).toMatchObject({
    change: 'RENAMED',
    previousName: 'old',
    changedAttributes: ['name'],
    previous: { name: 'old' },
  });
});

test('a metric that got its own place back after a loss is told as changed, under the name that it never left', () => {
  const lastChange = { M: { ...item(8).lastChange?.M, formerLost: { BOOL: true }, previous: { M: {} } } };
  const event = metricChangedEvent({ newImage: item(8, { lastChange }) }, 'Metrics');
  expect(event?.data).toMatchObject({ change: 'UPDATED', changedAttributes: [], previous: {} });
});
