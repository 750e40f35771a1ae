// What the bootstrap decides: which parts a command needs, which are missing, and which packages bring them. Pure, so that every
// decision is tested without a machine that lacks the part. It must never touch the file system or start a program.

export const EXIT_FAILURE = 1;
export const EXIT_USAGE = 2;
export const EXIT_PRECONDITION = 4;

/** Oldest Java that runs DynamoDB Local. */
export const MINIMUM_JAVA = 17;

/** `v24.21.0` → 24; 0 when the text is no version. */
export function nodeMajor(version) {
  const match = /^v?(\d+)\./.exec(version);
  return match === null ? 0 : Number(match[1]);
}

/** Reads a JDK's `release` file: major version and whether it can compile (module jdk.compiler), or undefined. */
export function readJavaRelease(text) {
  const version = /^JAVA_VERSION="([^"]+)"/m.exec(text)?.[1];
  if (version === undefined) return undefined;
  const modules = /^MODULES="([^"]*)"/m.exec(text)?.[1];
  return {
    major: javaMajor(version),
    compiler: modules === undefined || modules.split(/\s+/).includes('jdk.compiler'),
  };
}

/** `17.0.15` → 17, `1.8.0_412` → 8, `21-ea` → 21; 0 when the text is no version. */
export function javaMajor(version) {
  const match = /^(?:1\.)?(\d+)/.exec(version);
  return match === null ? 0 : Number(match[1]);
}

/**
 * Which system parts a command needs. Commands that only talk to a pipeline, and scripts that only check or synthesise, need
 * none; help never does. With SOURCE_URL `up` uses that database instead of a private one.
 */
export function partsNeeded(mode, args, env) {
  const none = { database: false, java: false };
  if (args.includes('--help') || args.includes('-h')) return none;
  if (mode === 'run') return args[0]?.startsWith('test') ? { database: true, java: true } : none;
  const command = args.find((argument) => !argument.startsWith('-'));
  if (command === 'up') return { database: (env.SOURCE_URL ?? '') === '', java: true };
  if (command === 'demo') return { database: true, java: true };
  return none;
}

/** The parts that are needed and were not found. */
export function missingSystemParts(needed, found) {
  const missing = [];
  if (needed.database && !found.database) missing.push('database');
  if (needed.java && found.java === undefined) missing.push('java');
  return missing;
}

const PART_NAMES = { database: 'a MariaDB or MySQL server', java: `Java ${MINIMUM_JAVA} or newer with its compiler` };

/** `a MariaDB or MySQL server and Java 17 or newer with its compiler` */
export function describeParts(parts) {
  return parts.map((part) => PART_NAMES[part]).join(' and ');
}

/** Debian packages for the missing parts; `isAvailable(name)` answers whether this release has the package. */
export function debianPackages(missing, isAvailable = () => true) {
  const packages = [];
  if (missing.includes('database')) packages.push('mariadb-server-core', 'mariadb-client-core');
  if (missing.includes('java')) {
    // Bookworm has 17, trixie 21 and newer; default-jdk-headless exists in all of them.
    const candidates = ['openjdk-17-jdk-headless', 'openjdk-21-jdk-headless', 'default-jdk-headless'];
    packages.push(candidates.find(isAvailable) ?? 'default-jdk-headless');
  }
  return packages;
}

const OTHER_SYSTEMS = [
  ['brew', 'brew install', { database: ['mariadb'], java: ['openjdk@17'] }],
  ['dnf', 'sudo dnf install -y', { database: ['mariadb-server'], java: ['java-17-openjdk-devel'] }],
  ['zypper', 'sudo zypper install -y', { database: ['mariadb'], java: ['java-17-openjdk-devel'] }],
  ['apk', 'sudo apk add', { database: ['mariadb', 'mariadb-client'], java: ['openjdk17'] }],
  ['pacman', 'sudo pacman -S', { database: ['mariadb'], java: ['jdk17-openjdk'] }],
];

/** The command to print on a system without apt-get; `hasProgram(name)` answers whether its package manager is there. */
export function otherSystemCommand(missing, hasProgram) {
  const system = OTHER_SYSTEMS.find(([program]) => hasProgram(program));
  if (system === undefined) return undefined;
  const [, command, packages] = system;
  return `${command} ${missing.flatMap((part) => packages[part]).join(' ')}`;
}

/** How apt-get may be run: directly as root, through sudo when it can ask or needs no password, else not at all. */
export function aptPrefix({ isRoot, hasSudo, sudoWithoutPassword, isTerminal }) {
  if (isRoot) return [];
  if (hasSudo && (sudoWithoutPassword || isTerminal)) return ['sudo'];
  return undefined;
}

/**
 * Whether the packages that `npm ci` once put there are those of the lock file. Both are npm lock files, version 3; optional
 * packages for other systems may be absent.
 */
export function packagesMatchLock(lock, installed) {
  const present = new Map(Object.entries(installed.packages ?? {}));
  return Object.entries(lock.packages ?? {}).every(([path, entry]) => {
    if (path === '') return true;
    const found = present.get(path);
    if (found === undefined) return entry.optional === true;
    return found.version === entry.version && found.integrity === entry.integrity;
  });
}
