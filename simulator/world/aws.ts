/** The AWS services of a world, each with dice of its own, and the way from the SDK of a function to them. */
import { SimulatedBucket } from '../aws/bucket.ts';
import { SimulatedBus } from '../aws/bus.ts';
import { SimulatedDynamoDb } from '../aws/dynamodb.ts';
import { SimulatedKinesis } from '../aws/kinesis.ts';
import { SimulatedQueue } from '../aws/queue.ts';
import type { Weather } from '../engine/faults.ts';
import type { Random } from '../engine/random.ts';
import type { VirtualTime } from '../engine/virtual-time.ts';
import type { WorldSettings } from '../plan.ts';
import { PROJECTOR_TIMEOUT_MS } from './deliveries.ts';
import { TABLES } from './functions.ts';
import { SimulatedLambda } from './lambda.ts';

/** The template's: visibility is six times the projector's time-out. */
const VISIBILITY_SECONDS = (6 * PROJECTOR_TIMEOUT_MS) / 1000;
const RECEIVES_MAX = 10;

export interface SimulatedAws {
  readonly dynamodb: SimulatedDynamoDb;
  readonly kinesis: SimulatedKinesis;
  readonly queue: SimulatedQueue;
  readonly bucket: SimulatedBucket;
  readonly bus: SimulatedBus;
  readonly lambda: SimulatedLambda;
}

export function createAws(time: VirtualTime, random: Random, weather: Weather, settings: WorldSettings): SimulatedAws {
  const dynamodb = new SimulatedDynamoDb(time, random.fork('dynamodb'), weather, {
    [TABLES.metrics]: { partitionKey: 'name', sortKey: 'version', stream: true },
    [TABLES.sourceRows]: { partitionKey: 'pk', sortKey: 'sk' },
    [TABLES.quarantine]: { partitionKey: 'pk', sortKey: 'sk' },
    [TABLES.replays]: { partitionKey: 'pk', sortKey: 'sk' },
  });
  const kinesis = new SimulatedKinesis(time, random.fork('kinesis'), weather, { shards: settings.shards });
  const queue = new SimulatedQueue(time, random.fork('queue'), weather, {
    visibilitySeconds: VISIBILITY_SECONDS,
    receiveMax: RECEIVES_MAX,
  });
  const bucket = new SimulatedBucket(time, random.fork('bucket'), weather);
  const bus = new SimulatedBus(time, random.fork('bus'), weather);
  const lambda = new SimulatedLambda(time, random.fork('lambda'), weather, {
    dynamodb: (command, input) => dynamodb.request(command, input),
    sqs: (_, input) => {
      const { MessageBody, DelaySeconds } = input as { MessageBody: string; DelaySeconds: number };
      return queue.send(MessageBody, DelaySeconds);
    },
    s3: (_, input) => {
      const { Key, Body } = input as { Key: string; Body: Uint8Array };
      return bucket.put(Key, Body);
    },
    kinesis: (command, input) => kinesis.request(command, input),
  });
  return { dynamodb, kinesis, queue, bucket, bus, lambda };
}
