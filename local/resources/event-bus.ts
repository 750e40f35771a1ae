/**
 * AWS::Events::EventBus. Under its ARN in `aws.created` stands an `EventBus`, for parts of this machine that publish without going
 * through the gateway; publishing with a role's credentials through the gateway is the better way, because it is checked.
 */
import type { PutEventsEntry } from '../eventbridge/bus-event.ts';
import type { PutEventsResult } from '../eventbridge/event-bridge.ts';
import { eventsOf } from '../eventbridge/pipeline-events.ts';
import type { ResourceProvider } from './resource-provider.ts';

export interface EventBus {
  readonly name: string;
  readonly arn: string;
  /** Resolves when every accepted event is stored for its rules. Rejects for a request that AWS would refuse as a whole. */
  putEvents(entries: readonly Omit<PutEventsEntry, 'EventBusName'>[]): Promise<readonly PutEventsResult[]>;
}

export const eventBusProvider: ResourceProvider = {
  type: 'AWS::Events::EventBus',
  // Encryption, logging and tags have nothing to act on here; Policy as in event-bus-policy.ts.
  properties: ['Name', 'Description', 'KmsKeyIdentifier', 'LogConfig', 'Tags', 'Policy', 'DeadLetterConfig'],
  async create({ logicalId, properties }, aws) {
    const name = properties.Name;
    if (typeof name !== 'string') throw new Error(`${logicalId}: Name must be a string, found ${JSON.stringify(name)}`);
    const events = eventsOf(aws);
    const bus = events.createBus(name);
    const published: EventBus = {
      name,
      arn: bus.arn,
      putEvents: async (entries) => events.putEvents(entries.map((entry) => ({ ...entry, EventBusName: name }))),
    };
    aws.created.set(bus.arn, published);
    return {
      ref: name,
      attributes: { Arn: bus.arn, Name: name, Policy: '' },
      start: async () => events.start(),
      stop: () => events.stop(),
      status: () => ({ state: 'ACTIVE', accepted: bus.accepted, rules: bus.rules.size, ...events.outbox.counts() }),
    };
  },
};
