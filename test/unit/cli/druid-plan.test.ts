import { describe, expect, test } from 'vitest';
import { appliedJson, planJson, renderApplied, renderPlan } from '#cli/render/druid-plan.ts';
import { supervisorSpec } from '#druid/supervisor-spec.ts';

const spec = supervisorSpec({ datasource: 'changes', stream: 's', endpoint: 'e', taskDuration: 'PT1H' });
const created = {
  id: 'changes',
  exists: false,
  spec,
  changes: [{ kind: 'added' as const, path: 'supervisor', to: 'changes' }],
  kept: [],
  remarks: [],
};
const added = { kind: 'added' as const, path: 'spec.dataSchema.dimensionsSpec.dimensions[shop]', to: 'shop' };
const updated = {
  ...created,
  exists: true,
  changes: [added],
  kept: ['spec.dataSchema.dimensionsSpec.dimensions[own]'],
};
const unchanged = { ...updated, changes: [], kept: [] };

describe('a supervisor', () => {
  test('that does not exist is shown whole in the plan, and in one line when it was created', () => {
    expect(renderPlan(created).split('\n')[0]).toBe('supervisor changes does not exist and would be created:');
    expect(renderPlan(created)).toContain('"useListShards": true');
    expect(renderApplied(created)).toMatch(/^supervisor changes created: \d+ columns$/);
  });

  test('that was updated is told with what was changed and what was left alone', () => {
    const differences = [`  + ${added.path}: "shop"`, '  not ours, left alone (1): own'];
    expect(renderPlan(updated).split('\n')).toEqual(['supervisor changes: 1 change', ...differences]);
    expect(renderApplied(updated).split('\n')).toEqual(['supervisor changes: updated, 1 change', ...differences]);
    expect(renderApplied(unchanged)).toBe('supervisor changes: no change');
  });

  test('is the same object for programs in plan and apply, and after apply with what became of it', () => {
    for (const [plan, outcome] of [
      [created, 'created'],
      [updated, 'updated'],
      [unchanged, 'unchanged'],
    ] as const)
      expect(JSON.parse(appliedJson(plan))).toEqual({ outcome, ...JSON.parse(planJson(plan)) });
    expect(JSON.parse(appliedJson(created))).toMatchObject({ supervisor: 'changes', exists: false, spec });
  });
});
