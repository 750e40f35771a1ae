/**
 * AWS::Events::EventBusPolicy. Resource policies are not interpreted: everyone here is of one account, whose own policies decide. The
 * policy is only required to name a bus that exists.
 */
import { eventsOf } from '../eventbridge/pipeline-events.ts';
import type { ResourceProvider } from './resource-provider.ts';

export const eventBusPolicyProvider: ResourceProvider = {
  type: 'AWS::Events::EventBusPolicy',
  properties: ['EventBusName', 'StatementId', 'Statement', 'Action', 'Principal', 'Condition'],
  async create({ logicalId, properties }, aws) {
    const { EventBusName, StatementId } = properties;
    const bus = eventsOf(aws).bus(typeof EventBusName === 'string' ? EventBusName : undefined);
    return { ref: `${bus.name}|${typeof StatementId === 'string' ? StatementId : logicalId}`, attributes: {} };
  },
};
