/**
 * `relay druid apply`: posts what `plan` shows. The plan is made anew just before, because Druid has no way to say «only if it is still as I
 * read it»; afterwards the spec is read again and must have what was wanted.
 */
import type { DruidClient } from '#druid/druid-client.ts';
import { failed } from '../command-failure.ts';
import { druidClient, withDruid } from '../druid/druid-connection.ts';
import { type SupervisorPlan, type SupervisorPlanOptions, supervisorPlan } from '../druid/supervisor-plan.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { appliedJson, renderApplied } from '../render/druid-plan.ts';
import type { CommandContext } from './command-context.ts';
import { ABOUT_APPLYING, druidPlan } from './druid-plan.ts';

export interface DruidApplyOptions extends SupervisorPlanOptions {
  readonly dryRun?: boolean;
}

export async function druidApply(context: CommandContext, options: DruidApplyOptions): Promise<ExitCode> {
  if (options.dryRun === true) return druidPlan(context, options);
  const { terminal } = context;
  const druid = druidClient(options);
  const plan = await withDruid(() => supervisorPlan(context, druid, options));
  for (const remark of plan.remarks) terminal.say(remark);
  if (plan.changes.length > 0) await post(context, druid, plan, options);
  terminal.out(options.json === true ? appliedJson(plan) : renderApplied(plan));
  if (plan.changes.length > 0 && plan.exists) terminal.say(ABOUT_APPLYING);
  return EXIT.ok;
}

async function post(
  context: CommandContext,
  druid: DruidClient,
  { id, spec }: SupervisorPlan,
  options: DruidApplyOptions,
): Promise<void> {
  await withDruid(() => druid.writeSupervisor(id, spec));
  const { changes } = await withDruid(() => supervisorPlan(context, druid, options));
  if (changes.length === 0) return;
  throw failed(
    `${id} was posted, but Druid still differs at: ${changes.map(({ path }) => path).join(', ')}.`,
    'Somebody else may have posted at the same moment: see `npx relay druid plan`, and the history of the supervisor in the Druid console.',
  );
}
