/**
 * The contract in all its forms says the same: what was published stays valid, what is published now is valid for those who validate with an
 * old schema, unknown members are allowed everywhere, and the files made from it are the ones in the repository.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { contractFiles, goldenEvents } from '#cli/events/contract-files.ts';
import { metricChangedEvent } from '#core/event/metric-changed-event.ts';
import type { Item } from '#core/platform/item-store.ts';
import { asyncApiDocument } from '#schemas/contract/asyncapi-document.ts';
import { exampleEnvelope, metricChangedEnvelope } from '#schemas/contract/event-envelope.ts';
import { filledPage, pageSections } from '#schemas/contract/events-page.ts';
import { detailSchema, registrySchema } from '#schemas/contract/json-schemas.ts';
import { EVENT_SCHEMA_VERSION, metricChange, metricChanged } from '#schemas/metric-changed.ts';
import { randomHistory } from '../../support/random-history.ts';
import { RelayWorld } from '../../support/relay-world.ts';
import { seededRandom } from '../../support/seeded-random.ts';

const require = createRequire(import.meta.url);
const AjvDraft04 = (require('ajv-draft-04') as { default: typeof Ajv }).default;
const PUBLISHED = join(import.meta.dirname, '..', '..', 'fixtures', 'events');
const json = (...path: string[]): unknown => JSON.parse(readFileSync(join(...path), 'utf8'));

/** Says what is wrong with a value; empty when it is valid. */
const problems = (ajv: Ajv, schema: unknown) => {
  const validate = ajv.compile(schema as object);
  return (value: unknown): string => (validate(value) ? '' : ajv.errorsText(validate.errors));
};
const options = { strict: false, validateFormats: false } as const;
const versions = readdirSync(PUBLISHED);
const published = versions.map(
  (version) =>
    [version, problems(new Ajv2020(options), json(PUBLISHED, version, 'metric-changed.schema.json'))] as const,
);
const detail = problems(new Ajv2020(options), detailSchema());
const registry = problems(new AjvDraft04(options), registrySchema());

/** The value with a member that no schema knows in it and in every object below it. */
function withUnknown(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withUnknown);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, member]) => [name, withUnknown(member)] as const);
  return { ...Object.fromEntries(entries), addedLater: { deep: true } };
}

test.each(contractFiles())('$path is what the contract says', ({ path, content, found }) => {
  expect(found, `${path} is out of date. Bring it up to date with: npx relay events schema --write`).toBe(content);
});

describe('every published version', () => {
  test('has its schema, and this one is among them', () => {
    expect(versions).toContain(EVENT_SCHEMA_VERSION);
  });

  test.each(versions)('%s: its events are valid today, in every form of the schema', (version) => {
    const files = readdirSync(join(PUBLISHED, version)).filter((file) => !file.endsWith('.schema.json'));
    expect(files.length).toBeGreaterThanOrEqual(metricChange.options.length);
    for (const file of files) {
      const event = json(PUBLISHED, version, file);
      expect(metricChanged.safeParse(event), file).toEqual({ success: true, data: event });
      expect(detail(event), file).toBe('');
      expect(registry(exampleEnvelope(metricChanged.parse(event))), file).toBe('');
    }
  });

  test.each(published)(
    "%s: its schema takes today's events, whatever they tell and however large",
    async (_, check) => {
      const kinds = new Set<string>();
      for (let seed = 1; seed <= 60; seed++) {
        const world = new RelayWorld();
        for (const message of randomHistory(seededRandom(seed), 8).messages) await world.apply([message]);
        await world.drainQueue();
        for (const event of world.events()) {
          kinds.add(event.data.change);
          expect(check(event), JSON.stringify(event)).toBe('');
          expect(metricChanged.safeParse(event).success).toBe(true);
        }
      }
      expect([...kinds]).toEqual(expect.arrayContaining(['CREATED', 'UPDATED', 'RENAMED', 'DELETED']));
      for (const event of [...goldenEvents(), ...unusualEvents()])
        expect(check(event), JSON.stringify(event).slice(0, 300)).toBe('');
    },
  );
});

