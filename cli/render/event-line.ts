/** One MetricChanged as one line for people: when, what kind of change, which metric and revision, what differs, how late. */
import type { MetricChangedView } from '../events/metric-changed.ts';
import { oneLine } from '../events/metric-changed.ts';
import type { Style } from '../terminal.ts';

const COLOURS: ReadonlyMap<string, Style> = new Map([
  ['CREATED', 'green'],
  ['UPDATED', 'cyan'],
  ['DEPRECATED', 'yellow'],
  ['RESTORED', 'green'],
  ['RENAMED', 'magenta'],
  ['DELETED', 'red'],
]);

export interface EventLineOptions {
  readonly receivedAtMs: number;
  /** Commit time in milliseconds where it is known; otherwise the event's own commit time, whole seconds, gives a bound. */
  readonly committedAtMs?: number | undefined;
  readonly style: (style: Style, text: string) => string;
}

export function renderEventLine(event: MetricChangedView, options: EventLineOptions): string {
  const { style } = options;
  const clock = new Date(options.receivedAtMs).toISOString().slice(11, 23);
  const change = style(COLOURS.get(event.change) ?? 'bold', event.change.padEnd(10));
  const name = event.previousName === undefined ? event.name : `${event.previousName} → ${event.name}`;
  const attributes = event.changedAttributes.length === 0 ? '' : `  ${event.changedAttributes.join(', ')}`;
  return `${clock}  ${change}  ${style('bold', name)} r${event.revision}${attributes}  ${style('dim', event.replay ? 'again' : latency(event, options))}`;
}

/** An event that is none of ours is still shown, shortened. */
export function renderOtherEvent(envelope: string, receivedAtMs: number): string {
  const line = oneLine(envelope);
  return `${new Date(receivedAtMs).toISOString().slice(11, 23)}  ${line.length > 200 ? `${line.slice(0, 199)}…` : line}`;
}

function latency(event: MetricChangedView, options: EventLineOptions): string {
  if (options.committedAtMs !== undefined)
    return `${Math.max(0, Math.round(options.receivedAtMs - options.committedAtMs))} ms`;
  const occurredAtMs = Date.parse(event.occurredAt);
  if (Number.isNaN(occurredAtMs)) return '';
  // A bound is rounded up, or it would be none.
  return `within ${formatDuration(Math.ceil(Math.max(0, options.receivedAtMs - occurredAtMs) / 100) * 100)}`;
}

/** `0.4 s`, `12 s`, `3 min`, `2 h`: one figure that can be read at a glance. */
export function formatDuration(durationMs: number): string {
  const seconds = durationMs / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}
