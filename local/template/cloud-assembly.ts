/**
 * Reads a cloud assembly (the `cdk.out` folder that synthesis writes): its stacks in an order in which each comes after those it
 * depends on, and the folders of its file assets. It never runs the CDK and never writes.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '../resources/resource-provider.ts';
import { isJsonObject, members, parseTemplate, type Template, text } from './template.ts';

export interface AssemblyStack {
  readonly stackName: string;
  readonly template: Template;
  /** Artifact ids of stacks that must exist before. */
  readonly dependsOn: readonly string[];
}

export interface CloudAssembly {
  readonly directory: string;
  readonly stacks: readonly AssemblyStack[];
}

export function readCloudAssembly(directory: string): CloudAssembly {
  const artifacts = readArtifacts(directory);
  const stackOf = new Map<string, AssemblyStack>();
  for (const [artifactId, artifact] of artifacts) {
    if (artifact.get('type') !== 'aws:cloudformation:stack') continue;
    const properties = members(artifact.get('properties') ?? {}, `manifest.json artifact ${artifactId}`);
    const file = text(properties.get('templateFile'), `manifest.json artifact ${artifactId} templateFile`);
    const dependencies = artifact.get('dependencies') ?? [];
    stackOf.set(artifactId, {
      stackName: text(properties.get('stackName') ?? artifactId, `manifest.json artifact ${artifactId} stackName`),
      template: parseTemplate(readJson(join(directory, file)), file),
      dependsOn: (Array.isArray(dependencies) ? dependencies : []).map((id) => text(id, `${artifactId} dependencies`)),
    });
  }
  if (stackOf.size === 0) throw new Error(`${directory} describes no stack. Run: npm run synth`);
  return { directory, stacks: inDependencyOrder(stackOf) };
}

/**
 * Where the assembly keeps each file asset: object key in the deployment bucket (`<hash>.zip`, what a function's `S3Key` says) →
 * absolute path of its folder or file.
 */
export function readAssetPaths(directory: string): ReadonlyMap<string, string> {
  const paths = new Map<string, string>();
  for (const [artifactId, artifact] of readArtifacts(directory)) {
    if (artifact.get('type') !== 'cdk:asset-manifest') continue;
    const properties = members(artifact.get('properties') ?? {}, `manifest.json artifact ${artifactId}`);
    const file = text(properties.get('file'), `manifest.json artifact ${artifactId} file`);
    const manifest = members(readJson(join(directory, file)), file);
    for (const [hash, asset] of members(manifest.get('files') ?? {}, `${file} files`)) {
      const { source, destinations } = isJsonObject(asset) ? asset : {};
      const path = isJsonObject(source) ? source.path : undefined;
      if (path === undefined) continue; // An asset made by a command has no path; no resource of ours uses one.
      for (const destination of members(destinations ?? {}, `${file} asset ${hash}`).values()) {
        const key = isJsonObject(destination) ? destination.objectKey : undefined;
        paths.set(
          text(key, `${file} asset ${hash} objectKey`),
          join(directory, text(path, `${file} asset ${hash} path`)),
        );
      }
    }
  }
  return paths;
}

function readArtifacts(directory: string): ReadonlyMap<string, ReadonlyMap<string, Json>> {
  const file = join(directory, 'manifest.json');
  if (!existsSync(file))
    throw new Error(`${directory} is no cloud assembly: it has no manifest.json. Run: npm run synth`);
  const artifacts = members(members(readJson(file), file).get('artifacts') ?? {}, `${file} artifacts`);
  return new Map([...artifacts].map(([id, artifact]) => [id, members(artifact, `${file} artifact ${id}`)]));
}

function readJson(file: string): Json {
  const content = readFileSync(file, 'utf8');
  try {
    return JSON.parse(content) as Json;
  } catch (error) {
    throw new Error(`${file} is not JSON (${(error as Error).message}). Run: npm run synth`);
  }
}

function inDependencyOrder(stackOf: ReadonlyMap<string, AssemblyStack>): AssemblyStack[] {
  const ordered: AssemblyStack[] = [];
  const visit = (artifactId: string, path: readonly string[]): void => {
    const stack = stackOf.get(artifactId);
    if (stack === undefined || ordered.includes(stack)) return;
    if (path.includes(artifactId))
      throw new Error(`Stacks depend on each other in a circle: ${[...path, artifactId].join(' → ')}`);
    for (const id of stack.dependsOn) visit(id, [...path, artifactId]);
    ordered.push(stack);
  };
  for (const artifactId of stackOf.keys()) visit(artifactId, []);
  return ordered;
}
