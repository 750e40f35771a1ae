/**
 * The templates as they would be deployed, made once per test file in a folder of their own. Functions are left unbundled here: a
 * template does not depend on what is in a bundle, and assembly.test.ts looks at real ones.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { afterAll } from 'vitest';
import { relayApp } from '#infra/relay-app.ts';

export interface TemplateResource {
  readonly logicalId: string;
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly deletionPolicy: string | undefined;
  readonly updateReplacePolicy: string | undefined;
}

export interface SynthesisedStack {
  readonly template: Template;
  readonly resources: readonly TemplateResource[];
  readonly terminationProtection: boolean | undefined;
  /** The only resource of the type whose logical id begins so; an error when there is none or more than one. */
  one(type: string, logicalIdPrefix?: string): TemplateResource;
}

export interface SynthesisedApp {
  readonly state: SynthesisedStack;
  readonly relay: SynthesisedStack;
}

/** The stacks that hold data and that move it; see `synthesisedStacks` for those that are made only when they are asked for. */
export function synthesisedApp(
  settings: Readonly<Record<string, unknown>> = {},
  stackName = 'MetricRelay',
): SynthesisedApp {
  const stacks = synthesisedStacks(settings);
  const stack = (name: string): SynthesisedStack => {
    const found = stacks.get(name);
    if (found === undefined) throw new Error(`there is no stack ${name}; there are ${[...stacks.keys()].join(', ')}`);
    return found;
  };
  return { state: stack(`${stackName}State`), relay: stack(stackName) };
}

/** Every stack by its name, synthesised with the rule pack. Nothing of it stays on disk: the templates are in memory. */
export function synthesisedStacks(settings: Readonly<Record<string, unknown>>): ReadonlyMap<string, SynthesisedStack> {
  const outdir = newFolder();
  try {
    const assembly = relayApp({ outdir, settings, bundle: false }).synth();
    return new Map(
      assembly.stacks.map(({ stackName, template, terminationProtection }) => [
        stackName,
        { template: Template.fromJSON(template), terminationProtection, ...resourcesOf(template) },
      ]),
    );
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

/** A folder that is gone when the test file has ended; to be called outside of tests. */
export function temporaryFolder(): string {
  const folder = newFolder();
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function newFolder(): string {
  return mkdtempSync(join(tmpdir(), 'metric-relay-infra-'));
}

interface RawResource {
  readonly Type: string;
  readonly Properties?: Record<string, unknown>;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

function resourcesOf(template: {
  readonly Resources: Record<string, RawResource>;
}): Pick<SynthesisedStack, 'resources' | 'one'> {
  const resources = Object.entries(template.Resources).map(([logicalId, resource]) => ({
    logicalId,
    type: resource.Type,
    properties: resource.Properties ?? {},
    deletionPolicy: resource.DeletionPolicy,
    updateReplacePolicy: resource.UpdateReplacePolicy,
  }));
  return {
    resources,
    one(type, logicalIdPrefix = '') {
      const found = resources.filter((one) => one.type === type && one.logicalId.startsWith(logicalIdPrefix));
      const [only] = found;
      if (only === undefined || found.length > 1) {
        throw new Error(`${found.length} resources are a ${type} named ${logicalIdPrefix}…; expected one`);
      }
      return only;
    },
  };
}
