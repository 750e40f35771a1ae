/**
 * `relay republish`: sends the current state of chosen metrics again as events, with the ids they always had, so that a new consumer is
 * filled; one that has them already changes nothing. It writes to the bus only, and nothing to any table.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { RelayError } from '#core/error/relay-error.ts';
import { republishedEvent } from '#core/event/republished-event.ts';
import { DynamoDbItemStore } from '#core/platform/dynamodb-item-store.ts';
import type { ItemStore } from '#core/platform/item-store.ts';
import { jitteredPause } from '#core/platform/pause.ts';
import { LATEST } from '#core/projection/project-metric.ts';
import { itemKey } from '#core/publication/metric-item.ts';
import {
  billedChunks,
  eventsListPriceDollars,
  type OutgoingEvent,
  outgoingEvent,
} from '#core/republish/put-events-entry.ts';
import { EventSender, type SendOutcome } from '#core/republish/send-events.ts';
import { failed, isAccessDenied, messageOf } from '../command-failure.ts';
import { dynamoDb, eventBridge } from '../connection/clients.ts';
import { requireOutput } from '../connection/connection.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { counted } from '../render/counted.ts';
import { listPrice } from '../render/list-price.ts';
import { duration } from '../replay/point-in-time.ts';
import { findNames, scanNames } from '../republish/chosen-metrics.ts';
import { putEventsOn } from '../republish/put-events.ts';
import { checkChoice, nothingToSend, type RepublishChoice, resumeCommand } from '../republish/republish-choice.ts';
import { type CommandContext, connectTo, type OutputOptions } from './command-context.ts';

export type RepublishOptions = RepublishChoice & OutputOptions;

/** Metrics read and sent at a time. */
const SLICE = 100;
const PROGRESS_EVERY_MS = 2_000;

interface Tally {
  events: number;
  bytes: number;
  chunks: number;
  /** Metrics that were chosen and are gone, or are in the middle of a large write, when their turn comes. */
  gone: number;
  readonly unpublishable: string[];
  lastName: string | undefined;
}

export async function republish(
  context: CommandContext,
  wanted: readonly string[],
  options: RepublishOptions,
): Promise<ExitCode> {
  const { terminal, interruption } = context;
  checkChoice(wanted, options);
  const startedMs = Date.now();
  const connection = await connectTo(options);
  const table = requireOutput(connection, 'MetricsTable');
  const bus = requireOutput(connection, 'EventBus');
  const database = dynamoDb(connection.clientConfig);
  const events = eventBridge(connection.clientConfig);
  const store = new DynamoDbItemStore(database, jitteredPause(Math.random));
  try {
    const chosen =
      wanted.length > 0
        ? await namedMetrics(context, store, table, wanted, options.skipMissing === true)
        : await scanNames(database, table, {
            prefix: options.prefix,
            changedSinceMs: options.changedSince?.(startedMs),
          });
    const names = chosen.filter((name) => options.after === undefined || name > options.after);
    if (names.length === 0) terminal.say(nothingToSend(options, chosen, startedMs));
    const tally: Tally = { events: 0, bytes: 0, chunks: 0, gone: 0, unpublishable: [], lastName: undefined };
    const count = (event: OutgoingEvent): void => {
      tally.events += 1;
      tally.bytes += event.bytes;
      tally.chunks += billedChunks(event);
      tally.lastName = event.name;
    };
    const sender = new EventSender({
      put: options.dryRun ? async (list) => list.map(() => undefined) : putEventsOn(events, bus),
      rate: options.dryRun ? Number.POSITIVE_INFINITY : options.rate,
      nowMs: Date.now,
      sleep: (ms) => delay(ms, undefined, { signal: interruption.signal }).catch(() => {}),
      mustStop: () => interruption.signal.aborted,
      sent: count,
    });
    let shownMs = Date.now();
    let outcome: SendOutcome = { kind: 'done' };
    for (let from = 0; from < names.length && outcome.kind === 'done'; from += SLICE) {
      outcome = await currentEvents(store, table, names.slice(from, from + SLICE), tally).then(
        (slice) => sender.send(slice),
        (error: unknown): SendOutcome => ({ kind: 'failed', error }),
      );
      if (Date.now() - shownMs < PROGRESS_EVERY_MS) continue;
      shownMs = Date.now();
      terminal.progress(
        `${tally.events} of ${counted(names.length, 'metric')}${options.dryRun ? ' looked at' : ' sent'}`,
      );
    }
    report(context, names.length, tally, outcome, options);
    const resume = resumeCommand(wanted, options, tally.lastName, startedMs);
    return ending(terminal, outcome, tally.unpublishable, resume);
  } catch (error) {
    throw explained(error);
  } finally {
    database.destroy();
    events.destroy();
  }
}

