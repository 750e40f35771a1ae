/**
 * `relay druid lookup`: the current names and attributes of metrics as Druid lookups, once or kept in step. One update for all that
 * differ, none when nothing does; a dry run writes nothing and says with its exit code whether there is something to write.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { CurrentMetrics } from '#druid/current-metrics.ts';
import type { DruidClient } from '#druid/druid-client.ts';
import { isSame, lookupId } from '#druid/lookup-content.ts';
import { metricEvent } from '#druid/metric-text.ts';
import { type SyncedLookup, syncLookups } from '#druid/sync-lookups.ts';
import { metricJson } from '#schemas/metric-changed.ts';
import { messageOf, usageError } from '../command-failure.ts';
import { dynamoDb } from '../connection/clients.ts';
import { requireOutput } from '../connection/connection.ts';
import { type DruidOptions, druidClient, withDruid } from '../druid/druid-connection.ts';
import { followLookups } from '../druid/follow-lookups.ts';
import { readMetric, scanMetrics } from '../druid/read-metrics.ts';
import { type Subscription, subscribe } from '../events/subscription.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { counted } from '../render/counted.ts';
import { lookupJsonLine, renderLookup } from '../render/druid-lookup.ts';
import { type CommandContext, connectTo, type OutputOptions, type TargetOptions } from './command-context.ts';

export interface DruidLookupOptions extends TargetOptions, OutputOptions, DruidOptions {
  readonly attribute: readonly string[];
  readonly prefix: string;
  readonly tier: string;
  readonly watch?: boolean;
  readonly dryRun?: boolean;
  readonly debounceSeconds: number;
  readonly rescanMinutes: number;
}

/** Deprecations and restorations are told apart from updates, and every one of them may change an attribute. */
const EVERY_CHANGE = '{"source":["metric-relay"],"detail-type":["MetricChanged"]}';

export async function druidLookup(context: CommandContext, options: DruidLookupOptions): Promise<ExitCode> {
  if (options.watch === true && options.dryRun === true) throw usageError('--watch and --dry-run exclude each other.');
  const { terminal, interruption } = context;
  const attributes = checkedAttributes(options.attribute);
  const druid = druidClient(options);
  const connection = await connectTo(options);
  const table = requireOutput(connection, 'MetricsTable');
  const client = dynamoDb(connection.clientConfig);
  const sync = (metrics: CurrentMetrics) => syncAll(druid, metrics, attributes, options);
  const scan = () => scanMetrics(client, table, attributes);
  const report = (lookups: readonly SyncedLookup[]): void => {
    for (const lookup of lookups)
      terminal.out(options.json ? lookupJsonLine(lookup) : renderLookup(lookup, options.dryRun === true));
  };
  let subscription: Subscription | undefined;
  try {
    if (options.watch !== true) {
      const metrics = new CurrentMetrics();
      metrics.replaceAll(await scan());
      const lookups = await withDruid(() => sync(metrics));
      report(lookups);
      const differs = lookups.some(({ difference, version }) => !isSame(difference) || version === undefined);
      return options.dryRun === true && differs ? EXIT.drift : EXIT.ok;
    }
    subscription = await subscribe(connection, requireOutput(connection, 'EventBus'), EVERY_CHANGE);
    const { deliveries } = subscription;
    let isFirst = true;
    const ports = {
      events: async function* (signal: AbortSignal) {
        for await (const { envelope } of deliveries(signal)) {
          const event = readable(envelope);
          if (event !== undefined) yield event;
        }
      },
      scan,
      read: (name: string) => readMetric(client, table, name),
      sync,
      synced: (lookups: readonly SyncedLookup[], metrics: CurrentMetrics) => {
        report(lookups.filter(({ written }) => written || isFirst));
        if (isFirst) terminal.say(`watching ${counted(metrics.size, 'metric')}; Ctrl-C ends`);
        isFirst = false;
      },
      say: (line: string) => terminal.say(line),
    };
    const timing = { debounceMs: options.debounceSeconds * 1000, rescanMs: options.rescanMinutes * 60_000 };
    await withDruid(() => followLookups(ports, timing, interruption.signal));
    return EXIT.ok;
  } finally {
    await subscription?.close();
    client.destroy();
  }

  /** An event that breaks the contract is left to the next scan. */
  function readable(envelope: string) {
    try {
      return metricEvent(envelope);
    } catch (error) {
      terminal.say(`An event was passed over, the next scan makes up for it: ${messageOf(error)}`);
      return undefined;
    }
  }
}

function syncAll(
  druid: DruidClient,
  metrics: CurrentMetrics,
  attributes: readonly string[],
  { prefix, tier, dryRun }: DruidLookupOptions,
): Promise<readonly SyncedLookup[]> {
  const wanted = new Map(attributes.map((attribute) => [lookupId(prefix, attribute), metrics.lookup(attribute)]));
  const pause = (ms: number): Promise<void> => delay(ms);
  return syncLookups(druid, wanted, { tier, dryRun: dryRun === true, nowMs: Date.now, pause });
}

function checkedAttributes(given: readonly string[]): readonly string[] {
  const attributes = [...new Set(given.length === 0 ? ['name'] : given)];
  const known = Object.keys(metricJson.shape);
  for (const attribute of attributes) {
    if (!known.includes(attribute))
      throw usageError(`--attribute "${attribute}" is no attribute of a metric.`, `Allowed: ${known.join(', ')}.`);
  }
  return attributes;
}
