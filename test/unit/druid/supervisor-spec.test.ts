import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { changeColumns } from '#druid/change-columns.ts';
import { memberAt, writeJson } from '#druid/json.ts';
import { kinesisEndpoint, supervisorSpec } from '#druid/supervisor-spec.ts';

const GOLDEN = new URL('../../fixtures/druid/metric-changes-supervisor.json', import.meta.url);

const spec = supervisorSpec({
  datasource: 'metric_changes',
  stream: 'metric-changed',
  endpoint: kinesisEndpoint('eu-central-1'),
  taskDuration: 'PT1H',
});

// When the contract gained a member, the file gains a column: `npx relay druid spec --region eu-central-1 --out` this file, look at the
// difference, and say in docs/druid.md what people who run the feed have to do (`relay druid plan`).
test('the spec is the one in the golden file', () => {
  expect(`${writeJson(spec, 2)}\n`).toBe(readFileSync(GOLDEN, 'utf8'));
});

test('every column finds its value in the golden events by its path, and each kind holds what comes', () => {
  const event = (file: string): unknown => ({
    detail: JSON.parse(readFileSync(new URL(`../../fixtures/events/1.0/${file}`, import.meta.url), 'utf8')) as unknown,
  });
  const envelopes = ['updated.json', 'renamed.json', 'created.json'].map(event);
  const valuesAt = (path: string): unknown[] =>
    envelopes.flatMap((envelope) => {
      const value = path
        .split('.')
        .slice(1)
        .reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], envelope);
      return value === undefined ? [] : [value];
    });
  const wrong = changeColumns().flatMap(({ name, path, kind }) =>
    valuesAt(path).flatMap((value) => {
      const isRight = {
        string: typeof value !== 'object',
        long: Number.isSafeInteger(Number(value)),
        strings: Array.isArray(value) && value.every((one) => typeof one === 'string'),
        json: typeof value === 'object' && !Array.isArray(value),
      }[kind];
      return isRight ? [] : [`${name} is ${kind} and got ${JSON.stringify(value)}`];
    }),
  );
  expect(wrong).toEqual([]);
  for (const path of ['$.detail.metadata.eventId', '$.detail.data.revision', '$.detail.data.metric.valueType'])
    expect(valuesAt(path), path).not.toEqual([]);
});

test('columns have different names, and none of the members of a Kafka spec is there', () => {
  const names = changeColumns().map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(Object.keys(memberAt(spec, 'spec', 'ioConfig') ?? {})).not.toEqual(
    expect.arrayContaining(['topic', 'consumerProperties', 'useEarliestOffset']),
  );
  expect(memberAt(spec, 'spec', 'ioConfig', 'inputFormat', 'type')).toBe('kinesis');
});

test('China has its own endpoint', () => {
  expect(kinesisEndpoint('cn-north-1')).toBe('kinesis.cn-north-1.amazonaws.com.cn');
});
