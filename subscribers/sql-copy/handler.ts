/**
 * An SQS queue of MetricChanged events → a SQL copy of the metrics, as any team would write it with the consumer kit. A message that cannot be
 * read or written is delivered again alone and, after some times, set aside by its queue. Nothing of a metric is ever logged.
 */
import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { applyIfNewer } from '#consumer/apply-if-newer.ts';
import { fetchFromDynamoDb } from '#consumer/fetch-from-dynamodb.ts';
import type { BatchResponse, Failure, MetricBatch } from '#consumer/metric-batch.ts';
import { metricChangedBatch } from '#consumer/middy.ts';
import { SqlMetricStore } from '#consumer/stores/sql.ts';
import { COPY_COLUMNS, COPY_TABLE } from './copy-columns.ts';
import { databaseAddress } from './database-address.ts';
import { DatabaseConnection } from './database-connection.ts';
import { lambdaEnvironment, sqlCopyEnvironment } from './environment.ts';
import { readSecret } from './read-secret.ts';

const { COPY_SECRET_ARN } = sqlCopyEnvironment.parse(process.env);
const logger = new Logger({ serviceName: 'sql-copy' });

const database = new DatabaseConnection(
  async () => databaseAddress(await readSecret(COPY_SECRET_ARN, lambdaEnvironment.parse(process.env), new Date())),
  (execute) => copyOn(execute).createTable(),
);
const store = copyOn(database.execute);
const fetchCurrent = fetchFromDynamoDb(new DynamoDBClient());

export const handler = middy<MetricBatch, BatchResponse, Error, Context>()
  .use(injectLambdaContext(logger, { logEvent: false }))
  .use(metricChangedBatch({ onFailure: logFailure }))
  .handler(async (batch) => {
    const counts = new Map<string, number>();
    await batch.each(async (event) => {
      const { outcome } = await applyIfNewer(event, { store, fetchCurrent });
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    });
    logger.info('events', Object.fromEntries(counts));
    return batch.response();
  });

function copyOn(execute: DatabaseConnection['execute']): SqlMetricStore {
  return new SqlMetricStore({ execute, dialect: 'mysql', table: COPY_TABLE, columns: COPY_COLUMNS });
}

/** The message of a database's error may hold the values of a row; its code does not. */
function logFailure({ itemId, eventId, error }: Failure): void {
  const { name, code } = Object(error) as { readonly name?: unknown; readonly code?: unknown };
  logger.error('event not applied', {
    itemId,
    eventId: eventId ?? '',
    errorName: String(name),
    errorCode: String(code),
  });
}
