/** The parts of a CloudFormation template that the interpreter reads. Names come from outside, so they live in Maps, never in objects. */
import type { Json } from '../resources/resource-provider.ts';

export interface TemplateResource {
  readonly logicalId: string;
  readonly type: string;
  readonly properties: ReadonlyMap<string, Json>;
  readonly dependsOn: readonly string[];
  readonly condition?: string;
}

export interface TemplateOutput {
  readonly outputId: string;
  readonly value: Json;
  readonly exportName?: Json;
  readonly condition?: string;
}

export interface TemplateParameter {
  readonly type: string;
  readonly defaultValue?: Json;
}

export interface Template {
  readonly parameters: ReadonlyMap<string, TemplateParameter>;
  readonly mappings: ReadonlyMap<string, Json>;
  readonly conditions: ReadonlyMap<string, Json>;
  readonly resources: ReadonlyMap<string, TemplateResource>;
  readonly outputs: ReadonlyMap<string, TemplateOutput>;
  /** Top-level sections that the interpreter does not know and that would change what is created (`Transform`, `Hooks`…). */
  readonly unknownSections: readonly string[];
}

const READ_SECTIONS = ['Parameters', 'Mappings', 'Conditions', 'Resources', 'Outputs'];
/** `Rules` only checks parameter values at deployment. */
const IGNORED_SECTIONS = ['AWSTemplateFormatVersion', 'Description', 'Metadata', 'Rules'];

export function parseTemplate(document: Json, file: string): Template {
  const sections = members(document, file);
  const section = (name: string): ReadonlyMap<string, Json> =>
    sections.has(name) ? members(sections.get(name) ?? null, `${file} ${name}`) : new Map();
  return {
    parameters: mapValues(section('Parameters'), (value, name) => {
      const parameter = members(value, `${file} parameter ${name}`);
      const defaultValue = parameter.get('Default');
      return {
        type: text(parameter.get('Type'), `${file} parameter ${name} Type`),
        ...(defaultValue === undefined ? {} : { defaultValue }),
      };
    }),
    mappings: section('Mappings'),
    conditions: section('Conditions'),
    resources: mapValues(section('Resources'), (value, logicalId) => parseResource(value, logicalId, file)),
    outputs: mapValues(section('Outputs'), (value, outputId) => parseOutput(value, outputId, file)),
    unknownSections: [...sections.keys()].filter((name) => ![...READ_SECTIONS, ...IGNORED_SECTIONS].includes(name)),
  };
}

function parseResource(value: Json, logicalId: string, file: string): TemplateResource {
  const where = `${file} resource ${logicalId}`;
  const resource = members(value, where);
  const dependsOn = resource.get('DependsOn') ?? [];
  const condition = resource.get('Condition');
  return {
    logicalId,
    type: text(resource.get('Type'), `${where} Type`),
    properties: members(resource.get('Properties') ?? {}, `${where} Properties`),
    dependsOn: (Array.isArray(dependsOn) ? dependsOn : [dependsOn]).map((id) => text(id, `${where} DependsOn`)),
    ...(condition === undefined ? {} : { condition: text(condition, `${where} Condition`) }),
  };
}

function parseOutput(value: Json, outputId: string, file: string): TemplateOutput {
  const where = `${file} output ${outputId}`;
  const output = members(value, where);
  const exportName = output.has('Export')
    ? members(output.get('Export') ?? null, `${where} Export`).get('Name')
    : undefined;
  const condition = output.get('Condition');
  return {
    outputId,
    value: output.get('Value') ?? null,
    ...(exportName === undefined ? {} : { exportName }),
    ...(condition === undefined ? {} : { condition: text(condition, `${where} Condition`) }),
  };
}

/** Members of a JSON object as a Map; anything else is an error that says where. */
export function members(value: Json, where: string): ReadonlyMap<string, Json> {
  if (!isJsonObject(value))
    throw new Error(`${where} is ${JSON.stringify(value)}; an object is needed. Run: npm run synth`);
  return new Map(Object.entries(value));
}

export function isJsonObject(value: Json | undefined): value is { readonly [member: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function text(value: Json | undefined, where: string): string {
  if (typeof value !== 'string')
    throw new Error(`${where} is ${JSON.stringify(value)}; a text is needed. Run: npm run synth`);
  return value;
}

function mapValues<In, Out>(map: ReadonlyMap<string, In>, change: (value: In, key: string) => Out): Map<string, Out> {
  return new Map([...map].map(([key, value]) => [key, change(value, key)]));
}
