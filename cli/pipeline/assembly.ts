/**
 * The cloud assembly `cdk.out`: made by the CDK app when it is missing or older than anything it is made from, so that what runs here
 * is always what this clone would deploy. Two pipelines that start together make it once.
 */
import { spawn } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { takeLock } from '../../scripts/bootstrap/clone-lock.mjs';
import { failed } from '../command-failure.ts';
import { ASSEMBLY_DIRECTORY, PROJECT_ROOT, SUBSCRIBERS_ASSEMBLY_DIRECTORY } from '../project.ts';

const INPUTS = ['infra', 'functions', 'core', 'schemas', 'consumer', 'subscribers', 'cdk.json', 'package-lock.json'];

/** One assembly of the app: where it is written, and the settings that differ from the defaults. */
export interface Assembly {
  readonly directory: string;
  readonly settings: Readonly<Record<string, string>>;
}

export const PIPELINE: Assembly = { directory: ASSEMBLY_DIRECTORY, settings: {} };
export const WITH_SUBSCRIBERS: Assembly = {
  directory: SUBSCRIBERS_ASSEMBLY_DIRECTORY,
  settings: { 'relay:subscribers': 'true' },
};

export type AssemblyState = 'fresh' | 'stale' | 'missing';

export async function assemblyState({ directory }: Assembly = PIPELINE): Promise<AssemblyState> {
  const made = await modifiedAt(join(directory, 'manifest.json'));
  if (made === undefined) return 'missing';
  const newest = await Promise.all(INPUTS.map((input) => newestChange(join(PROJECT_ROOT, input))));
  return Math.max(...newest) > made ? 'stale' : 'fresh';
}

export async function makeAssemblyFresh(say: (line: string) => void, assembly = PIPELINE): Promise<void> {
  if ((await assemblyState(assembly)) === 'fresh') return;
  const release = await takeLock(join(PROJECT_ROOT, '.relay', 'synth.lock'), (holder) =>
    say(`Another relay (process ${holder}) is making the template; waiting for it…`),
  );
  try {
    const state = await assemblyState(assembly);
    if (state === 'fresh') return;
    say(`Making the CloudFormation template and bundling the functions (${basename(assembly.directory)} is ${state})…`);
    await synthesise(assembly);
  } finally {
    release();
  }
}

async function synthesise({ directory, settings }: Assembly): Promise<void> {
  const child = spawn(process.execPath, [join('infra', 'app.ts')], {
    cwd: PROJECT_ROOT,
    env: { ...process.env, CDK_OUTDIR: directory, CDK_CONTEXT_JSON: JSON.stringify(settings) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => lines.push(text));
  }
  const code = await new Promise<number>((resolve) => {
    child.once('error', (error) => {
      lines.push(error.message);
      resolve(1);
    });
    child.once('close', (exitCode) => resolve(exitCode ?? 1));
  });
  if (code !== 0) {
    throw failed(
      `The template could not be made (exit code ${code}):\n${lines.join('').trimEnd()}`,
      'See `npm run synth`.',
    );
  }
}

async function modifiedAt(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs;
  } catch {
    return undefined;
  }
}

/** Latest modification below the path. A folder's own time counts too: it moves when a file is added or removed. */
async function newestChange(path: string): Promise<number> {
  const own = await modifiedAt(path);
  if (own === undefined) return 0;
  let newest = own;
  const entries = await readdir(path, { withFileTypes: true, recursive: true }).catch(() => []);
  for (const entry of entries) newest = Math.max(newest, (await modifiedAt(join(entry.parentPath, entry.name))) ?? 0);
  return newest;
}
