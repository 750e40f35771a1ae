/** A private pipeline whose source holds the rows of the measurement before the full load begins, in a temporary directory. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection as SourceConnection } from 'mysql2/promise';
import type { Connection } from '#cli/connection/connection.ts';
import { makeAssemblyFresh } from '#cli/pipeline/assembly.ts';
import { LOCAL_PARAMETERS } from '#cli/pipeline/parameters.ts';
import { openPipelineLog } from '#cli/pipeline/pipeline-log.ts';
import { privateSource } from '#cli/pipeline/source.ts';
import { ASSEMBLY_DIRECTORY } from '#cli/project.ts';
import type { Terminal } from '#cli/terminal.ts';
import { connectSource } from '#local/dms/source-connection.ts';
import { type LocalPipeline, startLocalAws } from '#local/runtime.ts';

export interface BenchPipeline {
  readonly local: LocalPipeline;
  readonly connection: Connection;
  /** For the writes of the measurement. */
  readonly source: SourceConnection;
  /** For looking, so that a look does not stand in the way of a write. */
  readonly lookingSource: SourceConnection;
  stop(): Promise<void>;
}

/** `assemblyDirectory`: another template to measure, with other settings; without it, the one of this clone. */
export async function startBenchPipeline(
  terminal: Terminal,
  assemblyDirectory: string | undefined,
  fill: (source: SourceConnection) => Promise<void>,
): Promise<BenchPipeline> {
  const say = (line: string): void => terminal.progress(line);
  const directory = await mkdtemp(join(tmpdir(), 'metric-relay-fan-out-'));
  const log = openPipelineLog(directory, terminal, false);
  const undo: (() => Promise<void>)[] = [() => rm(directory, { recursive: true, force: true }), () => log.close()];
  const stop = async (): Promise<void> => {
    for (let step = undo.pop(); step; step = undo.pop()) await step().catch((error: unknown) => say(String(error)));
  };
  try {
    if (assemblyDirectory === undefined) await makeAssemblyFresh(say);
    const database = await privateSource(directory, log.log, say);
    undo.push(() => database.stop());
    const source = await connectSource(database.url);
    const lookingSource = await connectSource(database.url);
    undo.push(async () => void (await Promise.all([source.end(), lookingSource.end()])));
    await fill(source);
    const local = await startLocalAws({
      assemblyDirectory: assemblyDirectory ?? ASSEMBLY_DIRECTORY,
      dataDirectory: directory,
      parameters: LOCAL_PARAMETERS,
      sourceUrl: database.replicationUrl,
      log: log.log,
    });
    undo.push(() => local.stop());
    const { endpoint, region, credentials } = local;
    const clientConfig = { endpoint, region, credentials: { ...credentials }, maxAttempts: 3 };
    const connection = { clientConfig, region, outputs: new Map(Object.entries(local.outputs)) };
    return { local, connection, source, lookingSource, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
