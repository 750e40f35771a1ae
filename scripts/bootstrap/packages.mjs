// Installs the locked npm packages once per lock file. A stamp inside node_modules remembers for which lock file and platform they
// were installed, so that a later start costs one hash. A lock keeps two bootstraps of one clone from running `npm ci` together.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readlinkSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { takeLock } from './clone-lock.mjs';
import { packagesMatchLock } from './decisions.mjs';

const STAMP = '.relay-installed';

/** Makes node_modules match package-lock.json; false when that failed, after saying why. */
export async function installPackages(root, say) {
  if (isInstalled(root)) return true;
  // Outside node_modules, which `npm ci` removes first.
  const release = await takeLock(join(root, '.relay', 'bootstrap.lock'), (holder) =>
    say(`Another bootstrap (process ${holder}) is installing the packages of this clone; waiting for it…`),
  );
  try {
    if (isInstalled(root)) return true;
    if (matchesAlready(root)) {
      writeStamp(root);
      return true;
    }
    return runNpmCi(root, say);
  } finally {
    release();
  }
}

function runNpmCi(root, say) {
  const why = existsSync(join(root, 'node_modules')) ? 'package-lock.json has changed' : 'this is a fresh clone';
  say(`Installing the locked npm packages (${why}; they bring Node 24)…`);
  const begun = Date.now();
  // Install scripts are never run: none of the packages needs one here, and they would be code from the network.
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  // npm's own progress belongs on stderr: stdout is the data of the command that follows.
  const result = spawnSync('npm', args, { cwd: root, stdio: ['ignore', 2, 2], env: environmentForNpm() });
  if (result.error !== undefined) {
    say(`npm could not be started (${result.error.message}). Install npm, for example: sudo apt-get install -y npm`);
    return false;
  }
  if (result.status !== 0) {
    say(
      `npm ci failed with exit code ${result.status ?? result.signal}. Its message is above; fix that and try again.`,
    );
    return false;
  }
  writeStamp(root);
  say(`Packages installed in ${((Date.now() - begun) / 1000).toFixed(1)} s.`);
  return true;
}

/** An npm that runs this script hands its own settings down as npm_config_*; those of the outer command are not ours. */
function environmentForNpm() {
  const own = Object.entries(process.env).filter(
    ([name]) =>
      !/^npm_(package|lifecycle|command|execpath|node_execpath|config_(json|ignore_scripts|omit))/i.test(name),
  );
  return Object.fromEntries(own);
}

function stampText(root) {
  const hash = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  return `${hash} ${process.platform} ${process.arch}\n`;
}

function writeStamp(root) {
  writeFileSync(join(root, 'node_modules', STAMP), stampText(root));
}

/** Whether the packages are those of the lock file, as far as the stamp says. */
export function isInstalled(root) {
  try {
    return readFileSync(join(root, 'node_modules', STAMP), 'utf8') === stampText(root);
  } catch {
    return false;
  }
}

/** Somebody ran `npm ci` by hand: npm's own record inside node_modules says so, and nothing needs to be done again. */
function matchesAlready(root) {
  try {
    const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
    const installed = JSON.parse(readFileSync(join(root, 'node_modules', '.package-lock.json'), 'utf8'));
    const needsPackagedNode = process.platform === 'linux' && (process.arch === 'x64' || process.arch === 'arm64');
    return packagesMatchLock(lock, installed) && (!needsPackagedNode || packagedNode(root) !== undefined);
  } catch {
    return false;
  }
}

/** The Node 24 that the packages bring, or undefined on a system they have none for. */
export function packagedNode(root) {
  const path = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
  return existsSync(path) ? path : undefined;
}

/** `npx relay` finds commands in node_modules/.bin; npm links only those of dependencies, so the clone's own is linked here. */
export function linkRelay(root) {
  const link = join(root, 'node_modules', '.bin', 'relay');
  const target = join('..', '..', 'bin', 'relay.mjs');
  try {
    if (readlinkSync(link) === target) return;
  } catch {
    // No link there yet.
  }
  mkdirSync(join(root, 'node_modules', '.bin'), { recursive: true });
  const fresh = `${link}.${process.pid}`;
  symlinkSync(target, fresh);
  renameSync(fresh, link);
}
