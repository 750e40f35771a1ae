/** The refusals of the simulated DynamoDB: the SDK's own classes where it has them, with DynamoDB's own texts. It decides nothing. */
import {
  type CancellationReason,
  ConditionalCheckFailedException,
  DynamoDBServiceException,
  IdempotentParameterMismatchException,
  ProvisionedThroughputExceededException,
  ResourceNotFoundException,
  ThrottlingException,
  TransactionCanceledException,
  TransactionConflictException,
  TransactionInProgressException,
} from '@aws-sdk/client-dynamodb';
import type { Item } from '#core/platform/item-store.ts';
import type { Random } from '../engine/random.ts';

const $metadata = { httpStatusCode: 400 };

export const validation = (message: string): DynamoDBServiceException =>
  new DynamoDBServiceException({ name: 'ValidationException', message, $fault: 'client', $metadata });

/** An SDK exception has no subclasses of its own, so those that concern one item are remembered. */
const ofOneItem = new WeakSet<Error>();

/** What is wrong with one item or key and, in a transaction, is told in its place instead of refusing the request whole. */
export function itemRefusal(message: string): DynamoDBServiceException {
  const error = validation(message);
  ofOneItem.add(error);
  return error;
}

export const isItemRefusal = (error: unknown): error is Error => error instanceof Error && ofOneItem.has(error);

/** For one value that cannot be stored. */
export const invalidParameter = (detail: string): DynamoDBServiceException =>
  validation(`One or more parameter values were invalid: ${detail}`);

export const noSuchTable = (): ResourceNotFoundException =>
  new ResourceNotFoundException({ message: 'Requested resource not found', $metadata });

/** `found`: what stood there, when the request asked for it. */
export const conditionFailed = (found: Item | undefined): ConditionalCheckFailedException =>
  new ConditionalCheckFailedException({
    message: 'The conditional request failed',
    $metadata,
    ...(found && { Item: found as Record<string, never> }),
  });

export const transactionOnItem = (): TransactionConflictException =>
  new TransactionConflictException({ message: 'Transaction is ongoing for the item', $metadata });

export const tokenInUse = (): TransactionInProgressException =>
  new TransactionInProgressException({
    message: 'The transaction with the given request token is already in progress.',
    $metadata,
  });

export const tokenOfOtherRequest = (): IdempotentParameterMismatchException =>
  new IdempotentParameterMismatchException({
    message: 'The provided client token was used with different request parameters.',
    $metadata,
  });

export const cancelled = (reasons: readonly CancellationReason[]): TransactionCanceledException =>
  new TransactionCanceledException({
    message: `Transaction cancelled, please refer cancellation reasons for specific reasons [${reasons.map(({ Code }) => Code).join(', ')}]`,
    CancellationReasons: [...reasons],
    $metadata,
  });

/** One of the ways in which DynamoDB says that it is too busy. */
export function throttled(random: Random): Error {
  switch (random.below(3)) {
    case 0:
      return new ThrottlingException({ message: 'Rate of requests exceeds the allowed throughput.', $metadata });
    case 1:
      return new DynamoDBServiceException({
        name: 'InternalServerError',
        message: 'Internal server error',
        $fault: 'server',
        $metadata: { httpStatusCode: 500 },
      });
    default:
      return new ProvisionedThroughputExceededException({
        message: 'The level of configured provisioned throughput for the table was exceeded.',
        $metadata,
      });
  }
}

/** Nothing in this project may read what might be old; if something does, it is a mistake to be told of. */
export function refuseEventualRead(what: string, isConsistent: boolean | undefined): void {
  if (isConsistent !== true)
    throw new Error(
      `an eventually consistent ${what} reached the simulated DynamoDB; every read must say ConsistentRead: true`,
    );
}
