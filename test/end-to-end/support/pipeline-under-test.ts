/**
 * A whole pipeline in the test's own process: private database, sample, one-machine AWS, and a subscriber who was there before the first
 * event. It stands in a temporary directory, and stopping it checks that no process and no listener is left.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writePipelineFile } from '#cli/connection/pipeline-file.ts';
import { makeAssemblyFresh, PIPELINE, WITH_SUBSCRIBERS } from '#cli/pipeline/assembly.ts';
import { COPY_SCHEMA, copySecrets } from '#cli/pipeline/copy-database.ts';
import { isFullLoadDone } from '#cli/pipeline/full-load.ts';
import { LOCAL_PARAMETERS, PARAMETERS_WITH_SUBSCRIBERS } from '#cli/pipeline/parameters.ts';
import { reportOf } from '#cli/pipeline/resource-status.ts';
import { privateSource } from '#cli/pipeline/source.ts';
import type { Credentials } from '#local/local-aws.ts';
import { type LocalPipeline, startLocalAws } from '#local/runtime.ts';
import type { SampleOptions } from '#sample/generate.ts';
import { loadSample } from '#sample/load-sample.ts';
import { until } from './eventually.ts';
import {
  descendantsOf,
  type KnownProcess,
  type Listener,
  listenersOf,
  stillListening,
  stillRunning,
} from './process-tree.ts';
import { type Reach, reachOf } from './reach.ts';
import { openSourceWrites, type SourceWrites } from './source-writes.ts';
import { Subscriber } from './subscriber.ts';
import { Tables } from './tables.ts';
import { takeDown } from './take-down.ts';

export interface PipelineUnderTest {
  readonly dataDirectory: string;
  readonly local: LocalPipeline;
  readonly reach: Reach;
  readonly source: SourceWrites;
  readonly subscriber: Subscriber;
  readonly tables: Tables;
  /** Where each metric stood when the subscriber had come: everything later must reach it. */
  readonly start: ReadonlyMap<string, bigint>;
  /** Lines that the pipeline's parts said about themselves. */
  readonly talk: readonly string[];
  /** What the functions wrote to their logs. */
  functionLogs(): string;
  processes(): KnownProcess[];
  listeners(): Listener[];
  /** Throws when anything that was started is still there afterwards. */
  stop(): Promise<void>;
}

export interface PipelineOptions {
  readonly sample?: SampleOptions;
  readonly assemblyDirectory?: string;
  /** With the stack of the worked subscribers. */
  readonly subscribers?: boolean;
  /** False when the full load is not expected to get through. */
  readonly awaitFullLoad?: boolean;
}

/** Five dimensions, the group of all hybrids, and no metric: every event of a metric is the work of a test. */
export const NO_METRICS: SampleOptions = { dimensions: 5, primitives: 0, hybrids: 0 };

export async function startPipelineUnderTest(options: PipelineOptions = {}): Promise<PipelineUnderTest> {
  const talk: string[] = [];
  const log = (source: string, message: string, fields: unknown = {}): void =>
    void talk.push(`${source}: ${message} ${JSON.stringify(fields)}`);
  const assembly = options.subscribers ? WITH_SUBSCRIBERS : PIPELINE;
  await makeAssemblyFresh((line) => void talk.push(line), assembly);
  const dataDirectory = await mkdtemp(join(tmpdir(), 'relay-e2e-'));
  const undo: (() => Promise<void>)[] = [() => rm(dataDirectory, { recursive: true, force: true })];
  try {
    const database = await privateSource(
      dataDirectory,
      log,
      (line) => void talk.push(line),
      options.subscribers ? [COPY_SCHEMA] : [],
    );
    undo.push(() => database.stop());
    const source = await openSourceWrites(database.url);
    undo.push(() => source.close());
    await loadSample(source.connection, options.sample ?? NO_METRICS);
    const local = await startLocalAws({
      assemblyDirectory: options.assemblyDirectory ?? assembly.directory,
      dataDirectory,
      parameters: options.subscribers ? PARAMETERS_WITH_SUBSCRIBERS : LOCAL_PARAMETERS,
      sourceUrl: database.replicationUrl,
      ...(options.subscribers ? { secrets: copySecrets(database, undefined) } : {}),
      log,
    });
    undo.push(() => local.stop());
    const reach = reachOf(local, new Map(Object.entries(local.outputs)));
    const subscriber = new Subscriber('e2e-subscriber');
    await subscriber.subscribe(reach);
    undo.push(() => subscriber.leave());
    const tables = new Tables(reach);
    undo.push(async () => tables.close());
    const start = await tables.revisions();
    if (options.awaitFullLoad !== false) {
      const report = () => reportOf(local.status());
      await until(
        'the full load is done',
        () => isFullLoadDone(report()),
        () => [report(), ...talk.slice(-20)],
        120_000,
      );
    }
    const processes = () => descendantsOf(process.pid);
    const listeners = () => listenersOf([process.pid, ...processes().map(({ pid }) => pid)]);
    return {
      dataDirectory,
      local,
      reach,
      source,
      subscriber,
      tables,
      start,
      talk,
      functionLogs: () => functionLogs(dataDirectory),
      processes,
      listeners,
      async stop() {
        const [started, opened] = [processes(), listeners()];
        await takeDown(undo);
        const leftover = [...stillRunning(started).map(({ command }) => command), ...stillListening(opened)];
        if (leftover.length > 0) throw new Error(`the stopped pipeline has left behind: ${leftover.join(' · ')}`);
      },
    };
  } catch (error) {
    await takeDown(undo);
    throw new Error(`the pipeline did not start; it said:\n  ${talk.slice(-20).join('\n  ')}`, { cause: error });
  }
}

/** Lets the commands find the pipeline by a data directory, and work with these keys. None of them asks the source. */
export async function announce(
  { local }: PipelineUnderTest,
  directory: string,
  credentials: Credentials = local.credentials,
): Promise<void> {
  await writePipelineFile(
    directory,
    { ...local, credentials },
    'mysql://not-needed.invalid',
    Object.entries(local.outputs),
  );
}

export function functionLogs(dataDirectory: string): string {
  const directory = join(dataDirectory, 'log');
  const files = readdirSync(directory).filter((file) => file.startsWith('lambda-'));
  return files.map((file) => readFileSync(join(directory, file), 'utf8')).join('\n');
}

/** Waits until the replicator has stored a row of the source: what refers to it afterwards finds it there. */
export async function mirrored(
  { tables }: PipelineUnderTest,
  partition: string,
  ...rows: readonly string[]
): Promise<void> {
  for (const sk of rows) {
    await until(
      `the row ${partition} ${sk} is in the mirror`,
      async () => (await tables.sourceRow(partition, sk))?.row !== undefined,
    );
  }
}
