/** AWS::Events::Rule with an event pattern. A schedule is refused: nothing of this machine runs schedules. */
import { eventsOf } from '../eventbridge/pipeline-events.ts';
import type { ResourceProvider } from './resource-provider.ts';

export const eventRuleProvider: ResourceProvider = {
  type: 'AWS::Events::Rule',
  properties: ['Name', 'Description', 'EventBusName', 'EventPattern', 'State', 'Targets', 'Tags'],
  async create({ stackName, logicalId, properties }, aws) {
    const { Name, Description, EventBusName, EventPattern, State = 'ENABLED', Targets = [] } = properties;
    if (typeof EventPattern !== 'object' || EventPattern === null)
      throw new Error(`${logicalId}: EventPattern must be an object, found ${JSON.stringify(EventPattern)}`);
    if (!Array.isArray(Targets))
      throw new Error(`${logicalId}: Targets must be a list, found ${JSON.stringify(Targets)}`);
    const events = eventsOf(aws);
    const name = typeof Name === 'string' ? Name : `${stackName}-${logicalId}`.slice(-64);
    const busName = events.bus(typeof EventBusName === 'string' ? EventBusName : 'default').name;
    const rule = events.putRule({
      busName,
      name,
      patternText: JSON.stringify(EventPattern),
      enabled: State === 'ENABLED',
      origin: 'template',
      ...(typeof Description === 'string' ? { description: Description } : {}),
    });
    events.putTargets(busName, name, Targets);
    // AWS refers to a rule of a bus of one's own as BUS|RULE.
    return { ref: busName === 'default' ? name : `${busName}|${name}`, attributes: { Arn: rule.arn } };
  },
};
