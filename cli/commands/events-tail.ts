/** `relay events tail`: prints events of the bus as they arrive, from the moment it says `tailing` on stderr until it is stopped. */
import { requireOutput } from '../connection/connection.ts';
import { checkedPattern, usablePattern } from '../events/given-pattern.ts';
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
