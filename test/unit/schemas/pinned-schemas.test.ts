/**
 * What others rely on: the messages DMS sends us, the item readers get, the event subscribers get, and the mirror items that one deployment leaves for
 * the next. Each is pinned by a hash of its form.
 *
 * When a hash changes, somebody outside is concerned. Before the new hash is written here:
 * 1. Is every old message, item and event still valid (a file under test/fixtures/events is never edited)? Members are only added, never renamed, removed or
 *    narrowed. If not, it is a new major version: a new schemaVersion, published beside the old one until its consumers have moved.
 * 2. For the event and the item: raise the minor EVENT_SCHEMA_VERSION, tell the change in the docs, add a golden event that shows the new member.
 * 3. For the mirror item and the head: a replicator of the old version may run beside the new one during a deployment, and old items stay until their row
 *    changes. Both versions must read both forms.
 * Then put the new hash here, in the commit that makes the change.
 */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { registerItem } from '#core/mirror/register-item.ts';
import type { Item } from '#core/platform/item-store.ts';
import { projectMetric } from '#core/projection/project-metric.ts';
import { headItem } from '#core/publication/metric-head.ts';
import { redirectItem } from '#core/publication/metric-item.ts';
import { dmsRecord } from '#schemas/dms-record.ts';
import { EVENT_SCHEMA_VERSION, metricChanged, metricJson } from '#schemas/metric-changed.ts';
import { projectionMessage } from '#schemas/projection-message.ts';
import { SOURCE_TABLES } from '#schemas/source/lph.ts';
import { at, hybridRowsOf, register, rowsOf, version } from '../../support/registers.ts';

const hashOf = (value: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify(inOrder(value)))
    .digest('hex')
    .slice(0, 16);

/** Members in the order of their names, so that only a change of form changes the hash. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, member]) => [name, inOrder(member)]));
}

/** Words that explain are no form. */
const schemaHash = (schema: z.core.$ZodType): string =>
  hashOf(z.toJSONSchema(schema, { io: 'input', override: ({ jsonSchema }) => void delete jsonSchema.description }));

/** Attribute names with their DynamoDB types, nested. */
function formOf(item: Item): unknown {
  return Object.fromEntries(
    Object.entries(item).map(([name, value]) => [name, value.M ? formOf(value.M) : Object.keys(value).join()]),
  );
}

describe('the form of', () => {
  test('a DMS record', () => {
    expect(schemaHash(dmsRecord)).toBe('c1b7d4ce65620ad7');
  });

  test('a MetricChanged event, version 1.0', () => {
    expect(EVENT_SCHEMA_VERSION).toBe('1.0');
    expect(schemaHash(metricChanged)).toBe('31901438d8b349e3');
  });

  test('a metric in an event', () => {
    expect(schemaHash(metricJson)).toBe('06b9a1866cfd2afd');
  });

  test('a projection message', () => {
    expect(schemaHash(projectionMessage)).toBe('d9bfbce436784e26');
  });

  test('the declared tables', () => {
    expect(hashOf(SOURCE_TABLES)).toBe('6ebbd545c56d0cc7');
  });

  test('the items of the Metrics table', () => {
    const whole = version('1', {
      aggregation_param: '0.5',
      hybrid_formula: 'a / b',
      deprecated_at: '2026-11-20T12:00:00Z',
      deprecated_by: 'ada',
      deprecated_reason: 'old',
    });
    const chain = { chained_metric_id: '7', chain_cutoff_date: '2020-01-01T00:00:00Z' };
    const metrics = hybridRowsOf().metrics;
    const forms = [
      projectMetric(rowsOf({ versions: [whole], metricRow: chain, metrics })),
      projectMetric(hybridRowsOf({ versions: [whole], metricRow: chain, metrics })),
    ].map((projected) =>
      projected.kind === 'metric' ? [...projected.items].map(([number, item]) => [number, formOf(item)]) : [],
    );
    expect(hashOf([forms, formOf(redirectItem('old', 'new', 99))])).toBe('46bef0cbcf8ccda7');
  });

  test('a register and a head in the row mirror', () => {
    const births = { birth: at(3), death: at(2) };
    const live = registerItem({ pk: 'metric#1', sk: 'row' }, 'metrics', register({ id: '1' }, at(5), births), 3, 99);
    const tombstone = registerItem({ pk: 'metric#1', sk: 'row' }, 'metrics', register(null, at(5)), 3, 99);
    const head = headItem('1', {
      fence: 1,
      revision: 1,
      publishedName: 'a',
      published: new Map([['0', 'hash']]),
      previousName: 'b',
      claimedName: 'c',
      vacated: ['1#b'],
      waiting: { sinceMs: 1, missing: ['x'] },
      unfinished: { name: 'a', versions: ['1'] },
      displaced: { item: { name: { S: 'a' } } },
      deleting: true,
      covers: 'rows',
    });
    expect(hashOf([live, tombstone, head].map(formOf))).toBe('c342336f3412a633');
    expect(live.row).toEqual({ S: '{"id":"1"}' });
  });
});
