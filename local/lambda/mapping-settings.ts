/**
 * The properties of an AWS::Lambda::EventSourceMapping, checked and with AWS's defaults. A property that would be silently without
 * effect here is refused.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-eventsourcemapping.html
 */
import * as z from 'zod';

/** CloudFormation takes numbers and booleans also as text. */
const whole = (minimum: number, maximum: number) => z.coerce.number().int().min(minimum).max(maximum);
export const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]);

export const filterCriteria = z.strictObject({ Filters: z.array(z.strictObject({ Pattern: z.string() })) });

const streamProperties = z.strictObject({
  BatchSize: whole(1, 10_000).default(100),
  BisectBatchOnFunctionError: flag.default(false),
  DestinationConfig: z.strictObject({ OnFailure: z.strictObject({ Destination: z.string() }) }).optional(),
  Enabled: flag.default(true),
  EventSourceArn: z.string(),
  FilterCriteria: filterCriteria.optional(),
  FunctionName: z.string(),
  FunctionResponseTypes: z.array(z.literal('ReportBatchItemFailures')).default([]),
  MaximumBatchingWindowInSeconds: whole(0, 300).default(0),
  MaximumRecordAgeInSeconds: whole(-1, 604_800).default(-1),
  MaximumRetryAttempts: whole(-1, 10_000).default(-1),
  ParallelizationFactor: whole(1, 10).default(1),
  StartingPosition: z.enum(['TRIM_HORIZON', 'LATEST', 'AT_TIMESTAMP']),
  /** Seconds since 1970. */
  StartingPositionTimestamp: z.coerce.number().optional(),
  TumblingWindowInSeconds: z.coerce.number().pipe(z.literal(0, 'tumbling windows are not supported')).optional(),
  // No effect on what is delivered.
  Tags: z.unknown().optional(),
  MetricsConfig: z.unknown().optional(),
  KmsKeyArn: z.unknown().optional(),
});

const queueProperties = z
  .strictObject({
    BatchSize: whole(1, 10_000).default(10),
    Enabled: flag.default(true),
    EventSourceArn: z.string(),
    FilterCriteria: filterCriteria.optional(),
    FunctionName: z.string(),
    FunctionResponseTypes: z.array(z.literal('ReportBatchItemFailures')).default([]),
    MaximumBatchingWindowInSeconds: whole(0, 300).default(0),
    ScalingConfig: z.strictObject({ MaximumConcurrency: whole(2, 1_000).optional() }).optional(),
    Tags: z.unknown().optional(),
    MetricsConfig: z.unknown().optional(),
    KmsKeyArn: z.unknown().optional(),
  })
  .refine((mapping) => mapping.BatchSize <= 10 || mapping.MaximumBatchingWindowInSeconds > 0, {
    message: 'a batch size above 10 needs a MaximumBatchingWindowInSeconds of at least 1',
    path: ['BatchSize'],
  });

export type StreamMapping = z.infer<typeof streamProperties>;
export type QueueMapping = z.infer<typeof queueProperties>;

export type MappingSettings =
  | { readonly source: 'kinesis' | 'dynamodb'; readonly mapping: StreamMapping }
  | { readonly source: 'sqs'; readonly mapping: QueueMapping };

/** Every property either kind knows; the interpreter reports others before anything starts. */
export const MAPPING_PROPERTIES: readonly string[] = [
  ...new Set([...Object.keys(streamProperties.shape), ...Object.keys(queueProperties.shape)]),
];

/** Throws one error that lists all that is wrong, beginning with `where`. */
export function readMapping(properties: { readonly EventSourceArn?: unknown }, where: string): MappingSettings {
  const source = typeof properties.EventSourceArn === 'string' ? properties.EventSourceArn.split(':')[2] : undefined;
  if (source === 'sqs') return { source, mapping: parsed(queueProperties, properties, where) };
  if (source === 'kinesis' || source === 'dynamodb') {
    return { source, mapping: parsed(streamProperties, properties, where) };
  }
  throw new Error(
    `${where}: EventSourceArn is ${JSON.stringify(properties.EventSourceArn)}; ` +
      'a Kinesis stream, a DynamoDB stream or an SQS queue is supported on this machine',
  );
}

export function parsed<S extends z.ZodType>(schema: S, properties: unknown, where: string): z.infer<S> {
  const result = schema.safeParse(properties);
  if (result.success) return result.data;
  throw new Error(`${where} cannot be used on this machine:\n${z.prettifyError(result.error)}`);
}
