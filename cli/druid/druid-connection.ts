/**
 * Where a command finds Druid: `--druid`, else DRUID_URL. Credentials stand in the URL or in DRUID_AUTH and are printed nowhere. Druid's
 * failures become the failures of a command here, each with what to do next.
 */
import { DruidClient, druidAddress } from '#druid/druid-client.ts';
import { DruidFailure, type DruidFailureCode } from '#druid/druid-failure.ts';
import { CommandFailure, preconditionMissing, usageError } from '../command-failure.ts';
import { EXIT } from '../exit-code.ts';

export interface DruidOptions {
  readonly druid?: string;
}

export function druidClient({ druid }: DruidOptions, env: NodeJS.ProcessEnv = process.env): DruidClient {
  const source = druid === undefined ? 'DRUID_URL' : '--druid';
  const text = druid ?? env.DRUID_URL ?? '';
  if (text === '') {
    throw preconditionMissing(
      'No Druid is named.',
      'Set DRUID_URL to the Router (http://user:password@host:8888), give --druid URL, or start a stand-in: npx relay druid stand-in',
    );
  }
  try {
    return new DruidClient(druidAddress(text, env.DRUID_AUTH === '' ? undefined : env.DRUID_AUTH));
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof URIError)) throw error;
    // The value may hold a password, so it is not shown.
    throw usageError(
      `${source} is not an address of Druid: ${error.message}.`,
      'Allowed: http://host:port or https://host:port.',
    );
  }
}

/** Not there, or not for us: nothing that the command itself did wrong. */
const PRECONDITIONS: ReadonlySet<DruidFailureCode> = new Set([
  'unreachable',
  'unauthorized',
  'forbidden',
  'not-leader',
  'no-such-api',
  'extension-missing',
  'unavailable',
]);

/** Runs what talks to Druid. */
export async function withDruid<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DruidFailure)) throw error;
    const code = PRECONDITIONS.has(error.code) ? EXIT.precondition : EXIT.failure;
    throw new CommandFailure(code, error.message, error.next, { cause: error });
  }
}
