/**
 * Middleware for Middy: the handler gets the parsed event, or the batch, instead of what Lambda got. Written against Middy's shape alone, so
 * the kit does not depend on it.
 */
import type { MetricChanged } from '#schemas/metric-changed.ts';
import { type BatchOptions, type BatchResponse, MetricBatch } from './metric-batch.ts';
import { parseMetricChanged } from './parse.ts';

interface Request<E, R> {
  event: E;
  response: R | null | undefined;
  error?: unknown;
}

/** For a Lambda that is the target of the rule: `middy<MetricChanged, void>().use(metricChangedEvent())`. */
export function metricChangedEvent(): { before: (request: Request<MetricChanged, unknown>) => void } {
  return {
    before: (request) => {
      request.event = parseMetricChanged(request.event);
    },
  };
}

/**
 * For a Lambda behind an SQS queue: `middy<MetricBatch, BatchResponse>().use(metricChangedBatch())`. The handler calls `batch.each(…)`; the
 * answer is made from what became of each message, also when the handler throws.
 */
export function metricChangedBatch(options: BatchOptions = {}): {
  before: (request: Request<MetricBatch, BatchResponse>) => void;
  after: (request: Request<MetricBatch, BatchResponse>) => void;
  onError: (request: Request<MetricBatch, BatchResponse>) => void;
} {
  return {
    before: (request) => {
      request.event = new MetricBatch(request.event, options);
    },
    after: (request) => {
      request.response = request.event.response();
    },
    onError: (request) => {
      // An error before the batch was read, or of a middleware further out, is no answer about messages.
      if (!(request.event instanceof MetricBatch)) return;
      request.event.failed(request.error);
      request.response = request.event.response();
    },
  };
}
