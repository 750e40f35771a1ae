/** What the rebuild commands talk to: the tables, the projection queue, and the settings of the deployment. Closed together. */
import { type DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { entityOf, HEAD, ROWS } from '#core/mirror/mirror-key.ts';
import { DynamoDbItemStore } from '#core/platform/dynamodb-item-store.ts';
import type { ItemStore } from '#core/platform/item-store.ts';
import { jitteredPause } from '#core/platform/pause.ts';
import type { RebuildContext } from '#core/rebuild/rebuild-plan.ts';
import { failed, isAccessDenied, messageOf, preconditionMissing } from '../command-failure.ts';
import { connectTo, type TargetOptions } from '../commands/command-context.ts';
import { dynamoDb, sqs } from '../connection/clients.ts';
import { requireOutput } from '../connection/connection.ts';
import { replaySettingsOf } from '../connection/replay-settings.ts';

export interface RebuildConnection {
  readonly store: ItemStore;
  readonly tables: { readonly metrics: string; readonly sourceRows: string; readonly quarantine: string };
  readonly settings: RebuildContext['settings'];
  readonly queue: SQSClient;
  readonly queueUrl: string;
  allMetricIds(): Promise<readonly string[]>;
}

export async function withRebuild<T>(
  options: TargetOptions,
  action: (connection: RebuildConnection) => Promise<T>,
): Promise<T> {
  const connection = await connectTo(options);
  const output = (name: string): string => requireOutput(connection, name);
  const database = dynamoDb(connection.clientConfig);
  const queue = sqs(connection.clientConfig);
  const sourceRows = output('SourceRowsTable');
  try {
    return await action({
      store: new DynamoDbItemStore(database, jitteredPause(Math.random)),
      tables: { metrics: output('MetricsTable'), sourceRows, quarantine: output('QuarantineTable') },
      settings: replaySettingsOf(connection),
      queue,
      queueUrl: output('ProjectionQueueUrl'),
      allMetricIds: () => scanMetricIds(database, sourceRows),
    });
  } catch (error) {
    throw explained(error);
  } finally {
    database.destroy();
    queue.destroy();
  }
}

/** Metrics that have a row or a head: after a loss one may be there without the other. */
async function scanMetricIds(client: DynamoDBClient, sourceRows: string): Promise<readonly string[]> {
  const ids = new Set<string>();
  const pages = paginateScan(
    { client },
    {
      TableName: sourceRows,
      ConsistentRead: true,
      FilterExpression: 'begins_with(pk, :metric) AND (sk = :row OR sk = :head)',
      ProjectionExpression: 'pk',
      ExpressionAttributeValues: { ':metric': { S: 'metric#' }, ':row': { S: ROWS }, ':head': { S: HEAD } },
    },
  );
  for await (const { Items = [] } of pages) for (const { pk } of Items) ids.add(entityOf(pk?.S ?? '')[1]);
  return [...ids];
}

function explained(error: unknown): unknown {
  if (isAccessDenied(error))
    return failed(
      `A permission is missing: ${messageOf(error)}`,
      'A rebuild needs dynamodb:Scan, Query, GetItem and BatchGetItem on Metrics and SourceRows, and sqs:SendMessage and sqs:GetQueueAttributes on the projection queue.',
      error,
    );
  if (error instanceof Error && error.name === 'ResourceNotFoundException')
    return preconditionMissing(
      `A table of the pipeline is not there: ${messageOf(error)}`,
      'Create it again first: npx cdk deploy, or restore it from a backup under its old name.',
      error,
    );
  return error;
}
