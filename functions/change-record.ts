/** A record of a Kinesis batch as Lambda hands it over → the record as core takes it: its shard is the first part of the event's id. */
import type { KinesisStreamRecord } from 'aws-lambda';
import type { ChangeRecord } from '#core/replication/change-record.ts';

export function changeRecord({ eventID, kinesis }: KinesisStreamRecord): ChangeRecord {
  return {
    shardId: eventID.split(':')[0] ?? '',
    sequenceNumber: kinesis.sequenceNumber,
    arrivedAtMs: Math.round(kinesis.approximateArrivalTimestamp * 1000),
    bytes: Buffer.from(kinesis.data, 'base64'),
  };
}
