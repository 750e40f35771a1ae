/** `relay doctor`: each precondition on one line, with what to do where one is not met. */
import { runChecks } from '../doctor/checks.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { dataDirectory } from '../project.ts';
import type { CommandContext, OutputOptions } from './command-context.ts';

export async function doctor(
  { terminal }: CommandContext,
  options: OutputOptions & { dataDir?: string },
): Promise<ExitCode> {
  const sourceUrl = process.env.SOURCE_URL === '' ? undefined : process.env.SOURCE_URL;
  const findings = await runChecks(dataDirectory(options.dataDir), sourceUrl);
  if (options.json) {
    terminal.out(JSON.stringify(findings));
  } else {
    for (const { check, state, found, fix } of findings) {
      terminal.out(
        `${state.padEnd(7)}  ${check.padEnd(9)}  ${found}${fix === undefined ? '' : `\n         fix: ${fix}`}`,
      );
    }
  }
  return findings.some(({ state }) => state === 'problem') ? EXIT.precondition : EXIT.ok;
}
