/** The change of a supervisor: a line for each difference, `+` added, `~` changed, `-` removed. `--json` has the whole spec to post as well. */
import { type Json, writeJson } from '#druid/json.ts';
import type { SpecChange } from '#druid/spec-plan.ts';
import type { SupervisorPlan } from '../druid/supervisor-plan.ts';
import { counted } from './counted.ts';

const VALUE_MAX = 120;

export function renderPlan({ id, exists, changes, kept, spec }: SupervisorPlan): string {
  if (!exists) return `supervisor ${id} does not exist and would be created:\n${writeJson(spec, 2)}`;
  const foreign =
    kept.length === 0 ? [] : [`  not ours, left alone (${kept.length}): ${shortened(kept.map(entryName).join(', '))}`];
  if (changes.length === 0) return [`supervisor ${id}: no change`, ...foreign].join('\n');
  return [`supervisor ${id}: ${counted(changes.length, 'change')}`, ...changes.map(line), ...foreign].join('\n');
}

export const planJson = ({ id, exists, changes, kept, remarks, spec }: SupervisorPlan): string =>
  writeJson({ supervisor: id, exists, changes: changes.map((change) => ({ ...change })), kept, remarks, spec });

function line({ kind, path, from, to }: SpecChange): string {
  if (kind === 'added') return `  + ${path}: ${value(to)}`;
  if (kind === 'removed') return `  - ${path}: ${value(from)}`;
  return `  ~ ${path}: ${value(from)} → ${value(to)}`;
}

const value = (json: Json | undefined): string => (json === undefined ? 'nothing' : shortened(writeJson(json)));

const shortened = (text: string): string => (text.length > VALUE_MAX ? `${text.slice(0, VALUE_MAX)}…` : text);

const entryName = (path: string): string => /\[(.*)\]$/s.exec(path)?.[1] ?? path;
