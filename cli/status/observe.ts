/**
 * Looks at each hop: what the pipeline on this machine reports, and what queues and tables say on both worlds. What one look cannot
 * tell (no permission, no such output) leaves its member out and does not keep the others from being shown.
 */
import { type DynamoDBClient, ScanCommand, type ScanCommandInput } from '@aws-sdk/client-dynamodb';
import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { dynamoDb, sqs } from '../connection/clients.ts';
import type { Connection } from '../connection/connection.ts';
import { type PipelineReport, reportOf, statusAnswer } from '../pipeline/resource-status.ts';
import { deployedReport } from './deployed-report.ts';
import type { Observation, QueueDepth } from './observation.ts';

export async function observe(connection: Connection): Promise<Observation> {
  const database = dynamoDb(connection.clientConfig);
  const queues = sqs(connection.clientConfig);
  const { outputs } = connection;
  try {
    const [report, projectionQueue, deadLetters, quarantined, metrics] = await Promise.all([
      connection.local === undefined ? deployedReport(connection, seen) : seen(() => localReport(connection.local)),
      seen(() => depth(queues, outputs.get('ProjectionQueueUrl'))),
      seen(() => depth(queues, outputs.get('ProjectionDeadLetterQueueUrl'))),
      seen(() => countItems(database, outputs.get('QuarantineTable'), {})),
      seen(() => countItems(database, outputs.get('MetricsTable'), CURRENT_METRICS)),
    ]);
    return { report, projectionQueue, deadLetters, quarantined, metrics };
  } finally {
    database.destroy();
    queues.destroy();
  }
}

/** One item "0" per metric; a redirect at an old name is none. */
const CURRENT_METRICS: Partial<ScanCommandInput> = {
  FilterExpression: '#version = :current AND attribute_not_exists(renamedTo) AND attribute_exists(latestVersion)',
  ExpressionAttributeNames: { '#version': 'version' },
  ExpressionAttributeValues: { ':current': { S: '0' } },
};

async function seen<T>(look: () => Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await look();
  } catch {
    return undefined;
  }
}

async function localReport(local: Connection['local']): Promise<PipelineReport | undefined> {
  if (local === undefined) return undefined;
  const response = await fetch(`${local.endpoint}/_relay/status`, { signal: AbortSignal.timeout(10_000) });
  return reportOf(statusAnswer.parse(await response.json()).resources);
}

async function depth(queues: SQSClient, queueUrl: string | undefined): Promise<QueueDepth | undefined> {
  if (queueUrl === undefined) return undefined;
  const { Attributes = {} } = await queues.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['All'] }),
  );
  return {
    waiting: Number(Attributes.ApproximateNumberOfMessages ?? 0),
    inFlight: Number(Attributes.ApproximateNumberOfMessagesNotVisible ?? 0),
    delayed: Number(Attributes.ApproximateNumberOfMessagesDelayed ?? 0),
  };
}

/** A scan: exact, and of a table of metadata; the item count that DescribeTable answers is six hours old on AWS. */
async function countItems(
  database: DynamoDBClient,
  table: string | undefined,
  filter: Partial<ScanCommandInput>,
): Promise<number | undefined> {
  if (table === undefined) return undefined;
  let count = 0;
  let from: ScanCommandInput['ExclusiveStartKey'];
  do {
    const page = await database.send(
      new ScanCommand({ TableName: table, Select: 'COUNT', ...filter, ExclusiveStartKey: from }),
    );
    count += page.Count ?? 0;
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
  return count;
}
