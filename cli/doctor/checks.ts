/** Looks at each precondition of the pipeline on this machine. It changes nothing and starts nothing. */
import { existsSync } from 'node:fs';
import { readFile, statfs } from 'node:fs/promises';
import { freemem } from 'node:os';
import { dirname, join } from 'node:path';
import { checkSource } from '#local/database/check-source.ts';
import { MINIMUM_JAVA, nodeMajor } from '../../scripts/bootstrap/decisions.mjs';
import { isInstalled } from '../../scripts/bootstrap/packages.mjs';
import { aptCommand, findDatabaseServer, findJava } from '../../scripts/bootstrap/system.mjs';
import { messageOf } from '../command-failure.ts';
import { isProcessAlive, readPipelineFile } from '../connection/pipeline-file.ts';
import { assemblyState } from '../pipeline/assembly.ts';
import { REPLICATED_TABLES } from '../pipeline/source.ts';
import { PROJECT_ROOT } from '../project.ts';
import { availableMemory, diskFinding, type Finding, memoryFinding, ok, problem } from './finding.ts';

export async function runChecks(dataDirectory: string, sourceUrl: string | undefined): Promise<Finding[]> {
  return [
    nodeVersion(),
    packages(),
    java(),
    ...(sourceUrl === undefined ? [databaseServer()] : await source(sourceUrl)),
    await memory(),
    await disk(dataDirectory),
    await assembly(),
    await pipeline(dataDirectory),
  ];
}

function nodeVersion(): Finding {
  if (nodeMajor(process.version) >= 24) return ok('node', `${process.version} (${process.execPath})`);
  return problem(
    'node',
    `${process.version}, 24 or newer is needed`,
    'Start through npm or npx: they use the packaged Node 24.',
  );
}

function packages(): Finding {
  if (isInstalled(PROJECT_ROOT)) return ok('packages', 'installed as locked');
  return problem('packages', 'node_modules is not what package-lock.json says', 'npm ci --ignore-scripts');
}

function java(): Finding {
  const found = findJava(process.env);
  if (found !== undefined) return ok('java', `Java ${found.major} (${found.home})`);
  return problem('java', `no Java ${MINIMUM_JAVA} or newer with its compiler`, aptCommand(['java']));
}

function databaseServer(): Finding {
  const found = findDatabaseServer(process.env);
  if (found !== undefined) return ok('database', found);
  return problem('database', 'no MariaDB or MySQL server', aptCommand(['database']));
}

async function source(sourceUrl: string): Promise<Finding[]> {
  try {
    const { findings } = await checkSource(sourceUrl, REPLICATED_TABLES);
    if (findings.length === 0) return [ok('source', 'reachable, with the settings, grants and tables that are needed')];
    return findings.map(({ code, message, fix }) => problem(`source ${code}`, message, fix));
  } catch (error) {
    return [problem('source', messageOf(error), 'Check SOURCE_URL: mysql://user:password@host:port/lph')];
  }
}

async function memory(): Promise<Finding> {
  const meminfo = await readFile('/proc/meminfo', 'utf8').catch(() => '');
  return memoryFinding(availableMemory(meminfo) ?? freemem());
}

async function disk(dataDirectory: string): Promise<Finding> {
  let existing = dataDirectory;
  while (!existsSync(existing)) existing = dirname(existing);
  const { bavail, bsize } = await statfs(existing);
  return diskFinding(existing, bavail * bsize);
}

async function assembly(): Promise<Finding> {
  const state = await assemblyState();
  const where = join(PROJECT_ROOT, 'cdk.out');
  // Nothing to do for anybody: `relay up` makes it when it is needed.
  return ok('template', state === 'fresh' ? `${where} is up to date` : `${where} is ${state}; relay up makes it`);
}

async function pipeline(dataDirectory: string): Promise<Finding> {
  const file = await readPipelineFile(dataDirectory);
  if (file === undefined) return ok('pipeline', `none is running in ${dataDirectory}`);
  if (isProcessAlive(file.pid)) return ok('pipeline', `running, process ${file.pid}, ${file.endpoint}`);
  return ok(
    'pipeline',
    `none is running; the last one (process ${file.pid}) was killed, the next start goes on from its data`,
  );
}
