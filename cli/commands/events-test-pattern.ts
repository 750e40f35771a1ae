/**
 * `relay events test-pattern`: whether a pattern matches an event, and if not, which field did not. With `--stack` or beside a running
 * pipeline the bus itself is asked (TestEventPattern); otherwise the matcher of this machine answers.
 */
import { type EventBridgeClient, TestEventPatternCommand } from '@aws-sdk/client-eventbridge';
import { compilePattern } from '#local/eventbridge/event-pattern.ts';
import { exampleEnvelope } from '#schemas/contract/event-envelope.ts';
import { CommandFailure, failed, messageOf } from '../command-failure.ts';
import { eventBridge } from '../connection/clients.ts';
import { goldenEvents } from '../events/contract-files.ts';
import { readGivenEvents } from '../events/given-events.ts';
import { usablePattern } from '../events/given-pattern.ts';
import { absentFields, type Mismatch, mismatches } from '../events/pattern-explanation.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { counted } from '../render/counted.ts';
import { renderTable } from '../render/table.ts';
import { type CommandContext, connectTo, type OutputOptions, type TargetOptions } from './command-context.ts';

export interface TestPatternOptions extends TargetOptions, OutputOptions {
  readonly pattern: string;
  /** Path, or `-` for stdin. Without it: an example of each change. */
  readonly event?: string;
}

type Members = { readonly [member: string]: unknown };
type Ask = (event: Members) => Promise<boolean>;

interface Verdict {
  readonly event: string;
  readonly matches: boolean;
  readonly mismatches: readonly Mismatch[];
}

const LONGEST_CELL = 100;

export async function eventsTestPattern(context: CommandContext, options: TestPatternOptions): Promise<ExitCode> {
  const pattern = usablePattern(options.pattern);
  const events: readonly Members[] =
    options.event === undefined ? goldenEvents().map(exampleEnvelope) : await readGivenEvents(options.event);
  const client = await busToAsk(options);
  const ask: Ask =
    client === undefined ? async (event) => compilePattern(pattern)(event) : askBus(client, options.pattern);
  try {
    const verdicts: Verdict[] = [];
    for (const event of events) {
      const matches = await ask(event);
      verdicts.push({ event: nameOf(event), matches, mismatches: matches ? [] : mismatches(pattern, event) });
    }
    context.terminal.out(options.json ? JSON.stringify(verdicts) : table(verdicts));
    const matched = verdicts.filter(({ matches }) => matches).length;
    const what = options.event === undefined ? 'example' : 'event';
    context.terminal.say(
      `${matched} of ${counted(verdicts.length, what)} ${matched === 1 ? 'matches' : 'match'}` +
        `${client === undefined ? '' : ', says the bus'}.`,
    );
    for (const [field, place] of absentFields(verdicts.map(({ mismatches: why }) => why)))
      context.terminal.say(`No ${what} has ${field}${place === undefined ? '' : `; there is ${place}`}.`);
    const isGood = options.event === undefined ? matched > 0 : matched === verdicts.length;
    return isGood ? EXIT.ok : EXIT.drift;
  } finally {
    client?.destroy();
  }
}

async function busToAsk(options: TestPatternOptions): Promise<EventBridgeClient | undefined> {
  try {
    return eventBridge((await connectTo(options)).clientConfig);
  } catch (error) {
    const isNoneRunning = error instanceof CommandFailure && error.exitCode === EXIT.precondition;
    if (isNoneRunning && options.stack === undefined && options.dataDir === undefined) return undefined;
    throw error;
  }
}

function askBus(client: EventBridgeClient, pattern: string): Ask {
  return async (event) => {
    try {
      const command = new TestEventPatternCommand({ EventPattern: pattern, Event: JSON.stringify(event) });
      return (await client.send(command)).Result === true;
    } catch (error) {
      throw failed(
        `EventBridge did not take the pattern or the event: ${messageOf(error)}`,
        'It needs the whole envelope (id, account, source, time, region, resources, detail-type), and events:TestEventPattern.',
        error,
      );
    }
  };
}

function nameOf(event: Members): string {
  const data = (event.detail as Members | undefined)?.data as Members | undefined;
  const named = [data?.change, data?.name].filter((one) => typeof one === 'string');
  if (named.length > 0) return named.join(' ');
  return typeof event['detail-type'] === 'string' ? event['detail-type'] : 'event';
}

function table(verdicts: readonly Verdict[]): string {
  const rows = verdicts.flatMap(({ event, matches, mismatches: why }) =>
    matches
      ? [[event, 'yes', '', '', '']]
      : why.map((one, index) => [
          index === 0 ? event : '',
          index === 0 ? 'no' : '',
          one.field,
          one.didYouMean === undefined ? cell(one.found) : `nothing (there is ${one.didYouMean})`,
          cell(one.allowed),
        ]),
  );
  return renderTable(['event', 'matches', 'field', 'found', 'allowed'], rows);
}

function cell(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > LONGEST_CELL ? `${text.slice(0, LONGEST_CELL - 1)}…` : text;
}
