/** Where things of this clone are: its root, its cloud assembly, its default data directory. */
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const PROJECT_ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
export const ASSEMBLY_DIRECTORY = join(PROJECT_ROOT, 'cdk.out');
/** The assembly that has the stack of the worked subscribers too. */
export const SUBSCRIBERS_ASSEMBLY_DIRECTORY = join(PROJECT_ROOT, 'cdk.out.subscribers');

/** Flag over environment over default. A relative path is relative to where the command was started. */
export function dataDirectory(flag: string | undefined, env: NodeJS.ProcessEnv = process.env): string {
  const chosen = flag ?? (env.RELAY_DATA_DIR === '' ? undefined : env.RELAY_DATA_DIR);
  return chosen === undefined ? join(PROJECT_ROOT, '.relay') : resolve(chosen);
}
