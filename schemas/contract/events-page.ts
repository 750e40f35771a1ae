/**
 * The parts of docs/events.md that are made from the contract: the tables of members and an example of each change. They stand between marks, and
 * everything else on the page is written by hand.
 */
import { EVENT_SCHEMA_VERSION, type MetricChanged } from '../metric-changed.ts';
import { detailSchema, type JsonSchema } from './json-schemas.ts';

const member = (schema: JsonSchema, name: string): JsonSchema =>
  (schema.properties as Record<string, JsonSchema> | undefined)?.[name] ?? {};

/** Text between the marks, by the name of the mark. */
export function pageSections(examples: readonly MetricChanged[]): ReadonlyMap<string, string> {
  const detail = detailSchema();
  const data = member(detail, 'data');
  return new Map([
    ['version', `This page describes \`schemaVersion\` **${EVENT_SCHEMA_VERSION}**.`],
    ['metadata', memberTable(member(detail, 'metadata'))],
    ['data', memberTable(data)],
    ['metric', memberTable(member(data, 'metric'))],
    ['examples', examples.map(exampleOf).join('\n\n')],
  ]);
}

/** @throws Error when the page lacks a mark, has one twice, or has one that nothing fills. */
export function filledPage(page: string, sections: ReadonlyMap<string, string>): string {
  const marks = [...page.matchAll(/<!-- contract:([a-z]+) -->/g)].map(([, name = '']) => name);
  if ([...marks].sort().join() !== [...sections.keys()].sort().join()) {
    throw new Error(
      `The page must hold each of these marks once: ${[...sections.keys()].join(', ')}. Found: ${marks.join(', ') || 'none'}. ` +
        'A mark is <!-- contract:NAME --> and ends with <!-- /contract -->.',
    );
  }
  return page.replace(
    /(<!-- contract:([a-z]+) -->\n)[\s\S]*?(<!-- \/contract -->)/g,
    (_, open: string, name: string, close: string) => `${open}${sections.get(name)}\n${close}`,
  );
}

function memberTable(schema: JsonSchema): string {
  const required = new Set(schema.required as readonly string[]);
  const rows = Object.entries(schema.properties as Record<string, JsonSchema>).map(
    ([name, of]) =>
      `| \`${name}\` | ${formOf(of)} | ${required.has(name) ? 'always' : 'sometimes'} | ${String(of.description ?? '')} |`,
  );
  return ['| member | JSON | present | meaning |', '|---|---|---|---|', ...rows].join('\n');
}

function formOf(schema: JsonSchema): string {
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => `\`${value}\``).join(' ');
  if (Array.isArray(schema.anyOf)) return schema.anyOf.map(formOf).join(' or ');
  if (schema.type === 'array') return `array of ${formOf(schema.items as JsonSchema)}s`;
  return String(schema.type);
}

function exampleOf(event: MetricChanged): string {
  return `### ${event.data.change}\n\n\`\`\`json\n${JSON.stringify(event, null, 2)}\n\`\`\``;
}
