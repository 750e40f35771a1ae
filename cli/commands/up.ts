/**
 * `relay up`: the pipeline on this machine, from an empty directory to a stream of events, until Ctrl-C. The data directory is kept, and
 * the next start goes on from there.
 */
import { readdir, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { LocalPipeline } from '#local/runtime.ts';
import { tryLock } from '../../scripts/bootstrap/clone-lock.mjs';
import { failed, messageOf, preconditionMissing, usageError } from '../command-failure.ts';
import type { Connection } from '../connection/connection.ts';
import { requireOutput } from '../connection/connection.ts';
import { removePipelineFile, writePipelineFile } from '../connection/pipeline-file.ts';
import type { CommitLog } from '../demo/commit-log.ts';
import { viewMetricChanged } from '../events/metric-changed.ts';
import { DEFAULT_PATTERN, type Subscription, subscribe } from '../events/subscription.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { aborted } from '../interruption.ts';
import { followFullLoad } from '../pipeline/full-load.ts';
import { GentleWriter } from '../pipeline/gentle-writer.ts';
import { openPipelineLog } from '../pipeline/pipeline-log.ts';
import { sampleOptions } from '../pipeline/sample.ts';
import { type RunningPipeline, startPipeline } from '../pipeline/start-pipeline.ts';
import { metricToTry, sqlClient } from '../pipeline/try-it.ts';
import { dataDirectory, PROJECT_ROOT } from '../project.ts';
import { counted } from '../render/counted.ts';
import { renderReadyBlock } from '../render/ready-block.ts';
import type { CommandContext } from './command-context.ts';
import { eventLine } from './events-tail.ts';

export interface UpOptions {
  readonly sample?: boolean;
  readonly metrics?: number;
  readonly writesPerSecond?: number;
  readonly events?: boolean;
  readonly port?: number;
  readonly subscribers?: boolean;
  readonly fresh?: boolean;
  readonly dataDir?: string;
  readonly debug?: boolean;
}

export async function up(context: CommandContext, options: UpOptions): Promise<ExitCode> {
  const { terminal } = context;
  const directory = dataDirectory(options.dataDir);
  const sourceUrl = process.env.SOURCE_URL === '' ? undefined : process.env.SOURCE_URL;
  if (options.metrics !== undefined && !options.sample)
    throw usageError('--metrics is the size of the sample.', 'Add --sample.');
  if (sourceUrl !== undefined && (options.sample || (options.writesPerSecond ?? 0) > 0)) {
    terminal.say('SOURCE_URL is your own database: it is only read. No sample is loaded and no writes are made.');
  }
  const release = ownDataDirectory(directory);
  try {
    if (options.fresh) await forget(directory);
    return await runUntilStopped(context, options, directory, sourceUrl);
  } finally {
    release();
  }
}

/** Before anything is touched: a second pipeline on the same directory would work on the first one's database and take its keys. */
function ownDataDirectory(directory: string): () => void {
  const lock = tryLock(join(directory, 'up.lock'));
  if (lock.release !== undefined) return lock.release;
  throw preconditionMissing(
    `A pipeline runs on ${directory} already (process ${lock.holder}).`,
    'Stop that one with Ctrl-C, or give this one a directory of its own with --data-dir.',
  );
}

async function runUntilStopped(
  context: CommandContext,
  options: UpOptions,
  directory: string,
  sourceUrl: string | undefined,
): Promise<ExitCode> {
  const { terminal, interruption } = context;
  const log = openPipelineLog(directory, terminal, options.debug === true);
  let running: RunningPipeline | undefined;
  let broken: string | undefined;
  try {
    running = await startPipeline({
      dataDirectory: directory,
      sourceUrl,
      sample: options.sample ? sampleOptions(options.metrics) : undefined,
      port: options.port,
      subscribers: options.subscribers,
      copyUrl: process.env.COPY_URL === '' ? undefined : process.env.COPY_URL,
      terminal,
      log: log.log,
      signal: interruption.signal,
    });
    void running.broken.then((reason) => {
      broken = reason;
      interruption.stop();
    });
    const { local, source } = running;
    await writePipelineFile(directory, local, source.url, Object.entries(userOutputs(local)));
    await followFullLoad(running.local, terminal, interruption.signal);
    terminal.say(await readyBlock(running, directory, terminal.interactive, terminal.style));
    await flow(context, running, sourceUrl === undefined ? (options.writesPerSecond ?? 0) : 0, options.events === true);
    if (broken === undefined) return EXIT.ok;
  } catch (error) {
    if (broken === undefined) throw error;
  } finally {
    await removePipelineFile(directory);
    if (running !== undefined) {
      terminal.say('Stopping the pipeline…');
      await running.stop();
      terminal.say(`Stopped. The data is kept in ${directory}; the next start goes on from there.`);
    }
    await log.close();
  }
  throw failed(
    `The pipeline cannot go on: ${broken}`,
    `Nothing is lost: start it again, and it goes on from where it was.`,
  );
}

/** Events and writes, until somebody stops the pipeline. */
async function flow(
  context: CommandContext,
  running: RunningPipeline,
  perSecond: number,
  showEvents: boolean,
): Promise<void> {
  const { terminal, interruption } = context;
  const { signal } = interruption;
  const connection = connectionTo(running);
  const subscription = showEvents
    ? await subscribe(connection, requireOutput(connection, 'EventBus'), DEFAULT_PATTERN)
    : undefined;
  const writer = perSecond > 0 ? await GentleWriter.open(running.source.url) : undefined;
  try {
    if (subscription !== undefined)
      terminal.say(
        `Events as they arrive${writer === undefined ? '' : ` (${counted(perSecond, 'write a second is', 'writes a second are')} made)`}:`,
      );
    const parts = [aborted(signal)];
    if (subscription !== undefined) parts.push(show(context, subscription, writer?.commits, signal));
    if (writer !== undefined) parts.push(writer.run(perSecond, signal));
    await Promise.all(parts);
  } catch (error) {
    if (!signal.aborted)
      throw failed(`The pipeline cannot go on: ${messageOf(error)}`, 'See relay.log in the data directory.', error);
  } finally {
    await writer?.close();
    await subscription?.close();
  }
}

async function show(
  context: CommandContext,
  subscription: Subscription,
  commits: CommitLog | undefined,
  signal: AbortSignal,
): Promise<void> {
  for await (const delivery of subscription.deliveries(signal)) {
    const event = commits === undefined ? undefined : viewMetricChanged(delivery.envelope);
    context.terminal.out(eventLine(delivery, context, commits?.committedAtMs(event?.correlationId)));
  }
}

export function connectionTo({ local }: RunningPipeline): Connection {
  const { endpoint, region, credentials } = local;
  return {
    clientConfig: { endpoint, region, credentials: { ...credentials }, maxAttempts: 3 },
    region,
    outputs: new Map(Object.entries(userOutputs(local))),
  };
}

/** Outputs for people, of all stacks; the others are exports between stacks. */
function userOutputs({ outputsOfStack }: LocalPipeline): Readonly<Record<string, string>> {
  const outputs = [...outputsOfStack.values()].flatMap((ofStack) => Object.entries(ofStack));
  return Object.fromEntries(outputs.filter(([name]) => !name.startsWith('ExportsOutput')));
}

async function readyBlock(
  { local, source }: RunningPipeline,
  directory: string,
  interactive: boolean,
  style: CommandContext['terminal']['style'],
): Promise<string> {
  const standard = directory === join(PROJECT_ROOT, '.relay');
  const shown = relative(process.cwd(), directory);
  return renderReadyBlock({
    endpoint: local.endpoint,
    sourceUrl: source.url,
    sqlClient: sqlClient(),
    metric: await metricToTry(source.url),
    dataDirFlag: standard ? '' : ` --data-dir ${shown.startsWith('..') ? directory : shown}`,
    bold: (text) => (interactive ? style('bold', text) : text),
  });
}

/** Everything of an earlier run, but not the locks of a bootstrap that may be at work in the default directory. */
async function forget(directory: string): Promise<void> {
  for (const name of await readdir(directory).catch(() => [])) {
    if (!name.endsWith('.lock')) await rm(join(directory, name), { recursive: true, force: true });
  }
}
