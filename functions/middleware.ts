/** The one Middy stack: every handler gets the Powertools logger with the invocation's context. No event is ever logged, it holds row values. */
import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';

export const logger = new Logger({ serviceName: 'metric-relay' });

export function lambdaHandler<E, R>(handle: (event: E, context: Context) => Promise<R>) {
  return middy<E, R, Error, Context>(handle).use(injectLambdaContext(logger, { logEvent: false }));
}

/** What of an error may be logged: never its cause's message, which can hold the values of a statement. */
export function errorFields(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { errorName: typeof error };
  const code = 'code' in error ? { errorCode: error.code } : {};
  return { errorName: error.name, errorMessage: error.message, ...code };
}
