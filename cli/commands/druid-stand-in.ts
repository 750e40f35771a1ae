/** `relay druid stand-in`: Druid's lookup and supervisor API on this machine, in memory, until Ctrl-C. It ingests and answers nothing. */
import { startDruidStandIn } from '#local/druid/druid-stand-in.ts';
import { preconditionMissing } from '../command-failure.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { aborted } from '../interruption.ts';
import type { CommandContext } from './command-context.ts';

export async function druidStandIn(
  { terminal, interruption }: CommandContext,
  options: { readonly port?: number },
): Promise<ExitCode> {
  const standIn = await startDruidStandIn({ ...(options.port !== undefined && { port: options.port }) }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') throw error;
      throw preconditionMissing(
        `Port ${options.port} is taken.`,
        'Give another --port, or none for a free one.',
        error,
      );
    },
  );
  terminal.out(`export DRUID_URL=${standIn.url}`);
  terminal.say(
    'A stand-in for the Router of Druid: lookups and supervisors, kept in memory. No data is ingested. Ctrl-C ends.',
  );
  await aborted(interruption.signal);
  await standIn.stop();
  return EXIT.ok;
}
