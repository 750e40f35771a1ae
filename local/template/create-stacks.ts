/**
 * Creates what a plan says, one resource after the other, and gives back the outputs. A failure names the stack, the logical id and the
 * type; what was created before it is stopped by the caller.
 */
import type { LocalAws } from '../local-aws.ts';
import type { CreatedResource, Json, ResourceProvider } from '../resources/resource-provider.ts';
import { type DynamicReference, resolveDynamicReferences } from './dynamic-references.ts';
import type { Scope } from './intrinsic-functions.ts';
import { stackScope } from './stack-scope.ts';
import { resolveFully, type StackPlan } from './template-plan.ts';
import { TemplateError } from './template-problem.ts';

export interface CreatedStackResource {
  readonly stackName: string;
  readonly logicalId: string;
  readonly type: string;
  readonly resource: CreatedResource;
}

export interface CreatedStack {
  readonly stackName: string;
  readonly outputs: ReadonlyMap<string, string>;
}

export interface CreateOptions {
  readonly aws: LocalAws;
  /** A provider for every type of the plan. */
  readonly providerOf: (type: string) => ResourceProvider | undefined;
  readonly dynamicReference: (reference: DynamicReference) => string;
  /** Told of each resource as soon as it exists, so that it can be stopped if a later one fails. */
  readonly onCreated: (created: CreatedStackResource) => void;
}

export async function createStacks(plans: readonly StackPlan[], options: CreateOptions): Promise<CreatedStack[]> {
  const exports = new Map<string, string>();
  const stacks: CreatedStack[] = [];
  for (const plan of plans) stacks.push(await createStack(plan, exports, options));
  return stacks;
}

async function createStack(
  plan: StackPlan,
  exports: Map<string, string>,
  options: CreateOptions,
): Promise<CreatedStack> {
  const { stackName } = plan;
  const created = new Map<string, CreatedResource>();
  const scopeAt = (where: string): Scope =>
    stackScope(plan.values, {
      resource: (logicalId) => created.get(logicalId),
      importValue: (name) => exports.get(name),
      problem: (message) => {
        throw new TemplateError([{ stackName, where, message }]);
      },
    });
  for (const { logicalId, type, properties } of plan.resources) {
    const provider = options.providerOf(type);
    if (provider === undefined)
      throw new TemplateError([{ stackName, where: logicalId, message: `no provider for ${type}` }]);
    try {
      const resolved: [string, Json][] = [];
      for (const [property, value] of properties) {
        const plain = resolveFully(value, scopeAt(logicalId));
        if (plain !== undefined) resolved.push([property, resolveDynamicReferences(plain, options.dynamicReference)]);
      }
      const resource = await provider.create(
        { stackName, logicalId, type, properties: Object.fromEntries(resolved) },
        options.aws,
      );
      created.set(logicalId, resource);
      options.onCreated({ stackName, logicalId, type, resource });
    } catch (error) {
      if (error instanceof TemplateError) throw error;
      throw new Error(`${stackName} / ${logicalId} (${type}) was not created: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }
  const outputs = new Map<string, string>();
  for (const { outputId, value, exportName } of plan.outputs) {
    const scope = scopeAt(`Outputs.${outputId}`);
    const plain = resolveFully(value, scope);
    const output = typeof plain === 'string' ? plain : JSON.stringify(plain);
    outputs.set(outputId, output);
    if (exportName !== undefined) exports.set(String(resolveFully(exportName, scope)), output);
  }
  return { stackName, outputs };
}
