/** The change of a supervisor: a line for each difference, `+` added, `~` changed, `-` removed. `--json` has the whole spec to post as well. */
import { isArray, type Json, type JsonObject, memberAt, writeJson } from '#druid/json.ts';
import type { SpecChange } from '#druid/spec-plan.ts';
import type { SupervisorPlan } from '../druid/supervisor-plan.ts';
import { counted } from './counted.ts';

const VALUE_MAX = 120;

export function renderPlan(plan: SupervisorPlan): string {
  const { id, exists, changes, spec } = plan;
  if (!exists) return `supervisor ${id} does not exist and would be created:\n${writeJson(spec, 2)}`;
  return withDifferences(plan, changes.length === 0 ? 'no change' : counted(changes.length, 'change'));
}

/** What was done by posting the plan. */
export function renderApplied(plan: SupervisorPlan): string {
  const { id, exists, changes, spec } = plan;
  if (!exists) return `supervisor ${id} created: ${counted(columnsOf(spec), 'column')}`;
  return withDifferences(plan, changes.length === 0 ? 'no change' : `updated, ${counted(changes.length, 'change')}`);
}

function withDifferences({ id, changes, kept }: SupervisorPlan, what: string): string {
  const foreign =
    kept.length === 0 ? [] : [`  not ours, left alone (${kept.length}): ${shortened(kept.map(entryName).join(', '))}`];
  return [`supervisor ${id}: ${what}`, ...changes.map(line), ...foreign].join('\n');
}

function columnsOf(spec: JsonObject): number {
  const dimensions = memberAt(spec, 'spec', 'dataSchema', 'dimensionsSpec', 'dimensions');
  return isArray(dimensions) ? dimensions.length : 0;
}

export const planJson = (plan: SupervisorPlan): string => writeJson(planObject(plan));

/** The plan, and what became of it. */
export function appliedJson(plan: SupervisorPlan): string {
  const outcome = !plan.exists ? 'created' : plan.changes.length === 0 ? 'unchanged' : 'updated';
  return writeJson({ outcome, ...planObject(plan) });
}

const planObject = ({ id, exists, changes, kept, remarks, spec }: SupervisorPlan): JsonObject => ({
  supervisor: id,
  exists,
  changes: changes.map((change) => ({ ...change })),
  kept,
  remarks,
  spec,
});

function line({ kind, path, from, to }: SpecChange): string {
  if (kind === 'added') return `  + ${path}: ${value(to)}`;
  if (kind === 'removed') return `  - ${path}: ${value(from)}`;
  return `  ~ ${path}: ${value(from)} → ${value(to)}`;
}

const value = (json: Json | undefined): string => (json === undefined ? 'nothing' : shortened(writeJson(json)));

const shortened = (text: string): string => (text.length > VALUE_MAX ? `${text.slice(0, VALUE_MAX)}…` : text);

const entryName = (path: string): string => /\[(.*)\]$/s.exec(path)?.[1] ?? path;
