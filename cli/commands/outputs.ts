/** `relay outputs`: one object with everything a program needs to reach the pipeline. */
import type { Connection } from '../connection/connection.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { renderTable } from '../render/table.ts';
import { type CommandContext, connectTo, type OutputOptions, type TargetOptions } from './command-context.ts';

export async function outputs(context: CommandContext, options: TargetOptions & OutputOptions): Promise<ExitCode> {
  const entries = outputEntries(await connectTo(options));
  const text = options.json
    ? `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`
    : renderTable(['output', 'value'], entries);
  context.terminal.out(text);
  return EXIT.ok;
}

/** Members of the object, in order: how to reach the pipeline, then the stack's outputs in camel case. */
export function outputEntries({ local, region, outputs }: Connection): readonly [string, string][] {
  const access: [string, string][] =
    local === undefined
      ? [['region', region]]
      : [
          ['sourceUrl', local.sourceUrl],
          ['endpoint', local.endpoint],
          ['region', region],
          ['accessKeyId', local.accessKeyId],
          ['secretAccessKey', local.secretAccessKey],
        ];
  return [...access, ...[...outputs].map(([name, value]): [string, string] => [camelCase(name), value])];
}

export function camelCase(outputName: string): string {
  return outputName.slice(0, 1).toLowerCase() + outputName.slice(1);
}
