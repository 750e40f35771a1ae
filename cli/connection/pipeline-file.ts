/**
 * `<data directory>/pipeline.json`: how the other commands find the pipeline that `up` runs. It holds keys that are good for this
 * machine's stand-ins only, is readable by its owner only, appears in one piece when the pipeline is ready and goes when it stops.
 */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';

const pipelineFile = z.object({
  pid: z.int().positive(),
  startedAt: z.string(),
  endpoint: z.url(),
  region: z.string(),
  accountId: z.string(),
  credentials: z.object({ accessKeyId: z.string(), secretAccessKey: z.string() }),
  sourceUrl: z.string(),
  outputs: z.array(z.tuple([z.string(), z.string()])),
});

export type PipelineFile = z.infer<typeof pipelineFile>;

export const pipelineFilePath = (dataDirectory: string): string => join(dataDirectory, 'pipeline.json');

/** Where a pipeline is and with which keys it is asked. */
export type PipelineReach = Readonly<Pick<PipelineFile, 'endpoint' | 'region' | 'accountId' | 'credentials'>>;

/** Says that this process runs the pipeline. */
export async function writePipelineFile(
  dataDirectory: string,
  { endpoint, region, accountId, credentials }: PipelineReach,
  sourceUrl: string,
  outputs: PipelineFile['outputs'],
): Promise<void> {
  const startedAt = new Date().toISOString();
  const reach = { endpoint, region, accountId, credentials };
  const content: PipelineFile = { pid: process.pid, startedAt, ...reach, sourceUrl, outputs };
  const path = pipelineFilePath(dataDirectory);
  const fresh = `${path}.${content.pid}`;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(fresh, `${JSON.stringify(content, undefined, 2)}\n`, { mode: 0o600 });
  await rename(fresh, path);
}

export async function removePipelineFile(dataDirectory: string): Promise<void> {
  await rm(pipelineFilePath(dataDirectory), { force: true });
}

/** The file's content, or undefined when there is none or it is not one of ours. */
export async function readPipelineFile(dataDirectory: string): Promise<PipelineFile | undefined> {
  let text: string;
  try {
    text = await readFile(pipelineFilePath(dataDirectory), 'utf8');
  } catch {
    return undefined;
  }
  try {
    return pipelineFile.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Whether the process exists; one of another user counts. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