/** Numbers that no double holds, and events that leave something out. */
function unusualEvents(): unknown[] {
  const item = (revision: string, formula: string): Item => ({
    name: { S: 'cpu' },
    version: { S: '0' },
    metricId: { N: '18446744073709551615' },
    revision: { N: revision },
    valueType: { S: 'HYBRID' },
    aggregationParam: { N: '-1234567890.0123456789' },
    hybridFormula: { S: formula.repeat(200_000) },
    lastChange: { M: { committedAt: { S: '2026-11-20T12:00:00.5Z' } } },
  });
  const [former, current] = [item('6', 'a'), item('7', 'b')];
  const events = [
    metricChangedEvent({ newImage: current }, 'Metrics'),
    metricChangedEvent({ oldImage: former, newImage: current }, 'Metrics'),
    metricChangedEvent({ newImage: { ...current, hybridFormula: { S: 'a' } } }, 'Metrics'),
  ];
  expect(events.map((event) => [event?.data.metric !== undefined, event?.data.previousOmitted])).toEqual([
    [false, undefined],
    [false, ['hybridFormula']],
    [true, undefined],
  ]);
  return events;
}

describe('unknown members', () => {
  test.each(goldenEvents().map((event) => [event.data.change, event] as const))(
    'are allowed in every object of %s, in every form of the schema',
    (_, event) => {
      const later = withUnknown(event);
      expect(metricChanged.safeParse(later)).toEqual({ success: true, data: later });
      expect(detail(later)).toBe('');
      const envelope = withUnknown(exampleEnvelope(event));
      expect(registry(envelope)).toBe('');
      expect(metricChangedEnvelope.safeParse(envelope).success).toBe(true);
    },
  );
});

describe('a wrong event', () => {
  const [created] = goldenEvents();
  const data = created?.data;
  test.each([
    ['no revision', { ...created, data: { ...data, revision: undefined } }],
    ['a revision as text', { ...created, data: { ...data, revision: '7' } }],
    ['revision 0', { ...created, data: { ...data, revision: 0 } }],
    ['a revision that a double rounds', { ...created, data: { ...data, revision: 2 ** 53 } }],
    ['a metricId as a number', { ...created, data: { ...data, metricId: 42 } }],
    ['another change', { ...created, data: { ...data, change: 'MOVED' } }],
    ['another major version', { ...created, metadata: { ...created?.metadata, schemaVersion: '2.0' } }],
    ['a metric that is not item "0"', { ...created, data: { ...data, metric: { ...data?.metric, version: '1' } } }],
  ])('with %s is refused by every form of the schema', (_, wrong) => {
    const event: unknown = JSON.parse(JSON.stringify(wrong));
    expect(metricChanged.safeParse(event).success).toBe(false);
    expect(detail(event)).not.toBe('');
    expect(registry({ ...exampleEnvelope(metricChanged.parse(created)), detail: event })).not.toBe('');
    for (const [, check] of published) expect(check(event)).not.toBe('');
  });
});

describe('the AsyncAPI document', () => {
  const document = asyncApiDocument(goldenEvents());

  test('is AsyncAPI 3.0.0', () => {
    const check = problems(new Ajv(options), require('@asyncapi/specs/schemas/3.0.0-without-$id.json'));
    expect(check(document)).toBe('');
    expect(check({ ...document, channels: { metricEvents: { adress: 'typo' } } })).not.toBe('');
  });

  test('holds an example of each change that its own payload schema takes', () => {
    const { messages } = document.components as {
      messages: Record<string, { payload: object; examples: { name: string; payload: unknown }[] }>;
    };
    const message = messages.MetricChanged;
    expect(message?.examples.map(({ name }) => name)).toEqual([...metricChange.options]);
    const check = problems(new Ajv(options), message?.payload);
    for (const { payload } of message?.examples ?? []) expect(check(payload)).toBe('');
  });
});

test('a page that lacks a mark is an error that names it', () => {
  expect(() => filledPage('<!-- contract:data -->\n<!-- /contract -->', pageSections(goldenEvents()))).toThrow(
    /metadata, data, metric, examples\. Found: data/,
  );
});
