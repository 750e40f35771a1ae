/** `relay druid plan`: what a supervisor's spec lacks; exit code 3 when it lacks something. Writes nothing. */
import { druidClient, withDruid } from '../druid/druid-connection.ts';
import { type SupervisorPlanOptions, supervisorPlan } from '../druid/supervisor-plan.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { planJson, renderPlan } from '../render/druid-plan.ts';
import type { CommandContext } from './command-context.ts';

export async function druidPlan(context: CommandContext, options: SupervisorPlanOptions): Promise<ExitCode> {
  const druid = druidClient(options);
  const plan = await withDruid(() => supervisorPlan(context, druid, options));
  context.terminal.out(options.json === true ? planJson(plan) : renderPlan(plan));
  for (const remark of plan.remarks) context.terminal.say(remark);
  if (plan.changes.length === 0) return EXIT.ok;
  if (plan.exists) context.terminal.say(ABOUT_APPLYING);
  context.terminal.say('Nothing was written. `npx relay druid apply` with the same options posts it.');
  return EXIT.drift;
}

/** Told before and after, because both surprise people. */
export const ABOUT_APPLYING =
  'Applying starts new tasks at the present offsets, without a gap; many small changes are better collected and applied once.\n' +
  'Segments that exist do not get the new columns: rows ingested before have null there, until they are ingested again.';
