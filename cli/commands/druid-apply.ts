/**
 * `relay druid apply`: posts what `plan` shows. The plan is made anew just before, because Druid has no way to say «only if it is still as I
 * read it»; afterwards the spec is read again and must have what was wanted.
 */
import { failed } from '../command-failure.ts';
import { druidClient, withDruid } from '../druid/druid-connection.ts';
import { type SupervisorPlanOptions, supervisorPlan } from '../druid/supervisor-plan.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { planJson, renderPlan } from '../render/druid-plan.ts';
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
  terminal.out(options.json === true ? planJson(plan) : renderPlan(plan));
  for (const remark of plan.remarks) terminal.say(remark);
  if (plan.changes.length === 0) return EXIT.ok;
  await withDruid(() => druid.writeSupervisor(plan.id, plan.spec));
  const { changes } = await withDruid(() => supervisorPlan(context, druid, options));
  if (changes.length > 0) {
    throw failed(
      `${plan.id} was posted, but Druid still differs at: ${changes.map(({ path }) => path).join(', ')}.`,
      'Somebody else may have posted at the same moment: see `npx relay druid plan`, and the history of the supervisor in the Druid console.',
    );
  }
  terminal.say(`${plan.id} ${plan.exists ? 'updated' : 'created'}.`);
  if (plan.exists) terminal.say(ABOUT_APPLYING);
  return EXIT.ok;
}
