// Finds the two parts that npm cannot bring, a MariaDB or MySQL server and Java, and installs them with apt-get where that is
// possible. It says what it will run before it runs it, and where it may not, it prints the exact command instead.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  aptPrefix,
  debianPackages,
  describeParts,
  javaMajor,
  MINIMUM_JAVA,
  otherSystemCommand,
  readJavaRelease,
} from './decisions.mjs';

/** First executable of that name in PATH, then in the directories where servers live but users' PATHs do not look. */
export function findProgram(name, env, extra = []) {
  for (const directory of [...(env.PATH ?? '').split(':'), ...extra]) {
    if (directory === '') continue;
    const path = join(directory, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this directory.
    }
  }
  return undefined;
}

const SERVER_DIRECTORIES = [
  '/usr/sbin',
  '/usr/local/sbin',
  '/usr/libexec',
  '/usr/local/mysql/bin',
  '/opt/homebrew/bin',
];

/** Path of mariadbd or mysqld, or undefined. */
export function findDatabaseServer(env) {
  return findProgram('mariadbd', env, SERVER_DIRECTORIES) ?? findProgram('mysqld', env, SERVER_DIRECTORIES);
}

/** A Java that runs DynamoDB Local and launches source files: `{ home, major }`, or undefined. */
export function findJava(env) {
  const homes = [];
  if ((env.JAVA_HOME ?? '') !== '') homes.push(env.JAVA_HOME);
  const inPath = findProgram('java', env);
  if (inPath !== undefined) homes.push(dirname(dirname(realpathSync(inPath))));
  homes.push(...installedJdks('/usr/lib/jvm'), '/opt/homebrew/opt/openjdk@17', '/opt/homebrew/opt/openjdk');
  for (const home of homes) {
    const java = inspectJava(home);
    if (java !== undefined && java.major >= MINIMUM_JAVA && java.compiler) return { home, major: java.major };
  }
  return undefined;
}

function installedJdks(directory) {
  try {
    return readdirSync(directory)
      .sort()
      .map((name) => join(directory, name));
  } catch {
    return [];
  }
}

/** The release file answers at once; only a Java without one is started to ask it. */
function inspectJava(home) {
  const program = join(home, 'bin', 'java');
  try {
    accessSync(program, constants.X_OK);
  } catch {
    return undefined;
  }
  try {
    const release = readJavaRelease(readFileSync(join(home, 'release'), 'utf8'));
    if (release !== undefined) return release;
  } catch {
    // A Java without a release file: ask the program.
  }
  const modules = spawnSync(program, ['--list-modules'], { encoding: 'utf8' });
  const base = /^java\.base@(\S+)/m.exec(modules.stdout ?? '')?.[1];
  return base === undefined ? undefined : { major: javaMajor(base), compiler: /^jdk\.compiler@/m.test(modules.stdout) };
}

/** Installs the missing parts with apt-get; false when that is not possible or failed, after saying what to run. */
export function installSystemParts(missing, env, say) {
  say(`${describeParts(missing)} ${missing.length > 1 ? 'are' : 'is'} needed here and missing.`);
  if (findProgram('apt-get', env) === undefined) {
    const command = otherSystemCommand(missing, (name) => findProgram(name, env) !== undefined);
    say(
      command === undefined
        ? 'Install it with your package manager and try again.'
        : `Run this and try again:\n  ${command}`,
    );
    return false;
  }
  const isRoot = process.getuid?.() === 0;
  const hasSudo = !isRoot && findProgram('sudo', env) !== undefined;
  const sudoWithoutPassword = hasSudo && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0;
  const prefix = aptPrefix({ isRoot, hasSudo, sudoWithoutPassword, isTerminal: process.stdin.isTTY === true });
  if (prefix === undefined) {
    say(`Installing needs root or sudo. Run this and try again:\n  ${aptCommand(missing)}`);
    return false;
  }

  // A fresh image has no package lists, and old ones name files that the mirror no longer has.
  if (!run(prefix, ['apt-get', 'update'], say)) return false;
  const packages = debianPackages(missing, isInDebian);
  return run(prefix, ['apt-get', 'install', '-y', '--no-install-recommends', ...packages], say);
}

/** What to type on Debian to get the missing parts. */
export function aptCommand(missing) {
  const packages = debianPackages(missing, isInDebian).join(' ');
  return `sudo apt-get update && sudo apt-get install -y --no-install-recommends ${packages}`;
}

/** Whether this release has the package, as far as the package lists on this machine say. */
function isInDebian(name) {
  return spawnSync('apt-cache', ['show', name], { stdio: 'ignore' }).status === 0;
}

function run(prefix, command, say) {
  const environment = 'DEBIAN_FRONTEND=noninteractive';
  const [program, ...args] = [...prefix, 'env', environment, ...command];
  say(`Running: ${[...prefix, ...command].join(' ')}`);
  // apt's talk goes to stderr: stdout is the data of the command that follows. stdin stays for sudo's password.
  const result = spawnSync(program, args, { stdio: ['inherit', 2, 2] });
  if (result.status === 0) return true;
  const how = result.error?.message ?? `exit code ${result.status ?? result.signal}`;
  say(
    `${command.join(' ')} failed (${how}). Its message is above; fix that, or run the command yourself, and try again.`,
  );
  return false;
}
