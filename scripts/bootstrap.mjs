#!/usr/bin/env node
// The first thing that runs in a fresh clone: `bootstrap.mjs relay …` and `bootstrap.mjs run <npm-script>` make sure that the
// locked packages, Node 24, Java and a MariaDB or MySQL server are there, then run the command under Node 24.
// It uses nothing but Node's own modules and must keep running on Node 18; it installs only what is missing, and says so first.
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EXIT_PRECONDITION, EXIT_USAGE, missingSystemParts, nodeMajor, partsNeeded } from './bootstrap/decisions.mjs';
import { installPackages, linkRelay, packagedNode } from './bootstrap/packages.mjs';
import { runChild } from './bootstrap/run-child.mjs';
import { findDatabaseServer, findJava, installSystemParts } from './bootstrap/system.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const say = (line) => process.stderr.write(`${line}\n`);

/** Prepares the machine for the command and runs it; answers the exit code. */
export async function bootstrap(argv) {
  const [mode, ...rest] = argv;
  if ((mode !== 'relay' && mode !== 'run') || (mode === 'run' && rest.length === 0)) {
    say('Usage: node scripts/bootstrap.mjs relay <command…>   or   node scripts/bootstrap.mjs run <npm-script>');
    return EXIT_USAGE;
  }

  if (!(await installPackages(root, say))) return EXIT_PRECONDITION;
  linkRelay(root);

  const node = packagedNode(root) ?? (nodeMajor(process.version) >= 24 ? process.execPath : undefined);
  if (node === undefined) {
    say(`Node 24 or newer is needed here, and this is Node ${process.version} on ${process.platform}-${process.arch}.`);
    say(
      'The packages bring Node 24 for Linux on x64 and arm64 only. Install it from https://nodejs.org and try again.',
    );
    return EXIT_PRECONDITION;
  }

  const needed = partsNeeded(mode, rest, process.env);
  const java = needed.java ? findJava(process.env) : undefined;
  const missing = missingSystemParts(needed, { database: needed.database && findDatabaseServer(process.env), java });
  if (missing.length > 0 && !installSystemParts(missing, process.env, say)) return EXIT_PRECONDITION;

  const path = [dirname(node), join(root, 'node_modules', '.bin'), process.env.PATH ?? ''].join(':');
  const env = { ...process.env, PATH: path };
  const usableJava = java ?? (needed.java ? findJava(process.env) : undefined);
  if (usableJava !== undefined) env.JAVA_HOME = usableJava.home;

  if (mode === 'relay') return runChild(node, [join(root, 'cli', 'main.ts'), ...rest], { env, ownGroup: true });
  return runScript(rest, env);
}

/** Runs a script of package.json the way npm does, but on Node 24 and without a second npm in between. */
function runScript([name, ...extra], env) {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const command = new Map(Object.entries(scripts)).get(name);
  if (command === undefined) {
    say(`There is no script "${name}" in package.json. Allowed: ${Object.keys(scripts).join(', ')}.`);
    return EXIT_USAGE;
  }
  return runChild('sh', ['-c', `${command} "$@"`, 'sh', ...extra], { env, cwd: root });
}

const startedDirectly =
  process.argv[1] !== undefined &&
  existsSync(process.argv[1]) &&
  realpathSync(process.argv[1]) === realpathSync(fileURLToPath(import.meta.url));
if (startedDirectly) {
  process.exitCode = await bootstrap(process.argv.slice(2));
}
