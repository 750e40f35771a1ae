/**
 * Streams in the Kinesis emulator. A stream that exists already keeps its shards and records, also when the template now asks for
 * another number of shards: resharding is an operation, not a setting. Encryption is accepted without effect.
 */
import { setTimeout as delay } from 'node:timers/promises';
import {
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  IncreaseStreamRetentionPeriodCommand,
  KinesisClient,
  ResourceNotFoundException,
  type StreamDescriptionSummary,
} from '@aws-sdk/client-kinesis';
import { operatorClient } from './operator-client.ts';
import { physicalName } from './physical-name.ts';
import { readInteger, readObject } from './property-reader.ts';
import type { ResourceProvider } from './resource-provider.ts';

const POLL_MS = 20;
const POLLS = 500;

export const kinesisStreamProvider: ResourceProvider = {
  type: 'AWS::Kinesis::Stream',
  properties: ['Name', 'ShardCount', 'StreamModeDetails', 'RetentionPeriodHours', 'StreamEncryption', 'Tags'],
  async create(resource, aws) {
    const { properties } = resource;
    const name = physicalName(resource, { property: 'Name', longest: 128 });
    const onDemand = readObject(properties.StreamModeDetails, 'StreamModeDetails').StreamMode === 'ON_DEMAND';
    const shards = readInteger(properties.ShardCount, 'ShardCount') ?? 1;
    const hours = readInteger(properties.RetentionPeriodHours, 'RetentionPeriodHours') ?? 24;
    const client = new KinesisClient(operatorClient(aws));
    try {
      if ((await summary(client, name)) === undefined) {
        await client.send(
          new CreateStreamCommand({
            StreamName: name,
            ...(onDemand ? { StreamModeDetails: { StreamMode: 'ON_DEMAND' } } : { ShardCount: shards }),
          }),
        );
      }
      const active = await activeStream(client, name);
      if (!onDemand && active.OpenShardCount !== shards) {
        aws.log('kinesis', `${name} keeps its ${active.OpenShardCount} shards; the template asks for ${shards}`);
      }
      if (hours > (active.RetentionPeriodHours ?? 24)) {
        await client.send(new IncreaseStreamRetentionPeriodCommand({ StreamName: name, RetentionPeriodHours: hours }));
      }
      return {
        ref: name,
        attributes: { Arn: `arn:aws:kinesis:${aws.region}:${aws.accountId}:stream/${name}` },
        status: () => ({ stream: name }),
      };
    } finally {
      client.destroy();
    }
  },
};

async function activeStream(client: KinesisClient, name: string): Promise<StreamDescriptionSummary> {
  for (let poll = 0; poll < POLLS; poll++) {
    const stream = await summary(client, name);
    if (stream?.StreamStatus === 'ACTIVE') return stream;
    await delay(POLL_MS);
  }
  throw new Error(`the stream ${name} did not become ACTIVE within ${POLLS * POLL_MS} ms`);
}

async function summary(client: KinesisClient, name: string): Promise<StreamDescriptionSummary | undefined> {
  try {
    return (await client.send(new DescribeStreamSummaryCommand({ StreamName: name }))).StreamDescriptionSummary;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}
