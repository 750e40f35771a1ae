/** The Lambda service of one running pipeline: its registry and its front end, made together on first use. */
import type { LocalAws } from '../local-aws.ts';
import { lambdaFrontEnd } from './lambda-front-end.ts';
import { LambdaRegistry } from './lambda-registry.ts';

const registries = new WeakMap<LocalAws, LambdaRegistry>();

/** The registry of this pipeline; the first call also registers the front end for the signing name `lambda`. */
export function lambdaRegistry(aws: LocalAws): LambdaRegistry {
  const present = registries.get(aws);
  if (present !== undefined) return present;
  const registry = new LambdaRegistry();
  registries.set(aws, registry);
  aws.registerFrontEnd('lambda', lambdaFrontEnd(registry));
  return registry;
}
