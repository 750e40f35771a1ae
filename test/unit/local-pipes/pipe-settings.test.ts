import { describe, expect, it } from 'vitest';
import { readPipe } from '#local/pipes/pipe-settings.ts';

const pipe = {
  RoleArn: 'arn:aws:iam::000000000000:role/r',
  Source: 'arn:aws:dynamodb:us-east-1:000000000000:table/T/stream/2026',
  SourceParameters: { DynamoDBStreamParameters: { StartingPosition: 'TRIM_HORIZON' } },
  Target: 'arn:aws:events:us-east-1:000000000000:event-bus/b',
};

describe('the properties of a pipe', () => {
  it('have the defaults of AWS: no end of retries and no age limit', () => {
    expect(readPipe(pipe, 'P').source).toMatchObject({
      kind: 'dynamodb',
      parameters: { MaximumRetryAttempts: -1, MaximumRecordAgeInSeconds: -1, ParallelizationFactor: 1 },
    });
  });

  it('that would be without effect are refused together, in one message', () => {
    const wrong = {
      ...pipe,
      EnrichmentParameters: { InputTemplate: '<$.a>' },
      TargetParameters: { InputTemplate: '<$.b>', EventBridgeEventBusParameters: { DetailType: '$.type' } },
    };
    let message = '';
    try {
      readPipe(wrong, 'Stack/Pipe');
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toContain('Stack/Pipe');
    expect(message).toContain('EnrichmentParameters');
    expect(message).toContain('TargetParameters');
    expect(message).toContain('JSON paths are not supported');
  });
});
