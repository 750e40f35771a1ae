/**
 * A planted bug: one small change of the code under test that breaks a law or a rule of it. It is described by the exact text that it
 * replaces, so it says nothing about lines and survives edits elsewhere; a text that is gone, or there twice, is an error, never a skip.
 */

export interface Mutant {
  /** Unique, kebab-case. */
  readonly name: string;
  /** The law or rule that it breaks, in words. */
  readonly breaks: string;
  /** From the root of the project. */
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  /** Test files that will probably notice. They run first; when they pass, everything else does. */
  readonly likely: readonly string[];
  /** True when the bug shows as work that never ends: then, and only then, a run out of time counts as caught. */
  readonly hangs?: true;
}

/** How often `part` stands in `text`. */
function occurrences(text: string, part: string): number {
  return part === '' ? 0 : text.split(part).length - 1;
}

/** @throws Error that names the mutant when its text does not occur exactly once in the source of its file. */
export function planted(source: string, { name, file, find, replace }: Mutant): string {
  const count = occurrences(source, find);
  if (count !== 1) {
    throw new Error(
      `mutant ${name}: its text occurs ${count} times in ${file}, expected once: ${JSON.stringify(find)}. ` +
        'The code has changed: correct `find` in test/planted-bugs/catalogue, or drop the mutant when its rule is gone.',
    );
  }
  const at = source.indexOf(find);
  return source.slice(0, at) + replace + source.slice(at + find.length);
}
