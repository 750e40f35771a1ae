/**
 * Checks all templates of a cloud assembly before anything is created, and says what will be created in which order. Every problem of
 * every stack is found in one pass: unsupported types, properties, functions, references, missing parameter values, circles.
 */
import type { Json, ResourceProvider } from '../resources/resource-provider.ts';
import type { AssemblyStack, CloudAssembly } from './cloud-assembly.ts';
import { containsUnknown, NO_VALUE, resolve, UNKNOWN } from './intrinsic-functions.ts';
import { orderResources, unknownDependencies } from './resource-graph.ts';
import { type StackValues, stackScope, stackValues } from './stack-scope.ts';
import type { TemplateOutput, TemplateResource } from './template.ts';
import { TemplateError, type TemplateProblem } from './template-problem.ts';

/** A type that the template may use although nothing of it exists on this machine. */
export interface AcceptedType {
  readonly type: string;
  /** Why nothing is lost by leaving it out; for the local-versus-AWS page. */
  readonly reason: string;
}

export interface PlanOptions {
  readonly parameters: Readonly<Record<string, string>>;
  readonly providers: readonly ResourceProvider[];
  readonly acceptedTypes: readonly AcceptedType[];
  readonly region: string;
  readonly accountId: string;
}

export interface StackPlan {
  readonly stackName: string;
  readonly values: StackValues;
  /** Without those whose condition is false; each after what it refers to. */
  readonly resources: readonly TemplateResource[];
  readonly outputs: readonly TemplateOutput[];
}

/** Throws a TemplateError that lists every problem of every stack. */
export function planAssembly(assembly: CloudAssembly, options: PlanOptions): StackPlan[] {
  const problems: TemplateProblem[] = [];
  const exports = new Map<string, typeof UNKNOWN>();
  const plans = assembly.stacks.map((stack) => planStack(stack, options, exports, problems));
  problems.push(...unknownParameterValues(assembly, options));
  if (problems.length > 0) throw new TemplateError(problems);
  return plans;
}

function planStack(
  { stackName, template }: AssemblyStack,
  options: PlanOptions,
  exports: Map<string, typeof UNKNOWN>,
  problems: TemplateProblem[],
): StackPlan {
  const report = (where: string) => (message: string) => void problems.push({ stackName, where, message });
  for (const section of template.unknownSections) report(section)('this section of a template is not supported');
  const values = stackValues({ ...options, stackName, template, report });
  const isLive = (one: { readonly condition?: string }): boolean =>
    one.condition === undefined || (values.conditions.get(one.condition) ?? false);
  const live = new Map([...template.resources].filter(([, resource]) => isLive(resource)));
  const outputs = [...template.outputs.values()].filter(isLive);
  for (const one of [...template.resources.values(), ...outputs]) {
    if (one.condition !== undefined && !values.conditions.has(one.condition)) {
      report('logicalId' in one ? one.logicalId : `Outputs.${one.outputId}`)(
        `the template has no condition ${one.condition}`,
      );
    }
  }
  for (const [logicalId, missing] of unknownDependencies(template)) {
    report(logicalId)(`DependsOn names ${missing.join(', ')}, which the template does not have`);
  }
  const order = orderResources(live);
  for (const circle of order.circles)
    report(circle.split(' ')[0] ?? circle)(`resources refer to each other in a circle: ${circle}`);

  const scopeAt = (where: string) =>
    stackScope(values, {
      resource: (logicalId) => (live.has(logicalId) ? 'not yet created' : undefined),
      importValue: (name) => exports.get(name),
      problem: report(where),
    });
  for (const resource of order.ordered) {
    checkSupport(resource, options, report(resource.logicalId));
    for (const value of resource.properties.values()) resolve(value, scopeAt(resource.logicalId));
  }
  for (const output of outputs) {
    const scope = scopeAt(`Outputs.${output.outputId}`);
    if (resolve(output.value, scope) === NO_VALUE) scope.problem('an output needs a value');
    const exportName = output.exportName === undefined ? undefined : resolve(output.exportName, scope);
    if (typeof exportName === 'string') exports.set(exportName, UNKNOWN);
    else if (exportName !== undefined && !containsUnknown(exportName))
      scope.problem('the name of an export must be a text');
  }
  return { stackName, values, resources: order.ordered, outputs };
}

function checkSupport(resource: TemplateResource, options: PlanOptions, problem: (message: string) => void): void {
  if (options.acceptedTypes.some(({ type }) => type === resource.type)) return;
  const provider = options.providers.find(({ type }) => type === resource.type);
  if (provider === undefined) {
    problem(`the resource type ${resource.type} is not supported on this machine`);
    return;
  }
  const unsupported = [...resource.properties.keys()].filter((name) => !provider.properties.includes(name));
  if (unsupported.length === 0) return;
  const list = `${unsupported.join(', ')}; supported are ${provider.properties.join(', ')}`;
  problem(`${resource.type} has properties that are not supported on this machine: ${list}`);
}

function unknownParameterValues(assembly: CloudAssembly, options: PlanOptions): TemplateProblem[] {
  const known = new Set(assembly.stacks.flatMap(({ template }) => [...template.parameters.keys()]));
  return Object.keys(options.parameters)
    .filter((name) => !known.has(name))
    .map((name) => ({
      stackName: 'parameters',
      where: name,
      message: `no template has this parameter; they have ${[...known].join(', ') || 'none'}`,
    }));
}

/** For creation: the plain JSON of a property, or undefined if it is `AWS::NoValue`. */
export function resolveFully(value: Json, scope: Parameters<typeof resolve>[1]): Json | undefined {
  const resolved = resolve(value, scope);
  if (resolved === NO_VALUE) return undefined;
  if (containsUnknown(resolved)) scope.problem(`${JSON.stringify(value)} has no value`);
  return resolved as Json;
}
