/** Which metrics a republish was asked for: whether that can be meant, what is said when it takes none, and the command that goes on where one ended. */
import { failed, usageError } from '../command-failure.ts';
import type { TargetOptions } from '../commands/command-context.ts';
import { quoteForShell } from '../render/quote-for-shell.ts';
import type { PointInTime } from '../replay/point-in-time.ts';

export interface RepublishChoice extends TargetOptions {
  readonly prefix?: string;
  readonly all?: boolean;
  readonly changedSince?: PointInTime;
  readonly after?: string;
  readonly rate: number;
  readonly skipMissing?: boolean;
  readonly dryRun?: boolean;
}

/** @param wanted names of metrics. */
export function checkChoice(wanted: readonly string[], { prefix, all, changedSince }: RepublishChoice): void {
  const ways = [wanted.length > 0, prefix !== undefined || changedSince !== undefined, all === true].filter(Boolean);
  if (ways.length === 1) return;
  throw usageError(
    ways.length === 0
      ? 'Nothing was chosen to send.'
      : 'Names, --all, and --prefix or --changed-since exclude each other.',
    'Give names, --prefix P, --changed-since T (both together are allowed), or --all. See first with --dry-run.',
  );
}

/**
 * What is said when nothing is left to send. That nothing has changed lately, or lies behind a name, is an ordinary answer.
 * @throws when the choice names something that is not there.
 */
export function nothingToSend(options: RepublishChoice, chosen: readonly string[], startedMs: number): string {
  const { prefix, all, changedSince, after } = options;
  const begins = prefix === undefined ? '' : ` has a name that begins with "${prefix}"`;
  if (chosen.length > 0) return `No chosen metric has a name behind "${after}". There is nothing to send.`;
  if (changedSince !== undefined) {
    const since = new Date(changedSince(startedMs)).toISOString();
    return `No metric${begins === '' ? '' : `${begins} and`} was changed since ${since}. There is nothing to send.`;
  }
  if (prefix !== undefined)
    throw failed(`No metric${begins}. Nothing was sent.`, 'Names are exact, upper and lower case included.');
  if (all)
    throw failed(
      'The Metrics table holds no metric. Nothing was sent.',
      'If its items were lost: npx relay rebuild plan',
    );
  return 'There is nothing to send.';
}

/** The same command, behind the last name that was sent; a relative time as the instant that it was at the start of this run. */
export function resumeCommand(
  wanted: readonly string[],
  options: RepublishChoice,
  lastName: string | undefined,
  startedMs: number,
): string {
  const after = lastName ?? options.after;
  return [
    'npx relay republish',
    ...wanted.map(quoteForShell),
    ...(options.all ? ['--all'] : []),
    ...(options.prefix === undefined ? [] : ['--prefix', quoteForShell(options.prefix)]),
    ...(options.changedSince === undefined
      ? []
      : ['--changed-since', new Date(options.changedSince(startedMs)).toISOString()]),
    ...(after === undefined ? [] : ['--after', quoteForShell(after)]),
    '--rate',
    String(options.rate),
    ...(options.skipMissing ? ['--skip-missing'] : []),
    ...(options.dryRun ? ['--dry-run'] : []),
    ...(options.stack === undefined ? [] : ['--stack', options.stack]),
    ...(options.region === undefined ? [] : ['--region', options.region]),
    ...(options.dataDir === undefined ? [] : ['--data-dir', quoteForShell(options.dataDir)]),
  ].join(' ');
}
