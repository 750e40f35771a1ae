/**
 * The properties of an AWS::Pipes::Pipe, checked and with AWS's defaults. What would be silently without effect here, such as an
 * input template, is refused.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-pipes-pipe.html
 */
import * as z from 'zod';
import { filterCriteria, parsed } from '../lambda/mapping-settings.ts';

const whole = (minimum: number, maximum: number) => z.coerce.number().int().min(minimum).max(maximum);

const streamParameters = {
  BatchSize: whole(1, 10_000).default(100),
  DeadLetterConfig: z.strictObject({ Arn: z.string() }).optional(),
  MaximumBatchingWindowInSeconds: whole(0, 300).default(0),
  MaximumRecordAgeInSeconds: whole(-1, 604_800).default(-1),
  MaximumRetryAttempts: whole(-1, 10_000).default(-1),
  OnPartialBatchItemFailure: z.literal('AUTOMATIC_BISECT').optional(),
  ParallelizationFactor: whole(1, 10).default(1),
};

const dynamodbParameters = z.strictObject({
  ...streamParameters,
  StartingPosition: z.enum(['TRIM_HORIZON', 'LATEST']),
});
const kinesisParameters = z.strictObject({
  ...streamParameters,
  StartingPosition: z.enum(['TRIM_HORIZON', 'LATEST', 'AT_TIMESTAMP']),
  StartingPositionTimestamp: z.coerce.date().optional(),
});
const queueParameters = z.strictObject({
  BatchSize: whole(1, 10_000).default(10),
  MaximumBatchingWindowInSeconds: whole(0, 300).default(0),
});

/** A JSON path in a target parameter would be taken as text. */
const noPath = z.string().refine((value) => !value.startsWith('$.'), 'JSON paths are not supported on this machine');

const pipeProperties = z.strictObject({
  DesiredState: z.enum(['RUNNING', 'STOPPED']).default('RUNNING'),
  Enrichment: z
    .string()
    .regex(/^arn:[^:]+:lambda:/, 'only a Lambda function can enrich on this machine')
    .optional(),
  EnrichmentParameters: z.strictObject({}).optional(),
  Name: z.string().optional(),
  RoleArn: z.string(),
  Source: z.string(),
  SourceParameters: z
    .strictObject({
      DynamoDBStreamParameters: dynamodbParameters.optional(),
      FilterCriteria: filterCriteria.optional(),
      KinesisStreamParameters: kinesisParameters.optional(),
      SqsQueueParameters: queueParameters.optional(),
    })
    .default({}),
  Target: z
    .string()
    .regex(/^arn:[^:]+:events:[^:]*:[^:]*:event-bus\//, 'only an event bus can be the target on this machine'),
  TargetParameters: z
    .strictObject({
      EventBridgeEventBusParameters: z
        .strictObject({
          DetailType: noPath.max(128).optional(),
          Resources: z.array(noPath).max(10).optional(),
          Source: noPath.max(256).optional(),
        })
        .default({}),
    })
    .default({ EventBridgeEventBusParameters: {} }),
  // No effect on what is delivered.
  Description: z.unknown().optional(),
  KmsKeyIdentifier: z.unknown().optional(),
  LogConfiguration: z.unknown().optional(),
  Tags: z.unknown().optional(),
});

export type PipeProperties = z.infer<typeof pipeProperties>;
export type StreamSourceParameters = z.infer<typeof dynamodbParameters> | z.infer<typeof kinesisParameters>;

export type PipeSource =
  | { readonly kind: 'dynamodb' | 'kinesis'; readonly parameters: StreamSourceParameters }
  | { readonly kind: 'sqs'; readonly parameters: z.infer<typeof queueParameters> };

export const PIPE_PROPERTIES: readonly string[] = Object.keys(pipeProperties.shape);

/** Throws one error that lists all that is wrong, beginning with `where`. */
export function readPipe(properties: unknown, where: string): { pipe: PipeProperties; source: PipeSource } {
  const pipe = parsed(pipeProperties, properties, where);
  const { DynamoDBStreamParameters, KinesisStreamParameters, SqsQueueParameters } = pipe.SourceParameters;
  const kind = pipe.Source.split(':')[2];
  if (kind === 'dynamodb' && DynamoDBStreamParameters !== undefined) {
    return { pipe, source: { kind, parameters: DynamoDBStreamParameters } };
  }
  if (kind === 'kinesis' && KinesisStreamParameters !== undefined) {
    return { pipe, source: { kind, parameters: KinesisStreamParameters } };
  }
  if (kind === 'sqs') return { pipe, source: { kind, parameters: SqsQueueParameters ?? queueParameters.parse({}) } };
  throw new Error(
    `${where}: Source is ${pipe.Source}; a DynamoDB stream, a Kinesis stream (each with its parameters and a StartingPosition) ` +
      'or an SQS queue is supported on this machine',
  );
}
