/**
 * Starts everything that `up` and `demo` run: template, source database, sample, and the one-machine AWS on top. What was started is
 * stopped in reverse, also when a later part does not start.
 */
import type { Log } from '#local/local-aws.ts';
import { type LocalPipeline, startLocalAws } from '#local/runtime.ts';
import type { SampleOptions } from '#sample/generate.ts';
import { CommandFailure, failed, messageOf, preconditionMissing } from '../command-failure.ts';
import type { Terminal } from '../terminal.ts';
import { makeAssemblyFresh, PIPELINE, WITH_SUBSCRIBERS } from './assembly.ts';
import { COPY_SCHEMA, copySecrets } from './copy-database.ts';
import { LOCAL_PARAMETERS, PARAMETERS_WITH_SUBSCRIBERS } from './parameters.ts';
import { loadSampleInto } from './sample.ts';
import { ownSource, privateSource, type SourceDatabase } from './source.ts';

export interface StartOptions {
  readonly dataDirectory: string;
  /** The user's own database; a private one without it. */
  readonly sourceUrl?: string | undefined;
  /** Loaded into an empty private database. */
  readonly sample?: SampleOptions | undefined;
  readonly port?: number | undefined;
  /** Also the stack of the worked subscribers. */
  readonly subscribers?: boolean | undefined;
  /** Database of the SQL copy when the source is the user's own. */
  readonly copyUrl?: string | undefined;
  readonly terminal: Terminal;
  readonly log: Log;
  readonly signal: AbortSignal;
}

export interface RunningPipeline {
  readonly local: LocalPipeline;
  readonly source: SourceDatabase;
  /** Resolves with the reason when a part ends again and again: the pipeline is to be stopped then. */
  readonly broken: Promise<string>;
  stop(): Promise<void>;
}

export async function startPipeline(options: StartOptions): Promise<RunningPipeline> {
  const { terminal, log, dataDirectory, signal } = options;
  const started: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (let part = started.pop(); part !== undefined; part = started.pop()) {
      await part().catch((error: unknown) =>
        log('relay', `a part did not stop cleanly: ${messageOf(error)}`, { level: 'error' }),
      );
    }
  };
  const step = (line: string): void => terminal.say(`${terminal.style('dim', '·')} ${line}`);
  try {
    const assembly = options.subscribers ? WITH_SUBSCRIBERS : PIPELINE;
    await makeAssemblyFresh(step, assembly);
    signal.throwIfAborted();
    const source =
      options.sourceUrl === undefined
        ? await orPrecondition(privateSource(dataDirectory, log, step, options.subscribers ? [COPY_SCHEMA] : []))
        : await ownSource(options.sourceUrl, terminal.say);
    started.push(() => source.stop());
    signal.throwIfAborted();
    if (options.sample !== undefined && source.isPrivate) await loadSampleInto(source.url, options.sample, terminal);
    signal.throwIfAborted();
    const local = await orPrecondition(
      startLocalAws({
        assemblyDirectory: assembly.directory,
        dataDirectory,
        parameters: options.subscribers ? PARAMETERS_WITH_SUBSCRIBERS : LOCAL_PARAMETERS,
        sourceUrl: source.replicationUrl,
        ...(options.subscribers ? { secrets: copySecrets(source, options.copyUrl) } : {}),
        ...(options.port === undefined ? {} : { gatewayPort: options.port }),
        log,
        onProgress: step,
      }),
      options.port,
    );
    started.push(() => local.stop());
    return { local, source, broken: Promise.race([local.broken, source.broken]), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What keeps a part from starting is nearly always something of this machine that the user can put right. */
async function orPrecondition<T>(starting: Promise<T>, port?: number): Promise<T> {
  try {
    return await starting;
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    const message = messageOf(error);
    if (message.includes('EADDRINUSE')) {
      throw preconditionMissing(
        `Port ${port ?? ''} on 127.0.0.1 is taken by another program.`.replace('  ', ' '),
        'Choose another with --port, or leave --port out to get a free one.',
        error,
      );
    }
    const next = 'Run `npx relay doctor` to check what this machine needs.';
    throw /template|resource type|intrinsic/i.test(message)
      ? failed(message, undefined, error)
      : preconditionMissing(message, next, error);
  }
}
