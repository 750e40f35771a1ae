/** The change log on the AWS SDK's Kinesis client. It maps requests, answers and errors, and decides nothing. */
import {
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  type GetRecordsCommandOutput,
  GetShardIteratorCommand,
  type KinesisClient,
  ListShardsCommand,
  type ListShardsCommandInput,
} from '@aws-sdk/client-kinesis';
import type { ChangeRecord } from '../replication/change-record.ts';
import {
  type ChangeLog,
  type LogAnswer,
  LogThrottled,
  PlaceExpired,
  type ReadFrom,
  ShardExpired,
} from './change-log.ts';
import type { ShardFacts } from './shard-generations.ts';

const THROTTLING = [
  'ProvisionedThroughputExceededException',
  'LimitExceededException',
  'KMSThrottlingException',
  'ThrottlingException',
];

export class KinesisChangeLog implements ChangeLog {
  readonly #client: KinesisClient;
  readonly #stream: string;

  constructor(client: KinesisClient, streamName: string) {
    this.#client = client;
    this.#stream = streamName;
  }

  async retentionHours(): Promise<number> {
    const answer = await this.#client.send(new DescribeStreamSummaryCommand({ StreamName: this.#stream }));
    return answer.StreamDescriptionSummary?.RetentionPeriodHours ?? 24;
  }

  /** FROM_TIMESTAMP: open shards, and closed ones whose last record is not older. One that is older than the retention begins at the horizon. */
  async shards(fromMs: number): Promise<readonly ShardFacts[]> {
    const shards: ShardFacts[] = [];
    let token: string | undefined;
    do {
      const input: ListShardsCommandInput =
        token === undefined
          ? { StreamName: this.#stream, ShardFilter: { Type: 'FROM_TIMESTAMP', Timestamp: new Date(fromMs) } }
          : { NextToken: token };
      const page = await this.#client.send(new ListShardsCommand(input));
      for (const shard of page.Shards ?? []) {
        shards.push({
          shardId: shard.ShardId ?? '',
          parents: [shard.ParentShardId, shard.AdjacentParentShardId].filter((parent) => parent !== undefined),
          closed: shard.SequenceNumberRange?.EndingSequenceNumber !== undefined,
        });
      }
      token = page.NextToken;
    } while (token !== undefined);
    return shards;
  }

  async open(shardId: string, from: ReadFrom): Promise<string> {
    const position =
      from.kind === 'time'
        ? ({ ShardIteratorType: 'AT_TIMESTAMP', Timestamp: new Date(from.ms) } as const)
        : ({ ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', StartingSequenceNumber: from.sequenceNumber } as const);
    const command = new GetShardIteratorCommand({ StreamName: this.#stream, ShardId: shardId, ...position });
    const { ShardIterator } = await this.#ask(shardId, () => this.#client.send(command));
    if (ShardIterator === undefined) throw new Error(`Kinesis gave no iterator for ${shardId} of ${this.#stream}`);
    return ShardIterator;
  }

  async read(shardId: string, place: string, recordsMax: number): Promise<LogAnswer> {
    const command = new GetRecordsCommand({ ShardIterator: place, Limit: recordsMax });
    const answer = await this.#ask<GetRecordsCommandOutput>(shardId, () => this.#client.send(command));
    const records = (answer.Records ?? []).map(
      (record): ChangeRecord => ({
        shardId,
        sequenceNumber: record.SequenceNumber ?? '',
        arrivedAtMs: record.ApproximateArrivalTimestamp?.getTime() ?? 0,
        bytes: record.Data ?? new Uint8Array(),
      }),
    );
    return { records, next: answer.NextShardIterator, behindMs: answer.MillisBehindLatest ?? 0 };
  }

  async #ask<T>(shardId: string, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      const name = error instanceof Error ? error.name : '';
      if (name === 'ExpiredIteratorException')
        throw new PlaceExpired('the iterator is older than five minutes', { cause: error });
      if (THROTTLING.includes(name)) throw new LogThrottled(`Kinesis throttles: ${name}`, { cause: error });
      // A closed shard goes with its last record, also between the listing of the shards and the reading of this one.
      if (name === 'ResourceNotFoundException')
        throw new ShardExpired(
          `${shardId} has left the stream ${this.#stream} with all of its records before it was read: the window cannot be wholly replayed. ` +
            'Load the tables again (npx relay reload), or read the window from the change archive (--from-archive)',
          { cause: error },
        );
      throw error;
    }
  }
}
