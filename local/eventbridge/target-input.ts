/**
 * What a target gets to see of an event: all of it, a constant, a part, or a template filled from parts (EventBridge user
 * guide, "Amazon EventBridge input transformation"). Numbers keep their digits. Pure.
 */
import { parse, stringify } from 'lossless-json';
import { valueAt } from './json-path.ts';
import type { Rule, RuleTarget } from './rule.ts';

/** The text to send. `acceptedMs` is when the bus took the event. */
export function inputFor(
  target: RuleTarget,
  rule: Pick<Rule, 'arn' | 'name'>,
  event: { text: string },
  acceptedMs: number,
): string {
  if (target.Input !== undefined) return target.Input;
  if (target.InputPath !== undefined) return stringify(valueAt(target.InputPath, parse(event.text)) ?? null) ?? 'null';
  const transformer = target.InputTransformer;
  if (transformer === undefined) return event.text;
  const whole = parse(event.text);
  const variables = new Map<string, unknown>(
    Object.entries(transformer.InputPathsMap ?? {}).map(([name, path]) => [name, valueAt(path, whole)]),
  );
  const { detail: _detail, ...envelope } = whole as { detail?: unknown };
  variables.set('aws.events.rule-arn', rule.arn);
  variables.set('aws.events.rule-name', rule.name);
  variables.set('aws.events.event.ingestion-time', new Date(acceptedMs).toISOString());
  variables.set('aws.events.event', envelope);
  variables.set('aws.events.event.json', whole);
  return fill(transformer.InputTemplate, variables);
}

/**
 * Replaces each `<name>`: by bare text inside a JSON string (an object loses its quotes there, as on AWS), by a JSON value outside of one.
 * A variable whose path found nothing is empty text. A `<name>` that is no variable stays as it is.
 */
function fill(template: string, variables: ReadonlyMap<string, unknown>): string {
  let insideString = false;
  return template.replace(/\\.|"|<([\w.-]+)>/gs, (token, name?: string) => {
    if (token === '"') insideString = !insideString;
    if (name === undefined || !variables.has(name)) return token;
    const value = variables.get(name);
    if (!insideString) return value === undefined ? '""' : (stringify(value) ?? '""');
    if (value === undefined) return '';
    if (typeof value === 'string') return JSON.stringify(value).slice(1, -1);
    return (stringify(value) ?? '').replaceAll('"', '');
  });
}
