/**
 * What a value in one stack may refer to: pseudo parameters, parameters, mappings and conditions, which are known from the start, and
 * resources and imports, which the caller answers (with UNKNOWN while it only checks).
 */
import type { CreatedResource, Json } from '../resources/resource-provider.ts';
import { type Resolved, resolveCondition, type Scope, UNKNOWN } from './intrinsic-functions.ts';
import type { Template } from './template.ts';

export interface StackValues {
  readonly stackName: string;
  readonly region: string;
  /** Parameters and pseudo parameters. */
  readonly named: ReadonlyMap<string, Json>;
  readonly mappings: ReadonlyMap<string, Json>;
  readonly conditions: ReadonlyMap<string, boolean>;
}

export interface StackAnswers {
  resource(logicalId: string): CreatedResource | 'not yet created' | undefined;
  importValue(exportName: string): Resolved | undefined;
  problem(message: string): void;
}

export function stackScope(values: StackValues, answers: StackAnswers): Scope {
  return {
    region: values.region,
    problem: answers.problem,
    importValue: answers.importValue,
    condition: (name) => values.conditions.get(name),
    mapping: (name) => values.mappings.get(name),
    ref: (name) => {
      const named = values.named.get(name);
      if (named !== undefined) return named;
      const resource = answers.resource(name);
      return resource === 'not yet created' ? UNKNOWN : resource?.ref;
    },
    attribute: (logicalId, attribute) => {
      const resource = answers.resource(logicalId);
      if (resource === 'not yet created') return UNKNOWN;
      return resource !== undefined && Object.hasOwn(resource.attributes, attribute)
        ? resource.attributes[attribute]
        : undefined;
    },
  };
}

export function stackValues(options: {
  readonly stackName: string;
  readonly template: Template;
  readonly parameters: Readonly<Record<string, string>>;
  readonly region: string;
  readonly accountId: string;
  readonly report: (where: string) => (message: string) => void;
}): StackValues {
  const { stackName, template, region, accountId, report } = options;
  const named = new Map<string, Json>([
    ['AWS::Region', region],
    ['AWS::AccountId', accountId],
    ['AWS::Partition', 'aws'],
    ['AWS::URLSuffix', 'amazonaws.com'],
    ['AWS::StackName', stackName],
    ['AWS::StackId', stackId(stackName, region, accountId)],
    ['AWS::NotificationARNs', []],
  ]);
  for (const [name, value] of parameterValues(options)) named.set(name, value);

  const conditions = new Map<string, boolean>();
  const underway = new Set<string>();
  const evaluate = (name: string): boolean | undefined => {
    const expression = template.conditions.get(name);
    if (expression === undefined || conditions.has(name)) return conditions.get(name);
    if (underway.has(name)) {
      report(`Conditions.${name}`)('conditions refer to each other in a circle');
      return false;
    }
    underway.add(name);
    const known: StackValues = { stackName, region, named, mappings: template.mappings, conditions };
    const scope = stackScope(known, {
      resource: () => undefined,
      importValue: () => undefined,
      problem: report(`Conditions.${name}`),
    });
    conditions.set(name, resolveCondition(expression, { ...scope, condition: evaluate }));
    return conditions.get(name);
  };
  for (const name of template.conditions.keys()) evaluate(name);
  return { stackName, region, named, mappings: template.mappings, conditions };
}

export function stackId(stackName: string, region: string, accountId: string): string {
  return `arn:aws:cloudformation:${region}:${accountId}:stack/${stackName}/00000000-0000-4000-8000-000000000000`;
}

/** Given values before defaults; a list type is split at commas, as CloudFormation does. */
function* parameterValues(options: {
  readonly template: Template;
  readonly parameters: Readonly<Record<string, string>>;
  readonly report: (where: string) => (message: string) => void;
}): Generator<readonly [string, Json]> {
  for (const [name, { type, defaultValue }] of options.template.parameters) {
    // The bootstrap version is looked up in SSM and used by no resource, only by a rule at deployment.
    if (name === 'BootstrapVersion') continue;
    const problem = options.report(`Parameters.${name}`);
    const given = Object.hasOwn(options.parameters, name) ? options.parameters[name] : defaultValue;
    if (given === undefined) problem('the parameter has no default and was given no value');
    else if (type.startsWith('AWS::SSM::')) problem(`parameters of type ${type} are not supported`);
    else if (type === 'CommaDelimitedList' || type.startsWith('List<')) yield [name, splitList(String(given))];
    else yield [name, String(given)];
    if (given === undefined) yield [name, '']; // Reported once here, not again at every use.
  }
}

function splitList(value: string): string[] {
  return value === '' ? [] : value.split(',').map((element) => element.trim());
}
