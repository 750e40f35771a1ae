/**
 * The message that AWS sends for given-up records of a stream: a pointer to them, and for S3 the whole payload too. Pure.
 * https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
 */
import { recordsPayload } from './batch-window.ts';
import type { DiscardedBatch } from './failure-destination.ts';

/** Who gave up: an event source mapping names its function, a pipe itself. */
export type GivenUpBy =
  | { readonly kind: 'mapping'; readonly uuid: string; readonly functionArn: string }
  | { readonly kind: 'pipe'; readonly pipeArn: string };

export function failureRecord(batch: DiscardedBatch, by: GivenUpBy, requestId: string, nowMs: number): object {
  const { records, streamArn, shardId, condition, invokeCount, functionError } = batch;
  const pointer = {
    shardId,
    startSequenceNumber: records[0]?.sequenceNumber,
    endSequenceNumber: records.at(-1)?.sequenceNumber,
    approximateArrivalOfFirstRecord: new Date(records[0]?.arrivedAtMs ?? 0).toISOString(),
    approximateArrivalOfLastRecord: new Date(records.at(-1)?.arrivedAtMs ?? 0).toISOString(),
    batchSize: records.length,
    streamArn,
  };
  const source = streamArn.includes(':kinesis:') ? { KinesisBatchInfo: pointer } : { DDBStreamBatchInfo: pointer };
  const common = { version: '1.0', timestamp: new Date(nowMs).toISOString(), ...source };
  if (by.kind === 'pipe') return { context: { partnerResourceArn: by.pipeArn, condition }, ...common };
  return {
    requestContext: { requestId, functionArn: by.functionArn, condition, approximateInvokeCount: invokeCount },
    // Nothing was answered when the records were never delivered.
    ...(invokeCount === 0
      ? {}
      : {
          responseContext: {
            statusCode: 200,
            executedVersion: '$LATEST',
            ...(functionError === undefined ? {} : { functionError }),
          },
        }),
    ...common,
  };
}

/** With the payload, as only S3 gets it: JSON text inside the JSON. */
export function failureRecordWithPayload(batch: DiscardedBatch, record: object): object {
  return { ...record, payload: recordsPayload(batch.records) };
}

/** `aws/lambda/<mapping uuid>/<shard>/YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-<random uuid>` */
export function failureObjectKey(mappingUuid: string, shardId: string, nowMs: number, randomUuid: string): string {
  const [date = '', time = ''] = new Date(nowMs).toISOString().slice(0, 19).split('T');
  return `aws/lambda/${mappingUuid}/${shardId}/${date.replaceAll('-', '/')}/${date}T${time.replaceAll(':', '.')}-${randomUuid}`;
}
