/**
 * What `plan` shows and `apply` posts, made in one place: the change of the change feed's own supervisor, or of an operator's fact supervisor
 * for the related dimensions of chosen metrics. It reads Druid and the Metrics table and writes nothing.
 */
import { DynamoDbItemStore } from '#core/platform/dynamodb-item-store.ts';
import { jitteredPause } from '#core/platform/pause.ts';
import type { DruidClient } from '#druid/druid-client.ts';
import { type ChosenMetric, planFactDimensions } from '#druid/fact-dimensions.ts';
import { type JsonObject, member, memberAt } from '#druid/json.ts';
import { planSpec, type SpecPlan, withoutCopies } from '#druid/spec-plan.ts';
import { requiredSpec, type SpecOptions, supervisorSpec } from '#druid/supervisor-spec.ts';
import { failed, preconditionMissing, usageError } from '../command-failure.ts';
import { type CommandContext, connectTo, type OutputOptions, type TargetOptions } from '../commands/command-context.ts';
import { dynamoDb } from '../connection/clients.ts';
import { requireOutput } from '../connection/connection.ts';
import { counted } from '../render/counted.ts';
import type { DruidOptions } from './druid-connection.ts';
import { metricNamed, metricsWithPrefix } from './read-metrics.ts';
import { givenSpecOptions, type SpecCommandOptions, specOptions } from './spec-options.ts';

export interface SupervisorPlanOptions extends TargetOptions, OutputOptions, DruidOptions, SpecCommandOptions {
  readonly supervisor?: string;
  readonly metric: readonly string[];
  readonly metricsPrefix?: string;
  readonly allMetrics?: boolean;
  readonly prune?: boolean;
}

export interface SupervisorPlan extends SpecPlan {
  readonly id: string;
  /** False when applying creates it. */
  readonly exists: boolean;
  readonly remarks: readonly string[];
}

/** The one function behind both commands. */
export function supervisorPlan(
  context: CommandContext,
  druid: DruidClient,
  options: SupervisorPlanOptions,
): Promise<SupervisorPlan> {
  return options.supervisor === undefined
    ? changeFeedPlan(druid, options)
    : factPlan(context, druid, options.supervisor, options);
}

async function changeFeedPlan(druid: DruidClient, options: SupervisorPlanOptions): Promise<SupervisorPlan> {
  if (choosesMetrics(options)) {
    throw usageError(
      '--metric, --metrics-prefix and --all-metrics belong to a fact datasource.',
      'Name its supervisor with --supervisor ID; without it the plan is that of the datasource of metric changes.',
    );
  }
  const given = await givenSpecOptions(options);
  const all = specOptions(given);
  const id = all.datasource;
  const present = await druid.readSupervisor(id);
  if (present === undefined) return newSupervisor(id, all);
  const type = member(present, 'type');
  if (type !== 'kinesis') {
    throw failed(
      `The supervisor ${id} is of type ${String(type)}; the feed of metric changes is one of type kinesis.`,
      'Choose another --datasource, or plan a fact datasource with --supervisor.',
    );
  }
  const plan = planSpec(present, requiredSpec(id, given), { prune: options.prune === true });
  return { ...plan, id, exists: true, remarks: streamRemark(present, given.stream) };
}

function newSupervisor(id: string, options: SpecOptions): SupervisorPlan {
  const spec = supervisorSpec(options);
  return { id, exists: false, spec, changes: [{ kind: 'added', path: 'supervisor', to: id }], kept: [], remarks: [] };
}

/** SeekableStreamSupervisorSpec.validateSpecUpdateTo refuses it with a 400. */
function streamRemark(present: JsonObject, wanted: string | undefined): readonly string[] {
  const stream = memberAt(withoutCopies(present), 'spec', 'ioConfig', 'stream');
  if (wanted === undefined || stream === wanted) return [];
  return [
    `Druid does not move a supervisor to another stream (${String(stream)} → ${wanted}): suspend, reset and terminate it, then apply again.`,
  ];
}

async function factPlan(
  context: CommandContext,
  druid: DruidClient,
  id: string,
  options: SupervisorPlanOptions,
): Promise<SupervisorPlan> {
  if (options.prune === true) {
    throw usageError(
      '--prune is not for a fact datasource: which of its dimensions nobody needs is not known here.',
      'Remove a dimension in the Druid console.',
    );
  }
  if (!choosesMetrics(options)) {
    throw usageError(
      `Which metrics are in the datasource of ${id}?`,
      'Say it with --metric NAME…, --metrics-prefix PREFIX or --all-metrics.',
    );
  }
  const present = await druid.readSupervisor(id);
  if (present === undefined) {
    const ids = await druid.supervisorIds();
    throw preconditionMissing(
      `There is no supervisor "${id}".`,
      ids.length === 0 ? 'This Druid has no supervisor at all.' : `There are: ${ids.slice(0, 20).join(', ')}.`,
    );
  }
  const metrics = await chosenMetrics(context, options);
  context.terminal.say(`${counted(metrics.length, 'metric')} chosen`);
  return { ...planFactDimensions(present, metrics), id, exists: true };
}

const choosesMetrics = ({ metric, metricsPrefix, allMetrics }: SupervisorPlanOptions): boolean =>
  metric.length > 0 || metricsPrefix !== undefined || allMetrics === true;

async function chosenMetrics(
  { terminal }: CommandContext,
  options: SupervisorPlanOptions,
): Promise<readonly ChosenMetric[]> {
  const connection = await connectTo(options);
  const table = requireOutput(connection, 'MetricsTable');
  const client = dynamoDb(connection.clientConfig);
  try {
    const chosen = new Map<string, ChosenMetric>();
    if (options.metricsPrefix !== undefined || options.allMetrics === true) {
      const prefix = options.allMetrics === true ? '' : (options.metricsPrefix ?? '');
      for (const metric of await metricsWithPrefix(client, table, prefix)) chosen.set(metric.name, metric);
    }
    const store = new DynamoDbItemStore(client, jitteredPause(Math.random));
    for (const name of options.metric) {
      const metric = await metricNamed(store, table, name, terminal.say);
      if (metric === undefined)
        throw failed(`There is no metric "${name}" in the table.`, 'Names are exact, upper and lower case included.');
      chosen.set(metric.name, metric);
    }
    if (chosen.size > 0) return [...chosen.values()];
    throw failed(`No metric has a name that begins with "${options.metricsPrefix ?? ''}".`);
  } finally {
    client.destroy();
  }
}
