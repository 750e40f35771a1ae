/** What carries an event is taken off, whatever it is; what is no event is told with a code, a place, the value and what is allowed. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { METRIC_EVENT_ERROR_CODES, MetricEventError } from '#consumer/metric-event-error.ts';
import { parseMetricChanged } from '#consumer/parse.ts';
import { parseRecords } from '#consumer/parse-records.ts';
import { inEventBridge, lifeOfAMetric } from '#consumer/sample-events.ts';
import { envelope, kinesisRecord, metricChangedOf, sqsRecord } from './carriers.ts';

const event = metricChangedOf('42', 7);
const text = JSON.stringify(event);
const envelopeText = JSON.stringify(envelope(event));

function refusal(payload: unknown): MetricEventError {
  try {
    parseMetricChanged(payload);
  } catch (error) {
    if (error instanceof MetricEventError) return error;
    throw error;
  }
  throw new Error('expected a refusal');
}

const changed = (over: object, metadata: object = {}): unknown => ({
  metadata: { ...event.metadata, ...metadata },
  data: { ...event.data, ...over },
});

describe('an event', () => {
  test.each([
    ['an EventBridge event', envelope(event)],
    ['the text of an EventBridge event', envelopeText],
    ['a bare detail', event],
    ['the text of a bare detail', text],
    ['an SQS record with an EventBridge event', sqsRecord('m1', envelopeText)],
    ['an SQS record with a bare detail', sqsRecord('m1', text)],
    ['a message of ReceiveMessage', { MessageId: 'm1', Body: envelopeText, ReceiptHandle: 'h' }],
    ['a Kinesis record', kinesisRecord('1', envelopeText)],
    ['a record of GetRecords', { SequenceNumber: '1', PartitionKey: '42', Data: Buffer.from(text) }],
    ['bytes', Buffer.from(envelopeText)],
  ])('is read out of %s', (_, payload) => {
    expect(parseMetricChanged(payload)).toEqual(event);
  });

  test('keeps letters of every alphabet through base64', () => {
    const named = metricChangedOf('42', 1, { name: 'größe_日本_🎉' });
    expect(parseMetricChanged(kinesisRecord('1', JSON.stringify(named))).data.name).toBe('größe_日本_🎉');
  });

  test('keeps members that the contract does not know, at every level', () => {
    const later = {
      ...(changed({ owner: { team: 'bi' } }, { schemaVersion: '1.9', traceparent: '00-ab' }) as object),
      more: [1],
    };
    expect(parseMetricChanged(envelope(later))).toEqual(later);
  });

  test('keeps digits that a JavaScript number would round as text, and other numbers as numbers', () => {
    const metric = JSON.stringify(event.data.metric).replace(
      '"valueType"',
      '"big":12345678901234567890,"fine":0.30000000000000000001,"half":0.5,"ten":1.10,"valueType"',
    );
    const detail = text.replace(JSON.stringify(event.data.metric), metric);
    expect(parseMetricChanged(sqsRecord('m1', detail)).data.metric).toMatchObject({
      big: '12345678901234567890',
      fine: '0.30000000000000000001',
      half: 0.5,
      ten: 1.1,
    });
  });

  const published = new URL('../../fixtures/events/', import.meta.url);
  const golden = readdirSync(published, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /[a-z]\.json$/.test(file.replace('.schema.json', '')),
  );
  test('of every published version is there to be read', () => expect(golden.length).toBeGreaterThanOrEqual(6));
  test.each(golden)('of the golden file %s is read', (file) => {
    const written = readFileSync(new URL(file, published), 'utf8');
    expect(parseMetricChanged(written)).toEqual(JSON.parse(written));
  });
});

describe('a sample event', () => {
  test.each(lifeOfAMetric())('$metadata.eventId keeps to the contract', (sample) => {
    expect(parseMetricChanged(inEventBridge(sample))).toEqual(sample);
  });
});

describe('what is refused', () => {
  test.each([
    ['a text that is no JSON', sqsRecord('m1', 'hello'), 'NOT_JSON', 'body', '"hello"'],
    ['another source', envelope(event, { source: 'aws.ec2' }), 'OTHER_EVENT', '', '"aws.ec2"'],
    ['another detail-type', envelope(event, { 'detail-type': 'X' }), 'OTHER_EVENT', '', '"X"'],
    ['a batch', { Records: [sqsRecord('m1', text)] }, 'NOT_ONE_EVENT', '', 'parseRecords'],
    ['something else', { a: 1 }, 'UNKNOWN_PAYLOAD', '', '["a"]'],
    ['a number', 7, 'UNKNOWN_PAYLOAD', '', '7'],
    ['nothing', undefined, 'UNKNOWN_PAYLOAD', '', 'nothing'],
    ['an array', [event], 'UNKNOWN_PAYLOAD', '', 'carries no event'],
    ['null as a detail', envelope(null), 'UNKNOWN_PAYLOAD', 'detail', 'null'],
    ['a missing revision', changed({ revision: undefined }), 'CONTRACT_BROKEN', 'data.revision', 'expected number'],
    ['a revision as text', changed({ revision: '7' }), 'CONTRACT_BROKEN', 'data.revision', '"7"'],
    ['a metric id that is no number', changed({ metricId: 'x' }), 'CONTRACT_BROKEN', 'data.metricId', '"x"'],
    ['no version', changed({}, { schemaVersion: undefined }), 'CONTRACT_BROKEN', 'metadata.schemaVersion', 'nothing'],
    ['a form of version', changed({}, { schemaVersion: 'v1' }), 'CONTRACT_BROKEN', 'metadata.schemaVersion', '"v1"'],
  ])('%s, with its place and value', (_, payload, code, path, words) => {
    const error = refusal(payload);
    expect([error.code, error.path]).toEqual([code, path]);
    expect(error.message).toContain(words);
  });

  test.each(['2.0', '0.9', '10.0'])('major version %s, before anything else is said about it', (schemaVersion) => {
    const error = refusal(envelope({ metadata: { schemaVersion }, data: 'changed for ever' }));
    expect([error.code, error.path]).toEqual(['UNSUPPORTED_VERSION', 'detail.metadata.schemaVersion']);
    expect(error.message).toContain('1.x');
  });

  test('never fills the log with a long value', () => {
    expect(refusal('x'.repeat(10_000)).message.length).toBeLessThan(200);
  });
});

describe('a later major version', () => {
  test('is known by its detail-type', () => {
    expect(refusal(envelope({}, { 'detail-type': 'MetricChanged.v2' }))).toMatchObject({
      code: 'UNSUPPORTED_VERSION',
      path: 'detail-type',
    });
  });
});

describe('a batch', () => {
  test('is read record by record: one that cannot be read is told apart, with its place', () => {
    const records = parseRecords({
      Records: [sqsRecord('a', text), sqsRecord('b', '{'), sqsRecord('c', envelopeText)],
    });
    expect(records.map(({ itemId }) => itemId)).toEqual(['a', 'b', 'c']);
    expect(records.map((record) => ('event' in record ? 'event' : record.error.path))).toEqual([
      'event',
      'Records[1].body',
      'event',
    ]);
  });

  test('of Kinesis is named by sequence numbers, of ReceiveMessage by message ids', () => {
    expect(parseRecords({ Records: [kinesisRecord('49', text)] })[0]?.itemId).toBe('49');
    expect(parseRecords({ $metadata: {}, Messages: [{ MessageId: 'm', Body: text }] })[0]?.itemId).toBe('m');
    expect(parseRecords({ $metadata: {} })).toEqual([]);
  });

  test('that is none is refused', () => {
    expect(() => parseRecords(envelope(event))).toThrow(/parseMetricChanged/);
  });
});

describe('the page for consumers', () => {
  test('explains every code', () => {
    const page = readFileSync(new URL('../../../docs/consuming-events.md', import.meta.url), 'utf8');
    for (const code of METRIC_EVENT_ERROR_CODES) expect(page).toContain(`| \`${code}\` |`);
  });
});
