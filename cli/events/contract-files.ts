/**
 * The files that are made from the event contract, as they should be: JSON Schemas, AsyncAPI document, and the generated parts of docs/events.md.
 * The schema of a published version is written once and never again: later events are held against it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { asyncApiDocument } from '#schemas/contract/asyncapi-document.ts';
import { filledPage, pageSections } from '#schemas/contract/events-page.ts';
import { detailSchema, registrySchema } from '#schemas/contract/json-schemas.ts';
import { EVENT_SCHEMA_VERSION, type MetricChanged, metricChange, metricChanged } from '#schemas/metric-changed.ts';
import { PROJECT_ROOT } from '../project.ts';

const GOLDEN = join('test', 'fixtures', 'events', EVENT_SCHEMA_VERSION);
const PAGE = join('docs', 'events.md');

export interface ContractFile {
  /** Relative to the root of the project. */
  readonly path: string;
  readonly content: string;
  /** What is there now; undefined when there is no such file. */
  readonly found: string | undefined;
}

/** One event of each kind of change, in the order of the enumeration: the golden events of this version. */
export function goldenEvents(): readonly MetricChanged[] {
  return metricChange.options.map((change) => {
    const path = join(PROJECT_ROOT, GOLDEN, `${change.toLowerCase()}.json`);
    return metricChanged.parse(JSON.parse(readFileSync(path, 'utf8')));
  });
}

export function contractFiles(): readonly ContractFile[] {
  const examples = goldenEvents();
  const published = join(GOLDEN, 'metric-changed.schema.json');
  const wanted: [path: string, content: string][] = [
    [join('docs', 'schema', 'metric-changed.schema.json'), pretty(detailSchema())],
    [join('docs', 'schema', 'metric-changed.draft-04.json'), pretty(registrySchema())],
    [join('docs', 'schema', 'metric-changed.asyncapi.json'), pretty(asyncApiDocument(examples))],
    [PAGE, filledPage(readFileSync(join(PROJECT_ROOT, PAGE), 'utf8'), pageSections(examples))],
  ];
  if (contentOf(published) === undefined) wanted.push([published, pretty(detailSchema())]);
  return wanted.map(([path, content]) => ({ path, content, found: contentOf(path) }));
}

function contentOf(path: string): string | undefined {
  const absolute = join(PROJECT_ROOT, path);
  return existsSync(absolute) ? readFileSync(absolute, 'utf8') : undefined;
}

const pretty = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
