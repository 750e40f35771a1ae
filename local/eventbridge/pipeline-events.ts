/**
 * The one EventBridge of a running pipeline, made when the first bus is created and stopped with the
 * first one that stops: the parts that publish were stopped before.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { LocalAws } from '../local-aws.ts';
import { createEventBridge, type EventBridge } from './event-bridge.ts';
import { eventBridgeFrontEnd } from './event-bridge-front-end.ts';
import { openEventStore } from './event-store.ts';
import { createOutbox } from './outbox.ts';
import { targetSender } from './target-sender.ts';

export interface PipelineEvents extends EventBridge {
  start(): void;
  stop(): Promise<void>;
}

const running = new WeakMap<LocalAws, PipelineEvents>();

export function eventsOf(aws: LocalAws): PipelineEvents {
  const existing = running.get(aws);
  if (existing !== undefined) return existing;
  mkdirSync(aws.dataDirectory, { recursive: true });
  const store = openEventStore(join(aws.dataDirectory, 'event-bus.sqlite'));
  const sender = targetSender({
    endpoint: aws.endpoint,
    region: aws.region,
    accountId: aws.accountId,
    credentialsOf: (roleArn) => aws.credentialsOf(roleArn),
    forward: (busArn, event) => events.forward(busArn, event),
  });
  const outbox = createOutbox({
    store,
    sender,
    log: aws.log,
    now: Date.now,
    random: Math.random,
    after(ms, callback) {
      const timer = setTimeout(callback, ms);
      return () => clearTimeout(timer);
    },
  });
  const events = createEventBridge({
    region: aws.region,
    accountId: aws.accountId,
    store,
    outbox,
    log: aws.log,
    now: Date.now,
  });
  aws.registerFrontEnd('events', eventBridgeFrontEnd(events));
  let stopping: Promise<void> | undefined;
  const made: PipelineEvents = {
    ...events,
    start: () => outbox.start(),
    stop() {
      stopping ??= outbox.stop().then(() => {
        running.delete(aws);
        store.close();
      });
      return stopping;
    },
  };
  running.set(aws, made);
  return made;
}
