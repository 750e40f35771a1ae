/**
 * The EventBridge API as the SDK and the AWS CLI speak it (JSON 1.1, X-Amz-Target AWSEvents.*): the part of it that publishers, rules and
 * temporary subscriptions need. A rule and its targets are in force when their answer is on its way.
 */
import * as z from 'zod';
import type { FrontEnd, FrontEndResponse } from '../local-aws.ts';
import { putEventsEntry } from './bus-event.ts';
import { type Bus, type EventBridge, EventBridgeError } from './event-bridge.ts';
import { compilePatternText, EventPatternError } from './event-pattern.ts';
import type { Rule } from './rule.ts';

const onBus = { EventBusName: z.string().optional() };
const page = { Limit: z.number().optional(), NextToken: z.string().optional() };

export function eventBridgeFrontEnd(events: EventBridge): FrontEnd {
  const operations = new Map<string, (input: unknown) => object>([
    operation(
      'PutEvents',
      { Entries: z.array(putEventsEntry), EndpointId: z.undefined().optional() },
      ({ Entries }) => {
        const results = events.putEvents(Entries);
        return { FailedEntryCount: results.filter((one) => 'ErrorCode' in one).length, Entries: results };
      },
    ),
    operation('CreateEventBus', { Name: z.string(), Description: z.string().optional() }, ({ Name }) => {
      if (events.buses.has(Name))
        throw new EventBridgeError('ResourceAlreadyExistsException', `Event bus ${Name} already exists.`);
      return { EventBusArn: events.createBus(Name).arn };
    }),
    operation('DescribeEventBus', { Name: z.string().optional() }, ({ Name }) => busView(events.bus(Name))),
    operation('ListEventBuses', { NamePrefix: z.string().optional(), ...page }, ({ NamePrefix = '' }) => ({
      EventBuses: [...events.buses.values()].filter(({ name }) => name.startsWith(NamePrefix)).map(busView),
    })),
    operation(
      'PutRule',
      {
        Name: z.string().regex(/^[.\-_A-Za-z0-9]{1,64}$/),
        EventPattern: z.string(),
        State: z.enum(['ENABLED', 'DISABLED']).optional(),
        Description: z.string().optional(),
        Tags: z.unknown().optional(),
        ...onBus,
      },
      ({ Name, EventPattern, State, Description, EventBusName }) => ({
        RuleArn: events.putRule({
          busName: events.bus(EventBusName).name,
          name: Name,
          patternText: EventPattern,
          enabled: State !== 'DISABLED',
          origin: 'api',
          ...(Description === undefined ? {} : { description: Description }),
        }).arn,
      }),
    ),
    operation('DescribeRule', { Name: z.string(), ...onBus }, ({ Name, EventBusName }) =>
      ruleView(events.rule(EventBusName, Name)),
    ),
    operation('DeleteRule', { Name: z.string(), Force: z.boolean().optional(), ...onBus }, ({ Name, EventBusName }) => {
      events.deleteRule(EventBusName, Name);
      return {};
    }),
    operation(
      'ListRules',
      { NamePrefix: z.string().optional(), ...page, ...onBus },
      ({ NamePrefix = '', EventBusName }) => ({
        Rules: [...events.bus(EventBusName).rules.values()]
          .filter(({ name }) => name.startsWith(NamePrefix))
          .map(ruleView),
      }),
    ),
    operation(
      'PutTargets',
      { Rule: z.string(), Targets: z.array(z.unknown()), ...onBus },
      ({ Rule, Targets, EventBusName }) => {
        events.putTargets(EventBusName, Rule, Targets);
        return { FailedEntryCount: 0, FailedEntries: [] };
      },
    ),
    operation(
      'RemoveTargets',
      { Rule: z.string(), Ids: z.array(z.string()), Force: z.boolean().optional(), ...onBus },
      ({ Rule, Ids, EventBusName }) => {
        events.removeTargets(EventBusName, Rule, Ids);
        return { FailedEntryCount: 0, FailedEntries: [] };
      },
    ),
    operation('ListTargetsByRule', { Rule: z.string(), ...page, ...onBus }, ({ Rule, EventBusName }) => ({
      Targets: [...events.rule(EventBusName, Rule).targets.values()],
    })),
    operation('TestEventPattern', { EventPattern: z.string(), Event: z.string() }, ({ EventPattern, Event }) => ({
      Result: compilePatternText(EventPattern)(JSON.parse(Event)),
    })),
  ]);

  return async ({ action = '', body }) => {
    const run = operations.get(action);
    if (run === undefined)
      return failure(
        'UnknownOperationException',
        `${action} is not supported here; supported are ${[...operations.keys()].join(', ')}`,
      );
    try {
      return answer(200, run(JSON.parse(body.toString('utf8') || '{}')));
    } catch (error) {
      if (error instanceof EventBridgeError) return failure(error.code, error.message);
      if (error instanceof EventPatternError) return failure('InvalidEventPatternException', error.message);
      if (error instanceof z.ZodError)
        return failure(
          'ValidationException',
          error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '),
        );
      return failure('ValidationException', error instanceof Error ? error.message : String(error));
    }
  };
}

/** Members that are not listed are refused by name: a setting that does nothing would mislead. */
function operation<Shape extends z.ZodRawShape>(
  name: string,
  shape: Shape,
  run: (input: z.infer<z.ZodObject<Shape, z.core.$strict>>) => object,
): [string, (input: unknown) => object] {
  const schema = z.strictObject(shape);
  return [name, (input) => run(schema.parse(input))];
}

function busView(bus: Bus) {
  return { Name: bus.name, Arn: bus.arn };
}

function ruleView(rule: Rule) {
  return {
    Name: rule.name,
    Arn: rule.arn,
    EventPattern: rule.patternText,
    State: rule.enabled ? 'ENABLED' : 'DISABLED',
    EventBusName: rule.busName,
    ...(rule.description === undefined ? {} : { Description: rule.description }),
  };
}

function answer(status: number, body: object): FrontEndResponse {
  return { status, headers: { 'content-type': 'application/x-amz-json-1.1' }, body: JSON.stringify(body) };
}

function failure(code: string, message: string): FrontEndResponse {
  return answer(400, { __type: code, message });
}
