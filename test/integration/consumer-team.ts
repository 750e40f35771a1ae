/**
 * Another team's project, in a folder of its own outside the repository: the kit installed from its tarball without a network, and the code of
 * docs/consuming-events.md as files, exactly as it stands there.
 */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');

/** What such a team has installed anyway; taken from the repository instead of the network. */
const ALSO_INSTALLED = ['@aws-sdk/client-dynamodb', '@middy/core', '@types', 'aws-cdk-lib', 'constructs', 'mysql2'];

export interface Team {
  readonly folder: string;
  /** Files that the page gives, by the name in the first line of each block. */
  readonly files: readonly string[];
  run(command: string, parameters: readonly string[], environment?: Readonly<Record<string, string>>): Promise<string>;
  remove(): Promise<void>;
}

export async function newTeam(): Promise<Team> {
  const scratch = await mkdtemp(join(tmpdir(), 'metric-relay-team-'));
  const [built, folder] = [join(scratch, 'built'), join(scratch, 'team')];
  await mkdir(folder);
  const build = join(ROOT, 'scripts/build-consumer.mjs');
  await run(ROOT, process.execPath, ['--disable-warning=ExperimentalWarning', build, built]);
  for (const packed of [built, join(ROOT, 'node_modules/zod')])
    await run(packed, 'npm', ['pack', '--pack-destination', scratch]);
  await writeFile(join(folder, 'package.json'), '{ "name": "team", "private": true, "type": "module" }');
  const tarballs = (await readdir(scratch)).filter((file) => file.endsWith('.tgz')).map((file) => join(scratch, file));
  await run(folder, 'npm', ['install', '--offline', '--no-audit', '--no-fund', ...tarballs]);
  for (const installed of ALSO_INSTALLED) {
    const place = join(folder, 'node_modules', installed);
    await mkdir(dirname(place), { recursive: true });
    await symlink(join(ROOT, 'node_modules', installed), place);
  }
  const files = await filesOfThePage(folder);
  return {
    folder,
    files,
    run: (command, parameters, environment) => run(folder, command, parameters, environment),
    remove: () => rm(scratch, { recursive: true, force: true }),
  };
}

async function filesOfThePage(folder: string): Promise<readonly string[]> {
  const page = await readFile(join(ROOT, 'docs/consuming-events.md'), 'utf8');
  const blocks = [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)];
  const files: string[] = [];
  for (const [, language = '', code = ''] of blocks) {
    if (language === 'sh') continue;
    const name = /^\/\/ ([\w-]+\.m?[jt]s)\n/.exec(code)?.[1];
    if (!name) throw new Error(`a block of docs/consuming-events.md does not begin with its file's name:\n${code}`);
    await writeFile(join(folder, name), code);
    files.push(name);
  }
  return files;
}

async function run(
  cwd: string,
  command: string,
  parameters: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  const child = spawn(command, parameters, { cwd, env: { ...process.env, ...environment } });
  let [output, complaints] = ['', ''];
  child.stdout.on('data', (bytes) => {
    output += bytes;
  });
  child.stderr.on('data', (bytes) => {
    complaints += bytes;
  });
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (status === 0) return output;
  throw new Error(`${command} ${parameters.join(' ')} ended with ${status}:\n${output}${complaints}`);
}
