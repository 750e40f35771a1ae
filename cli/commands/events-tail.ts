/** `relay events tail`: prints events of the bus as they arrive, from the moment it says `tailing` on stderr until it is stopped. */
import { compilePattern, EventPatternError } from '#local/eventbridge/event-pattern.ts';
import { usageError } from '../command-failure.ts';
import { requireOutput } from '../connection/connection.ts';
import { oneLine, viewMetricChanged } from '../events/metric-changed.ts';
import { DEFAULT_PATTERN, type Delivery, subscribe } from '../events/subscription.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { renderEventLine, renderOtherEvent } from '../render/event-line.ts';
import { type CommandContext, connectTo, type OutputOptions, type TargetOptions } from './command-context.ts';

export interface EventsTailOptions extends TargetOptions, OutputOptions {
  readonly pattern?: string;
}

export async function eventsTail(context: CommandContext, options: EventsTailOptions): Promise<ExitCode> {
  const { terminal, interruption } = context;
  const pattern = options.pattern === undefined ? DEFAULT_PATTERN : checkedPattern(options.pattern);
  // A deployed bus may know more than the matcher of this machine, and judges for itself.
  if (options.stack === undefined) usablePattern(pattern);
  const connection = await connectTo(options);
  const subscription = await subscribe(connection, requireOutput(connection, 'EventBus'), pattern);
  try {
    terminal.say('tailing');
    for await (const delivery of subscription.deliveries(interruption.signal)) {
      terminal.out(options.json ? oneLine(delivery.envelope) : eventLine(delivery, context));
      if (interruption.signal.aborted) break;
    }
  } finally {
    await subscription.close();
  }
  return EXIT.ok;
}

/** One delivery as one line for people; `committedAtMs` where the commit of its transaction was observed. */
export function eventLine(
  { envelope, receivedAtMs }: Delivery,
  { terminal }: CommandContext,
  committedAtMs?: number,
): string {
  const event = viewMetricChanged(envelope);
  if (event === undefined) return renderOtherEvent(envelope, receivedAtMs);
  return renderEventLine(event, { receivedAtMs, committedAtMs, style: terminal.styleData });
}

/** The pattern parsed, refused with the place and what is allowed there before anybody is asked. */
export function usablePattern(text: string): { readonly [member: string]: unknown } {
  const pattern = JSON.parse(checkedPattern(text)) as { readonly [member: string]: unknown };
  try {
    compilePattern(pattern);
    return pattern;
  } catch (error) {
    if (!(error instanceof EventPatternError)) throw error;
    throw usageError(
      `--pattern is no event pattern: ${error.message}.`,
      `Values stand in lists: --pattern '{"detail":{"data":{"change":["DELETED"]}}}'. See docs/subscribing.md.`,
    );
  }
}

/** What is no JSON object at all is refused wherever the bus is. */
export function checkedPattern(text: string): string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    parsed = undefined;
  }
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return text;
  throw usageError(
    `--pattern ${text} is not a JSON object.`,
    `Give an EventBridge event pattern, for example --pattern '{"detail":{"data":{"change":["DELETED"]}}}'.`,
  );
}
