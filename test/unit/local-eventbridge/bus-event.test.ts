import { expect, test } from 'vitest';
import { entrySize, eventOf } from '#local/eventbridge/bus-event.ts';
import { parseTarget } from '#local/eventbridge/rule.ts';
import { inputFor } from '#local/eventbridge/target-input.ts';

const context = { id: 'e-1', nowMs: Date.UTC(2026, 10, 20, 12), region: 'us-east-1', accountId: '000000000000' };
const entry = {
  Source: 'metric-relay',
  DetailType: 'MetricChanged',
  Detail: '{"n":18446744073709551615,"who":"a\\"b","list":[1,2],"o":{"k":"v"}}',
};
const queue = { Id: 't', Arn: 'arn:aws:sqs:us-east-1:000000000000:q' };
const rule = { arn: 'arn:rule', name: 'rule' };

function made() {
  const event = eventOf(entry, context);
  if (!('text' in event)) throw new Error(event.ErrorMessage);
  return event;
}

test('the size of an entry is 14 for its time and the UTF-8 bytes of its texts', () => {
  expect(entrySize({ Time: 1, Source: 'ab', DetailType: 'é', Detail: '{}', Resources: ['abc', 'd'] })).toBe(
    14 + 2 + 2 + 2 + 4,
  );
  expect(entrySize({ Source: 'ab' })).toBe(2);
});

test.each([
  [{ DetailType: 'x', Detail: '{}' }, 'InvalidArgument', 'Source is a required argument'],
  [{ Source: 'x', Detail: '{}' }, 'InvalidArgument', 'DetailType is a required argument'],
  [{ Source: 'x', DetailType: 'x' }, 'InvalidArgument', 'Detail is a required argument'],
  [{ Source: 'x', DetailType: 'x', Detail: '[1]' }, 'MalformedDetail', 'JSON object'],
  [{ Source: 'x', DetailType: 'x'.repeat(129), Detail: '{}' }, 'InvalidArgument', 'at most 128'],
])('an entry %j is refused with %s', (wrong, ErrorCode, message) => {
  expect(eventOf(wrong, context)).toEqual({ ErrorCode, ErrorMessage: expect.stringContaining(message) });
});

test('a target without input settings gets the envelope as it is', () => {
  expect(inputFor(parseTarget(queue), rule, made(), 0)).toBe(made().text);
});

test.each([
  [{ Input: '{"constant":1}' }, '{"constant":1}'],
  [{ InputPath: '$.detail' }, entry.Detail],
  [{ InputPath: '$.detail.list[1]' }, '2'],
  [{ InputPath: '$.detail.nothing' }, 'null'],
  [
    {
      InputTransformer: {
        InputPathsMap: { n: '$.detail.n', who: '$.detail.who' },
        InputTemplate: '{"n":<n>,"who":<who>,"text":"<who> has <n>"}',
      },
    },
    '{"n":18446744073709551615,"who":"a\\"b","text":"a\\"b has 18446744073709551615"}',
  ],
  [
    { InputTransformer: { InputPathsMap: { o: '$.detail.o' }, InputTemplate: '{"o":<o>,"text":"<o>"}' } },
    '{"o":{"k":"v"},"text":"{k:v}"}',
  ],
  [
    { InputTransformer: { InputPathsMap: { no: '$.detail.no' }, InputTemplate: '"<no> and <unknown>"' } },
    '" and <unknown>"',
  ],
  [
    { InputTransformer: { InputTemplate: '"<aws.events.rule-name> <aws.events.event.ingestion-time>"' } },
    '"rule 1970-01-01T00:00:00.000Z"',
  ],
])('%j makes its input from the event', (settings, expected) => {
  expect(inputFor(parseTarget({ ...queue, ...settings }), rule, made(), 0)).toBe(expected);
});

test.each([
  [{ Input: '{}', InputPath: '$' }, 'only one of Input, InputPath and InputTransformer'],
  [{ InputPath: '$..x' }, '"$..x" is not a supported JSON path'],
  [{ Arn: 'arn:aws:firehose:us-east-1:000000000000:deliverystream/x' }, 'supported are SQS queues, Lambda functions'],
  [{ RetryPolicy: { MaximumRetryAttempts: 200 } }, 'RetryPolicy.MaximumRetryAttempts'],
  [{ RunCommandParameters: {} }, 'RunCommandParameters'],
])('a target with %j is refused', (settings, message) => {
  expect(() => parseTarget({ ...queue, ...settings })).toThrow(message);
});
