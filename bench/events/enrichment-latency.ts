/**
 * How long the enrichment takes for a full batch, without the pipe around it: the decision alone in this process, and the bundled function in
 * the local Lambda host, one invocation after the other. An invocation publishes nothing, only the pipe does.
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { percentile } from '#cli/demo/percentile.ts';
import { eventsOfBatch } from '#core/event/events-of-batch.ts';

/** Stream records of a pipe execution, the default of the setting `pipeBatchSize`. */
const BATCH = 5;
const WARM_UP = 200;

export interface Latency {
  readonly batches: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

type Item = Record<string, AttributeValue>;

/** Batches of updates of these items, over and over. */
export function batchesOf(items: readonly Item[], count: number): unknown[][] {
  return Array.from({ length: count }, (_, batch) =>
    Array.from({ length: BATCH }, (_, index) => {
      const NewImage = items[(batch * BATCH + index) % items.length] ?? {};
      const OldImage = { ...NewImage, aggregationStyle: { S: 'BEFORE' }, relatedDimensions: { SS: ['before'] } };
      const dynamodb = { NewImage, OldImage, SequenceNumber: '1', ApproximateCreationDateTime: 1_800_000_000 };
      return { eventName: 'MODIFY', dynamodb };
    }),
  );
}

export async function inProcess(batches: readonly unknown[][]): Promise<Latency> {
  const context = {
    metricsTable: 'Metrics',
    setAside: async (_: unknown, error: Error): Promise<void> => Promise.reject(error),
  };
  const run = async (batch: unknown[]): Promise<void> => {
    const { events } = await eventsOfBatch(context, batch);
    JSON.stringify(events);
  };
  return timed(batches, run);
}

export async function inLambdaHost(
  lambda: LambdaClient,
  functionName: string,
  batches: readonly unknown[][],
): Promise<Latency> {
  return timed(batches, async (batch) => {
    const command = new InvokeCommand({ FunctionName: functionName, Payload: Buffer.from(JSON.stringify(batch)) });
    const { FunctionError, Payload } = await lambda.send(command);
    const answer = Buffer.from(Payload ?? []).toString();
    if (FunctionError !== undefined) throw new Error(`the enrichment failed: ${answer}`);
  });
}

async function timed(batches: readonly unknown[][], run: (batch: unknown[]) => Promise<void>): Promise<Latency> {
  for (const batch of batches.slice(0, WARM_UP)) await run(batch);
  const tookMs: number[] = [];
  for (const batch of batches) {
    const begun = performance.now();
    await run(batch);
    tookMs.push(performance.now() - begun);
  }
  const of = (percent: number): number => Number((percentile(tookMs, percent) ?? 0).toFixed(3));
  return { batches: batches.length, p50Ms: of(50), p99Ms: of(99), maxMs: of(100) };
}
