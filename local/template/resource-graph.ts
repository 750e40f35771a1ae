/** The order in which the resources of one template are created: each after everything it refers to. Pure. */
import type { Json } from '../resources/resource-provider.ts';
import { isJsonObject, type Template, type TemplateResource } from './template.ts';

export interface ResourceOrder {
  readonly ordered: readonly TemplateResource[];
  /** Each circle as the path that closes it: `A → B → A`. */
  readonly circles: readonly string[];
}

export function orderResources(resources: ReadonlyMap<string, TemplateResource>): ResourceOrder {
  const ordered = new Set<TemplateResource>();
  const circles: string[] = [];
  const visit = (resource: TemplateResource, path: readonly string[]): void => {
    if (ordered.has(resource)) return;
    const at = path.indexOf(resource.logicalId);
    if (at >= 0) {
      circles.push([...path.slice(at), resource.logicalId].join(' → '));
      return;
    }
    for (const logicalId of dependenciesOf(resource)) {
      const dependency = resources.get(logicalId);
      if (dependency !== undefined) visit(dependency, [...path, resource.logicalId]);
    }
    ordered.add(resource);
  };
  for (const resource of resources.values()) visit(resource, []);
  return { ordered: [...ordered], circles };
}

/** Names that a resource mentions: logical ids, but also parameters; the caller keeps those it knows. */
export function dependenciesOf(resource: TemplateResource): ReadonlySet<string> {
  const names = new Set(resource.dependsOn);
  for (const value of resource.properties.values()) collectReferences(value, names);
  return names;
}

function collectReferences(value: Json, names: Set<string>): void {
  if (Array.isArray(value)) {
    for (const element of value) collectReferences(element, names);
    return;
  }
  if (!isJsonObject(value)) return;
  for (const [name, argument] of Object.entries(value)) {
    if (name === 'Ref' && typeof argument === 'string') names.add(argument);
    if (name === 'Fn::GetAtt') {
      const id = Array.isArray(argument) ? argument[0] : String(argument).split('.')[0];
      if (typeof id === 'string') names.add(id);
    }
    if (name === 'Fn::Sub') {
      const template = Array.isArray(argument) ? argument[0] : argument;
      for (const [, reference] of String(template).matchAll(/\$\{([^!}.]+)[^}]*\}/g))
        names.add((reference ?? '').trim());
    }
    collectReferences(argument, names);
  }
}

/** `DependsOn` may name only resources that the template has. */
export function unknownDependencies(template: Template): ReadonlyMap<string, readonly string[]> {
  const unknown = [...template.resources.values()].map(
    ({ logicalId, dependsOn }) => [logicalId, dependsOn.filter((id) => !template.resources.has(id))] as const,
  );
  return new Map(unknown.filter(([, ids]) => ids.length > 0));
}
