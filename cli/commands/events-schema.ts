/** `relay events schema`: prints the event contract in the form a tool takes, or brings the files made from it up to date. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { asyncApiDocument } from '#schemas/contract/asyncapi-document.ts';
import { exampleEnvelope } from '#schemas/contract/event-envelope.ts';
import { detailSchema, registrySchema } from '#schemas/contract/json-schemas.ts';
import { metricChange } from '#schemas/metric-changed.ts';
import { usageError } from '../command-failure.ts';
import { contractFiles, goldenEvents } from '../events/contract-files.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import type { SCHEMA_FORMATS } from '../option-values.ts';
import { PROJECT_ROOT } from '../project.ts';
import type { CommandContext } from './command-context.ts';

export interface EventsSchemaOptions {
  readonly format?: (typeof SCHEMA_FORMATS)[number];
  readonly change?: string;
  readonly write?: boolean;
  readonly dryRun?: boolean;
}

export function eventsSchema(context: CommandContext, options: EventsSchemaOptions): ExitCode {
  if (options.write || options.dryRun) return bringUpToDate(context, options.dryRun === true);
  const format = options.format ?? 'json-schema';
  if (options.change !== undefined && format !== 'example')
    throw usageError('--change only says which example is meant.', 'Give --format example as well.');
  context.terminal.out(JSON.stringify(document(format, options.change), null, 2));
  return EXIT.ok;
}

function document(format: (typeof SCHEMA_FORMATS)[number], change = 'UPDATED'): unknown {
  if (format === 'json-schema') return detailSchema();
  if (format === 'draft-04') return registrySchema();
  if (format === 'asyncapi') return asyncApiDocument(goldenEvents());
  const example = goldenEvents().find(({ data }) => data.change === change);
  if (example) return exampleEnvelope(example);
  throw usageError(`--change ${change} is no kind of change.`, `Give one of ${metricChange.options.join(', ')}.`);
}

/** With `dryRun` nothing is written, and the exit code says whether anything would be. */
function bringUpToDate({ terminal }: CommandContext, dryRun: boolean): ExitCode {
  const stale = contractFiles().filter(({ content, found }) => content !== found);
  for (const { path, content, found } of stale) {
    terminal.out(`${found === undefined ? 'new' : 'changed'} ${path}`);
    if (dryRun) continue;
    mkdirSync(dirname(join(PROJECT_ROOT, path)), { recursive: true });
    writeFileSync(join(PROJECT_ROOT, path), content);
  }
  if (stale.length === 0) terminal.say('Every file made from the contract is up to date.');
  return dryRun && stale.length > 0 ? EXIT.drift : EXIT.ok;
}