async function namedMetrics(
  { terminal }: CommandContext,
  store: ItemStore,
  table: string,
  wanted: readonly string[],
  skipMissing: boolean,
): Promise<readonly string[]> {
  const { names, missing } = await findNames(store, table, wanted, terminal.say);
  if (missing.length === 0) return names;
  const list = missing.map((name) => `"${name}"`).join(', ');
  if (!skipMissing)
    throw failed(
      `There is no metric ${list} in the table. Nothing was sent.`,
      'Names are exact, upper and lower case included. To send the others all the same, add --skip-missing.',
    );
  terminal.say(`Left out, because there is no such metric: ${list}.`);
  return names;
}

/** The events of the metrics as they are now. A metric that has gone meanwhile has told its DELETED itself. */
async function currentEvents(
  store: ItemStore,
  table: string,
  names: readonly string[],
  tally: Tally,
): Promise<readonly OutgoingEvent[]> {
  const keys = names.map((name) => itemKey(name, LATEST));
  const items = new Map((await store.getMany(table, keys)).map((item) => [item.name?.S, item]));
  const events: OutgoingEvent[] = [];
  for (const name of names) {
    const item = items.get(name);
    try {
      const event = item && republishedEvent(item, table);
      if (event) events.push(outgoingEvent(name, event));
      else tally.gone += 1;
    } catch (error) {
      if (!(error instanceof RelayError)) throw error;
      tally.unpublishable.push(`${name}: ${error.message}`);
    }
  }
  return events;
}

function report(
  { terminal }: CommandContext,
  chosen: number,
  tally: Tally,
  outcome: SendOutcome,
  options: RepublishOptions,
): void {
  const { events, bytes, chunks, gone, unpublishable, lastName } = tally;
  const dollars = eventsListPriceDollars(chunks);
  if (options.json) {
    const ended = options.dryRun ? 'dryRun' : outcome.kind;
    terminal.out(
      JSON.stringify({ ended, chosen, events, bytes, listPriceDollars: dollars, gone, unpublishable, lastName }),
    );
    return;
  }
  const what = `${counted(events, 'event')} of ${counted(chosen, 'metric')}, ${(bytes / 1_000_000).toFixed(2)} MB`;
  const price = `${listPrice(dollars)} (us-east-1)`;
  if (options.dryRun) {
    const time = duration((events / options.rate) * 1000);
    terminal.out(`${what}, would take ${time} at ${options.rate}/s and cost ${price}`);
    if (chosen > 0) terminal.say('Nothing was sent. Without --dry-run they are.');
  } else terminal.out(`${what} sent, ${price}`);
  if (gone > 0)
    terminal.say(`${gone} had gone or were being written when their turn came; their own events tell that.`);
  for (const line of unpublishable) terminal.say(`Not an event: ${line}`);
}

export function ending(
  terminal: Pick<CommandContext['terminal'], 'say'>,
  outcome: SendOutcome,
  unpublishable: readonly string[],
  resume: string,
): ExitCode {
  switch (outcome.kind) {
    case 'refused':
      throw failed(
        `The bus refused the event of "${outcome.event.name}" again and again: ${outcome.reason}`,
        `What came before it was sent. Go on with: ${resume}`,
      );
    case 'failed':
      throw explained(outcome.error, `Go on with: ${resume}`);
    case 'stopped':
      terminal.say(`Stopped. Go on with: ${resume}`);
      return EXIT.interrupted;
    case 'done':
      return unpublishable.length > 0 ? EXIT.drift : EXIT.ok;
  }
}

/** @param next what goes on where sending broke off; absent before it began. */
function explained(error: unknown, next?: string): unknown {
  if (isAccessDenied(error))
    return failed(
      `A permission is missing: ${messageOf(error)}`,
      `A republish needs events:PutEvents on the bus, and dynamodb:GetItem, BatchGetItem and Scan on the Metrics table.${next === undefined ? '' : ` ${next}`}`,
      error,
    );
  return next === undefined ? error : failed(`The republish broke off: ${messageOf(error)}`, next, error);
}
