import { describe, expect, it } from 'vitest';
import { readBatchResponse } from '#local/stream/batch-response.ts';
import { record } from './memory-stream.ts';

const batch = [record('7'), record('8')];

describe('the answer of a function to a batch', () => {
  it.each(['', 'null', '{}', '""', '{"batchItemFailures":[]}', '{"batchItemFailures":null}', '"done"'])(
    'means success when it is %j',
    (answer) => {
      expect(readBatchResponse(answer, batch).kind).toBe('delivered');
    },
  );

  it.each([
    '{"batchItemFailures":[{"itemIdentifier":""}]}',
    '{"batchItemFailures":[{"itemIdentifier":null}]}',
    '{"batchItemFailures":[{"wrongKey":"7"}]}',
    '{"batchItemFailures":[{"itemIdentifier":"99"}]}',
    '{"batchItemFailures":[{"itemIdentifier":"7"},{"itemIdentifier":"99"}]}',
    '{"batchItemFailures":[{"itemIdentifier":7}]}',
    '{"batchItemFailures":"7"}',
    'not JSON',
  ])('means failure of the whole batch when it is %s', (answer) => {
    expect(readBatchResponse(answer, batch).kind).toBe('failed');
  });

  it('names the failed records', () => {
    const answer = '{"batchItemFailures":[{"itemIdentifier":"8"}]}';
    expect(readBatchResponse(answer, batch)).toMatchObject({ kind: 'items-failed', identifiers: ['8'] });
  });
});
