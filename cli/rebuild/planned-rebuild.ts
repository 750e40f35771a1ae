/** A rebuild plan as JSON for programs and as text for people. */
import type { RebuildPlan } from '#core/rebuild/rebuild-plan.ts';
import { listPriceDollars } from '#core/replay/replay-price.ts';
import { eventsListPriceDollars } from '#core/republish/put-events-entry.ts';
import { counted } from '../render/counted.ts';
import { listPrice } from '../render/list-price.ts';

export function shownPlan(plan: RebuildPlan): object {
  const { cost, differing, waiting, eventsNew, failed, ...counts } = plan;
  return {
    ...counts,
    differing: differing.length,
    waiting: waiting.length,
    // Two-member lists, because a name from outside never becomes a property.
    failed: failed.map(([metricId, reason]) => ({ metricId, reason })),
    eventsNew: [...eventsNew].map(([change, events]) => ({ change, events })),
    cost,
    listPriceDollars: dollarsOf(plan),
  };
}

function dollarsOf({ cost, eventsAgain, eventsNew }: RebuildPlan): number {
  const events = eventsAgain + [...eventsNew.values()].reduce((sum, count) => sum + count, 0);
  return listPriceDollars(cost.writeUnits, cost.readUnits) + eventsListPriceDollars(events);
}

export function renderPlan(plan: RebuildPlan): string {
  const { looked, differing, waiting, failed, puts, deletes, eventsAgain, eventsNew, examples, cost } = plan;
  const told = [
    ...(eventsAgain > 0 ? [`${eventsAgain} told again under the ids they had`] : []),
    ...[...eventsNew].map(([change, count]) => `${count} new ${change}`),
  ];
  const lines = [
    `metrics   ${looked} looked at, ${counted(differing.length, 'differs', 'differ')}${waiting.length > 0 ? `, ${counted(waiting.length, 'waits', 'wait')} for rows` : ''}`,
    `items     ${puts} to put, ${deletes} to delete`,
    `events    ${told.join(', ') || 'none'}`,
    `cost      ${counted(cost.writeUnits, 'write unit')}, ${counted(cost.readUnits, 'read unit')} for all that were looked at; ${listPrice(dollarsOf(plan))} (on demand, us-east-1)`,
    ...examples.map(({ name, version, what }) => `  ${what.padEnd(6)}  ${name} ${version}`),
    ...(puts + deletes > examples.length ? [`  … and ${counted(puts + deletes - examples.length, 'more item')}`] : []),
    ...failed.slice(0, 10).map(([metricId, reason]) => `  cannot be published: metric ${metricId}: ${reason}`),
    ...(failed.length > 10 ? [`  … and ${failed.length - 10} more`] : []),
  ];
  return lines.join('\n');
}
