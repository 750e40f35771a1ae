/**
 * The buses of one pipeline, their rules and archives. An event is accepted when everything that must come of it is in the
 * store: one delivery per target of each matching rule, one copy per matching archive. Nothing is ever promised about order.
 */
import { randomUUID } from 'node:crypto';
import type { Log } from '../local-aws.ts';
import {
  type BusEvent,
  type EntryError,
  entrySize,
  eventFromText,
  eventOf,
  MOST_BYTES,
  MOST_ENTRIES,
  type PutEventsEntry,
} from './bus-event.ts';
import type { EventStore } from './event-store.ts';
import type { Outbox } from './outbox.ts';
import { newRule, parseTarget, type Rule, type RuleTarget } from './rule.ts';

/** An error that the API answers with its code. */
export class EventBridgeError extends Error {
  override readonly name = 'EventBridgeError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export type PutEventsResult = { readonly EventId: string } | EntryError;

export interface Archive {
  readonly name: string;
  readonly arn: string;
  readonly busName: string;
  readonly matches: (event: unknown) => boolean;
  /** Absent: kept for ever. */
  readonly retentionDays?: number;
}

export interface Bus {
  readonly name: string;
  readonly arn: string;
  readonly rules: Map<string, Rule>;
  readonly archives: Archive[];
  accepted: number;
}

export interface EventBridgeOptions {
  readonly region: string;
  readonly accountId: string;
  readonly store: EventStore;
  readonly outbox: Outbox;
  readonly log: Log;
  readonly now: () => number;
}

const DAY_MS = 86_400_000;
/** AWS's limits (EventBridge user guide, "Quotas"). */
const MOST_RULES = 300;
const MOST_TARGETS = 5;

export type EventBridge = ReturnType<typeof createEventBridge>;

export function createEventBridge(options: EventBridgeOptions) {
  const { region, accountId, store, outbox, log, now } = options;
  const buses = new Map<string, Bus>();
  const arnOf = (resource: string) => `arn:aws:events:${region}:${accountId}:${resource}`;
  const nameOf = (nameOrArn = 'default') => nameOrArn.replace(/^arn:.*:event-bus\//, '');
  createBus('default');

  function createBus(name: string): Bus {
    const existing = buses.get(name);
    if (existing !== undefined) return existing;
    const bus: Bus = { name, arn: arnOf(`event-bus/${name}`), rules: new Map(), archives: [], accepted: 0 };
    buses.set(name, bus);
    for (const text of store.rulesOf(name)) restoreRule(bus, text);
    return bus;
  }

  function bus(nameOrArn: string | undefined): Bus {
    const found = buses.get(nameOf(nameOrArn));
    if (found === undefined)
      throw new EventBridgeError(
        'ResourceNotFoundException',
        `Event bus ${nameOf(nameOrArn)} does not exist; there are ${[...buses.keys()].join(', ')}.`,
      );
    return found;
  }

  function rule(busName: string | undefined, name: string): Rule {
    const found = bus(busName).rules.get(name);
    if (found === undefined)
      throw new EventBridgeError(
        'ResourceNotFoundException',
        `Rule ${name} does not exist on EventBus ${nameOf(busName)}.`,
      );
    return found;
  }

  /** Whole-request errors throw; errors of single entries are in the results, in the order of the entries. */
  function putEvents(entries: readonly PutEventsEntry[]): PutEventsResult[] {
    if (entries.length === 0 || entries.length > MOST_ENTRIES)
      throw new EventBridgeError(
        'ValidationException',
        `the request has ${entries.length} entries; allowed are 1 to ${MOST_ENTRIES}`,
      );
    const bytes = entries.reduce((sum, entry) => sum + entrySize(entry), 0);
    if (bytes >= MOST_BYTES)
      throw new EventBridgeError(
        'ValidationException',
        `Total size of the entries in the request is over the limit: ${bytes} bytes, allowed is less than ${MOST_BYTES}.`,
      );
    const nowMs = now();
    const events = entries.map((entry) => ({
      entry,
      event: eventOf(entry, { id: randomUUID(), nowMs, region, accountId }),
    }));
    store.atomically(() => {
      for (const { entry, event } of events) {
        if (!('id' in event)) continue;
        const target = buses.get(nameOf(entry.EventBusName));
        if (target !== undefined) accept(target, event, nowMs);
        // AWS answers 200 and drops it.
        else log('event-bus', 'event dropped: no such bus', { bus: nameOf(entry.EventBusName), eventId: event.id });
      }
    });
    outbox.wake();
    return events.map(({ event }) => ('id' in event ? { EventId: event.id } : event));
  }

  /** From another bus: keeps its envelope. */
  function forward(busArn: string, text: string): boolean {
    const target = buses.get(nameOf(busArn));
    if (target === undefined) return false;
    store.atomically(() => accept(target, eventFromText(text), now()));
    outbox.wake();
    return true;
  }

  function accept(target: Bus, event: BusEvent, nowMs: number): void {
    target.accepted++;
    for (const one of target.rules.values()) {
      if (!one.enabled || one.targets.size === 0 || !one.matches(event.value)) continue;
      for (const ruleTarget of one.targets.values()) {
        store.addDelivery({
          ruleArn: one.arn,
          ruleName: one.name,
          target: JSON.stringify(ruleTarget),
          event: event.text,
          acceptedMs: nowMs,
        });
      }
    }
    for (const archive of target.archives)
      if (archive.matches(event.value)) store.archive(archive.name, event.timeMs, event.text);
  }

  function putRule(definition: Omit<Rule, 'arn' | 'matches' | 'targets'>): Rule {
    const target = bus(definition.busName);
    const existing = target.rules.get(definition.name);
    if (existing === undefined && target.rules.size >= MOST_RULES)
      throw new EventBridgeError(
        'LimitExceededException',
        `bus ${target.name} has ${MOST_RULES} rules, which is the most allowed`,
      );
    const made = newRule(
      { ...definition, busName: target.name, origin: existing?.origin ?? definition.origin },
      { region, accountId },
    );
    for (const [id, one] of existing?.targets ?? []) made.targets.set(id, one);
    target.rules.set(made.name, made);
    keep(made);
    return made;
  }

  function putTargets(busName: string | undefined, ruleName: string, targets: readonly unknown[]): void {
    const target = rule(busName, ruleName);
    const parsed = targets.map(parseTarget);
    const ids = new Set([...target.targets.keys(), ...parsed.map((one) => one.Id)]);
    if (ids.size > MOST_TARGETS)
      throw new EventBridgeError(
        'LimitExceededException',
        `rule ${ruleName} would have ${ids.size} targets; at most ${MOST_TARGETS} are allowed`,
      );
    for (const one of parsed) target.targets.set(one.Id, one);
    keep(target);
  }

  function removeTargets(busName: string | undefined, ruleName: string, ids: readonly string[]): void {
    const target = rule(busName, ruleName);
    for (const id of ids) target.targets.delete(id);
    keep(target);
  }

  function deleteRule(busName: string | undefined, ruleName: string): void {
    const found = bus(busName).rules.get(ruleName);
    if (found === undefined) return; // As on AWS, deleting what is not there is no error.
    if (found.targets.size > 0)
      throw new EventBridgeError('ValidationException', "Rule can't be deleted since it has targets.");
    bus(busName).rules.delete(ruleName);
    store.forgetRule(found.busName, found.name);
  }

  function keep(made: Rule): void {
    if (made.origin !== 'api') return;
    const { busName, name, description, patternText, enabled, targets } = made;
    store.keepRule(
      busName,
      name,
      JSON.stringify({ name, description, patternText, enabled, targets: [...targets.values()] }),
    );
  }

  function restoreRule(target: Bus, text: string): void {
    const { targets, ...definition } = JSON.parse(text) as Pick<
      Rule,
      'name' | 'description' | 'patternText' | 'enabled'
    > & { targets: RuleTarget[] };
    const made = newRule({ ...definition, busName: target.name, origin: 'api' }, { region, accountId });
    for (const one of targets) made.targets.set(one.Id, one);
    target.rules.set(made.name, made);
  }

  function addArchive(archive: Omit<Archive, 'arn'>): Archive {
    const made = { ...archive, arn: arnOf(`archive/${archive.name}`) };
    bus(archive.busName).archives.push(made);
    if (archive.retentionDays !== undefined && archive.retentionDays > 0)
      store.dropArchivedBefore(archive.name, now() - archive.retentionDays * DAY_MS);
    return made;
  }

  return {
    buses,
    bus,
    createBus,
    rule,
    putEvents,
    forward,
    putRule,
    putTargets,
    removeTargets,
    deleteRule,
    addArchive,
    arnOf,
    outbox,
    store,
  };
}
