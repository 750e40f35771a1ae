import { expect, test } from 'vitest';
import { neededPermissions } from '#local/gateway/iam-request.ts';
import { identify } from '#local/gateway/service-call.ts';

const place = { region: 'us-east-1', accountId: '000000000000' };
const here = (service: string, resource: string) => `arn:aws:${service}:us-east-1:000000000000:${resource}`;

interface Told {
  target?: string;
  method?: string;
  url?: string;
  input?: object;
}

function permissions(service: string, request: Told) {
  const call = identify(
    {
      method: request.method ?? 'POST',
      url: request.url ?? '/',
      headers: {
        authorization: `AWS4-HMAC-SHA256 Credential=KEY/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`,
        'x-amz-target': request.target,
      },
      body: Buffer.from(JSON.stringify(request.input ?? {})),
      gone: new AbortController().signal,
    },
    () => true,
  );
  if (call === undefined) throw new Error('not signed');
  return neededPermissions(call, request.input, place);
}

const needed = (service: string, request: Told) =>
  permissions(service, request).map(({ action, resource }) => `${action} ${resource}`);

test.each([
  [
    'dynamodb',
    { target: 'DynamoDB_20120810.PutItem', input: { TableName: 'T' } },
    [`dynamodb:PutItem ${here('dynamodb', 'table/T')}`],
  ],
  [
    'dynamodb',
    { target: 'DynamoDB_20120810.Query', input: { TableName: here('dynamodb', 'table/T'), IndexName: 'I' } },
    [`dynamodb:Query ${here('dynamodb', 'table/T/index/I')}`],
  ],
  [
    'dynamodb',
    { target: 'DynamoDB_20120810.BatchWriteItem', input: { RequestItems: { A: [], B: [] } } },
    [
      `dynamodb:BatchWriteItem ${here('dynamodb', 'table/A')}`,
      `dynamodb:BatchWriteItem ${here('dynamodb', 'table/B')}`,
    ],
  ],
  [
    'dynamodb',
    {
      target: 'DynamoDB_20120810.TransactWriteItems',
      input: {
        TransactItems: [
          { Put: { TableName: 'A' } },
          { Put: { TableName: 'A' } },
          { Update: { TableName: 'A' } },
          { Delete: { TableName: 'B' } },
          { ConditionCheck: { TableName: 'B' } },
        ],
      },
    },
    [
      `dynamodb:PutItem ${here('dynamodb', 'table/A')}`,
      `dynamodb:UpdateItem ${here('dynamodb', 'table/A')}`,
      `dynamodb:DeleteItem ${here('dynamodb', 'table/B')}`,
      `dynamodb:ConditionCheckItem ${here('dynamodb', 'table/B')}`,
    ],
  ],
  [
    'dynamodb',
    { target: 'DynamoDB_20120810.ExecuteStatement', input: { Statement: 'SELECT * FROM "T" WHERE id = ?' } },
    [`dynamodb:PartiQLSelect ${here('dynamodb', 'table/T')}`],
  ],
  [
    'dynamodb',
    { target: 'DynamoDBStreams_20120810.GetRecords', input: { ShardIterator: 'x' } },
    ['dynamodb:GetRecords undefined'],
  ],
  [
    'dynamodb',
    {
      target: 'DynamoDBStreams_20120810.DescribeStream',
      input: { StreamArn: 'arn:aws:dynamodb:ddblocal:000000000000:table/T/stream/1' },
    },
    [`dynamodb:DescribeStream ${here('dynamodb', 'table/T/stream/1')}`],
  ],
  [
    'kinesis',
    { target: 'Kinesis_20131202.PutRecords', input: { StreamName: 's' } },
    [`kinesis:PutRecords ${here('kinesis', 'stream/s')}`],
  ],
  [
    'sqs',
    { target: 'AmazonSQS.SendMessageBatch', input: { QueueUrl: 'http://127.0.0.1:1/000000000000/q' } },
    [`sqs:SendMessage ${here('sqs', 'q')}`],
  ],
  ['s3', { method: 'PUT', url: '/bucket/a%20b/c?x-id=PutObject' }, ['s3:PutObject arn:aws:s3:::bucket/a b/c']],
  ['s3', { method: 'GET', url: '/bucket?list-type=2' }, ['s3:ListBucket arn:aws:s3:::bucket']],
  ['s3', { method: 'HEAD', url: '/bucket/key' }, ['s3:GetObject arn:aws:s3:::bucket/key']],
  [
    'events',
    {
      target: 'AWSEvents.PutEvents',
      input: { Entries: [{}, { EventBusName: 'b' }, { EventBusName: here('events', 'event-bus/b') }] },
    },
    [`events:PutEvents ${here('events', 'event-bus/default')}`, `events:PutEvents ${here('events', 'event-bus/b')}`],
  ],
  [
    'events',
    { target: 'AWSEvents.PutRule', input: { Name: 'r', EventBusName: 'b' } },
    [`events:PutRule ${here('events', 'rule/b/r')}`],
  ],
  ['lambda', { url: '/2015-03-31/functions/f/invocations' }, [`lambda:InvokeFunction ${here('lambda', 'function:f')}`]],
  [
    'lambda',
    { url: `/2015-03-31/functions/${encodeURIComponent(here('lambda', 'function:f'))}/invocations` },
    [`lambda:InvokeFunction ${here('lambda', 'function:f')}`],
  ],
  ['pipes', { method: 'GET', url: '/v1/pipes/p' }, [`pipes:DescribePipe ${here('pipes', 'pipe/p')}`]],
  [
    'states',
    { target: 'AWSStepFunctions.StartExecution', input: { stateMachineArn: here('states', 'stateMachine:m') } },
    [`states:StartExecution ${here('states', 'stateMachine:m')}`],
  ],
  [
    'states',
    { target: 'AWSStepFunctions.StopExecution', input: { executionArn: here('states', 'execution:m:e') } },
    [`states:StopExecution ${here('states', 'execution:m:e')}`],
  ],
  ['dms', { target: 'AmazonDMSv20160101.DescribeReplications', input: {} }, ['dms:DescribeReplications *']],
  ['lambda', { method: 'DELETE', url: '/2015-03-31/unheard-of' }, ['lambda:DELETE /2015-03-31/unheard-of *']],
])('a call of %s with %j needs exactly its own permissions', (service, request, expected) => {
  expect(needed(service, request)).toEqual(expected);
});

test('only a listing that names a prefix has one for conditions', () => {
  const keys = (url: string) => permissions('s3', { method: 'GET', url })[0]?.keys?.get('s3:prefix');
  expect(keys('/bucket?list-type=2&prefix=changes%2Fyear%3D2026')).toBe('changes/year=2026');
  expect(keys('/bucket?list-type=2')).toBeUndefined();
  expect(keys('/bucket/key?prefix=changes%2F')).toBeUndefined();
});
