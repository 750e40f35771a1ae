/**
 * One function per change, typed by it. What has no function goes to `default`; what has no `default` either is left out, which is
 * right for an event that nobody needs and for a change that a later minor version adds.
 */
import type { MetricChange, MetricChanged } from '#schemas/metric-changed.ts';
import { MetricEventError } from './metric-event-error.ts';

/** The event of one change: `data.change` is it, and a rename has its `previousName`. */
export type EventOf<C extends MetricChange> = MetricChanged & {
  readonly data: { readonly change: C } & (C extends 'RENAMED' ? { readonly previousName: string } : unknown);
};

export type ChangeHandlers<R = void> = {
  readonly [C in MetricChange]?: (event: EventOf<C>) => Promise<R> | R;
} & { readonly default?: (event: MetricChanged) => Promise<R> | R };

/** @returns a function that gives what the chosen handler gave; undefined when there was none. */
export function onMetricChanged<R = void>(
  handlers: ChangeHandlers<R>,
): (event: MetricChanged) => Promise<R | undefined> {
  return async (event) => {
    if (isChange(event, 'CREATED') && handlers.CREATED) return handlers.CREATED(event);
    if (isChange(event, 'UPDATED') && handlers.UPDATED) return handlers.UPDATED(event);
    if (isChange(event, 'DEPRECATED') && handlers.DEPRECATED) return handlers.DEPRECATED(event);
    if (isChange(event, 'RESTORED') && handlers.RESTORED) return handlers.RESTORED(event);
    if (isChange(event, 'RENAMED') && handlers.RENAMED) return handlers.RENAMED(event);
    if (isChange(event, 'DELETED') && handlers.DELETED) return handlers.DELETED(event);
    return handlers.default?.(event);
  };
}

export function isChange<C extends MetricChange>(event: MetricChanged, change: C): event is EventOf<C> {
  if (event.data.change !== change) return false;
  if (change !== 'RENAMED' || event.data.previousName !== undefined) return true;
  throw new MetricEventError('CONTRACT_BROKEN', 'data.previousName', `${event.metadata.eventId} is RENAMED without it`);
}
