import { describe, expect, it } from 'vitest';
import { readMapping } from '#local/lambda/mapping-settings.ts';

const kinesis = {
  EventSourceArn: 'arn:aws:kinesis:us-east-1:000000000000:stream/s',
  FunctionName: 'f',
  StartingPosition: 'LATEST',
};
const queue = { EventSourceArn: 'arn:aws:sqs:us-east-1:000000000000:q', FunctionName: 'f' };

describe('the properties of an event source mapping', () => {
  it('have the defaults of AWS for a stream', () => {
    expect(readMapping(kinesis, 'M')).toMatchObject({
      source: 'kinesis',
      mapping: {
        BatchSize: 100,
        BisectBatchOnFunctionError: false,
        Enabled: true,
        FunctionResponseTypes: [],
        MaximumBatchingWindowInSeconds: 0,
        MaximumRecordAgeInSeconds: -1,
        MaximumRetryAttempts: -1,
        ParallelizationFactor: 1,
      },
    });
  });

  it('may be texts where CloudFormation takes texts', () => {
    const { mapping } = readMapping({ ...kinesis, BatchSize: '7', BisectBatchOnFunctionError: 'true' } as object, 'M');
    expect(mapping).toMatchObject({ BatchSize: 7, BisectBatchOnFunctionError: true });
  });

  it('that are wrong or without effect are refused together, in one message', () => {
    const wrong = { ...kinesis, BatchSize: 0, TumblingWindowInSeconds: 5, ScalingConfig: {} };
    expect(() => readMapping(wrong, 'Stack/Mapping')).toThrow(/Stack\/Mapping[\s\S]*BatchSize/);
    expect(() => readMapping(wrong, 'M')).toThrow(/tumbling windows are not supported/);
    expect(() => readMapping(wrong, 'M')).toThrow(/ScalingConfig/);
  });

  it('need a window for a queue batch of more than ten', () => {
    expect(() => readMapping({ ...queue, BatchSize: 11 } as object, 'M')).toThrow(
      /needs a MaximumBatchingWindowInSeconds/,
    );
    const windowed = readMapping({ ...queue, BatchSize: 11, MaximumBatchingWindowInSeconds: 1 } as object, 'M');
    expect(windowed.mapping.BatchSize).toBe(11);
  });

  it('name a source of another kind', () => {
    expect(() => readMapping({ EventSourceArn: 'arn:aws:kafka:x' }, 'M')).toThrow(/arn:aws:kafka:x/);
  });
});
