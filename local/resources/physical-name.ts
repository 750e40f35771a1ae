/**
 * Names of resources whose template gives them none. AWS adds random letters; here the name follows from stack and logical id alone, so
 * that a restart finds the same table, queue or stream again.
 */
import { createHash } from 'node:crypto';
import type { ResolvedResource } from './resource-provider.ts';

export function physicalName(
  resource: ResolvedResource,
  options: { readonly property: string; readonly longest: number; readonly lowerCase?: boolean },
): string {
  const given = resource.properties[options.property];
  if (typeof given === 'string') return given;
  const whole = `${resource.stackName}-${resource.logicalId}`;
  const name = options.lowerCase ? whole.toLowerCase() : whole;
  if (name.length <= options.longest) return name;
  const hash = createHash('sha256').update(whole).digest('hex').slice(0, 8);
  return `${name.slice(0, options.longest - 9)}-${hash}`;
}
