/**
 * Finds the Java that runs DynamoDB Local and says clearly what to do when there is none, when it is too old, or when it cannot run a
 * Java source file (the loopback launcher is one).
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** DynamoDB Local is built for Java 17. */
const OLDEST_JAVA = 17;
const INSTALL = 'On Debian: apt-get install openjdk-17-jdk-headless';

/** Path of a usable `java`: from JAVA_HOME if set, else from PATH. */
export async function findJava(environment: NodeJS.ProcessEnv = process.env): Promise<string> {
  const java = environment.JAVA_HOME ? join(environment.JAVA_HOME, 'bin', 'java') : 'java';
  const version = await runJava(java, ['-version']);
  const major = javaMajorVersion(version);
  if (major === undefined || major < OLDEST_JAVA) {
    const found = version.split('\n')[0] ?? '';
    throw new Error(
      `DynamoDB Local needs Java ${OLDEST_JAVA} or newer; \`${java} -version\` says: ${found}. ${INSTALL}`,
    );
  }
  const modules = await runJava(java, ['--list-modules']);
  if (!modules.includes('jdk.compiler')) {
    throw new Error(
      `\`${java}\` has no module jdk.compiler, which runs the loopback launcher of DynamoDB Local. ${INSTALL}`,
    );
  }
  return java;
}

/** `17` from `openjdk version "17.0.15"`, `8` from `java version "1.8.0_392"`; undefined if there is no version in the text. */
export function javaMajorVersion(text: string): number | undefined {
  const match = /version "(\d+)(?:\.(\d+))?/.exec(text);
  if (match?.[1] === undefined) return undefined;
  return match[1] === '1' ? Number(match[2]) : Number(match[1]);
}

async function runJava(java: string, options: readonly string[]): Promise<string> {
  try {
    const { stdout, stderr } = await promisify(execFile)(java, options, { timeout: 30_000 });
    return `${stdout}${stderr}`;
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'is not installed' : (error as Error).message;
    throw new Error(`DynamoDB Local needs Java ${OLDEST_JAVA} or newer, but \`${java}\` ${reason}. ${INSTALL}`);
  }
}
