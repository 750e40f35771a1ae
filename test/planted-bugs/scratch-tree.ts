/**
 * A copy of the project in a temporary directory, in which bugs are planted one after the other. The project itself is never touched, so a
 * run that is killed leaves nothing behind in it. Installed packages are not copied but linked.
 */
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { type Mutant, planted } from './mutant.ts';

/** Neither sources nor needed by a fast lane. */
const NOT_COPIED = new Set(['node_modules', '.git', '.relay', 'cdk.out']);
/** It says that every text of the catalogue is there, which a planted bug makes false: it would catch every bug. */
const CATALOGUE_TESTS = join('test', 'unit', 'planted-bugs');

export class ScratchTree implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async copyOf(root: string): Promise<ScratchTree> {
    const path = await mkdtemp(join(tmpdir(), 'metric-relay-planted-'));
    const isCopied = (source: string): boolean => {
      const place = relative(root, source);
      return !NOT_COPIED.has(place.split(sep)[0] ?? '') && place !== CATALOGUE_TESTS;
    };
    await cp(root, path, { recursive: true, filter: isCopied });
    await symlink(join(root, 'node_modules'), join(path, 'node_modules'), 'dir');
    return new ScratchTree(path);
  }

  /** @throws Error when the bug cannot be planted here. */
  async check(mutant: Mutant): Promise<void> {
    planted(await readFile(join(this.path, mutant.file), 'utf8'), mutant);
  }

  /** Plants the bug, does the work, and puts back what was there, whatever became of the work. */
  async with<T>(mutant: Mutant, work: () => Promise<T>): Promise<T> {
    const file = join(this.path, mutant.file);
    const source = await readFile(file, 'utf8');
    await writeFile(file, planted(source, mutant));
    try {
      return await work();
    } finally {
      await writeFile(file, source);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}
