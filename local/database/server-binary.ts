/**
 * Finds the MariaDB or MySQL server programs of this machine. Debian puts servers in /usr/sbin, which is not on the PATH of an
 * ordinary user, so a few usual folders are searched too. It starts nothing but `--version`.
 */
import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const USUAL_FOLDERS = [
  '/usr/sbin',
  '/usr/local/sbin',
  '/usr/libexec',
  '/usr/local/bin',
  '/usr/bin',
  '/opt/homebrew/bin',
];

export interface DatabaseServer {
  readonly flavour: 'mariadb' | 'mysql';
  /** The server program. */
  readonly server: string;
  /** `mariadb-install-db`; absent for MySQL, whose server initialises its own directory. */
  readonly installer?: string;
  readonly version: string;
}

async function findProgram(names: readonly string[]): Promise<string | undefined> {
  const folders = [...(process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== ''), ...USUAL_FOLDERS];
  for (const name of names) {
    for (const folder of folders) {
      const path = join(folder, name);
      const runnable = await access(path, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (runnable) return path;
    }
  }
  return undefined;
}

/** The server to use; throws with the packages to install when there is none. */
export async function findDatabaseServer(): Promise<DatabaseServer> {
  const server = await findProgram(['mariadbd', 'mysqld']);
  if (server === undefined) {
    throw new Error(
      'No MariaDB or MySQL server program was found (looked for mariadbd and mysqld). ' +
        'Install it with: apt-get install mariadb-server-core mariadb-client-core',
    );
  }
  const { stdout } = await promisify(execFile)(server, ['--no-defaults', '--version']);
  const version = stdout.trim();
  if (!version.includes('MariaDB')) return { flavour: 'mysql', server, version };
  const installer = await findProgram(['mariadb-install-db', 'mysql_install_db']);
  if (installer === undefined) {
    throw new Error(
      `${server} was found but mariadb-install-db was not, so its data directory cannot be made. ` +
        'Install it with: apt-get install mariadb-server-core mariadb-client-core',
    );
  }
  return { flavour: 'mariadb', server, installer, version };
}
