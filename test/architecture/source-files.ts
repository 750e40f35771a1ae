/**
 * The project's own sources as the architecture tests see them: path, text, and imports resolved to paths of the project. Only what git would
 * keep is looked at, so build output and installed packages never count.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

export const ROOT = join(import.meta.dirname, '..', '..');

export interface Import {
  /** As written. */
  readonly specifier: string;
  /** Path from the root of the project, or undefined for a package. */
  readonly path: string | undefined;
  readonly isTypeOnly: boolean;
}

export interface SourceFile {
  /** From the root of the project, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

const SOURCE = /\.(ts|mts|mjs|js)$/;
/** An import or re-export statement, or a dynamic import; at the beginning of a line, so that text about imports is none. */
const STATEMENT = /^(?:import|export)\s(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]/gm;
const DYNAMIC = /\bimport\(\s*['"]([^'"]+)['"]/g;

/** Files that are committed or would be, also those that were not added yet. */
export function projectPaths(): readonly string[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return listed.split('\n').filter((path) => path !== '' && existsSync(join(ROOT, path)));
}

export function sourceFiles(): readonly SourceFile[] {
  return projectPaths()
    .filter((path) => SOURCE.test(path))
    .map((path) => sourceFile(path, readFileSync(join(ROOT, path), 'utf8')));
}

export function sourceFile(path: string, text: string): SourceFile {
  const imports: Import[] = [];
  for (const [statement, specifier = ''] of text.matchAll(STATEMENT)) {
    imports.push({ specifier, path: resolved(path, specifier), isTypeOnly: isTypeOnly(statement) });
  }
  for (const [, specifier = ''] of code(text, 'keepPaths').matchAll(DYNAMIC)) {
    imports.push({ specifier, path: resolved(path, specifier), isTypeOnly: false });
  }
  return { path, text, imports };
}

/** `import type …` and a list in which every name says `type`. */
function isTypeOnly(statement: string): boolean {
  if (/^(?:import|export)\s+type\s/.test(statement)) return true;
  const list = /^(?:import|export)\s*\{([^}]*)\}/.exec(statement)?.[1];
  const names = list?.split(',').flatMap((name) => name.trim() || []);
  return names !== undefined && names.length > 0 && names.every((name) => name.startsWith('type '));
}

function resolved(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('#')) return specifier.slice(1);
  if (specifier.startsWith('.')) return normalize(join(dirname(from), specifier));
  return undefined;
}

/** The text without comments and without what stands in quotes (paths may stay); line breaks stay, so line numbers are right. */
export function code(text: string, paths: 'keepPaths' | 'blankPaths' = 'blankPaths'): string {
  const blank = (match: string): string => match.replace(/[^\n]/g, ' ');
  const pattern = /\/\*[\s\S]*?\*\/|(?<![:\\])\/\/[^\n]*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g;
  return text.replace(pattern, (match) => {
    const isPath = /^['"]/.test(match) && !match.includes(' ');
    return isPath && paths === 'keepPaths' ? match : blank(match);
  });
}

/** `core/change/row-text.ts` → `core` */
export const topFolder = (path: string): string => path.split('/')[0] ?? '';

/** Lines of the code (not of comments or texts) that match, as `path:line`. */
export function placesOf(file: SourceFile, pattern: RegExp): readonly string[] {
  return code(file.text)
    .split('\n')
    .flatMap((line, index) => (pattern.test(line) ? [`${file.path}:${index + 1}`] : []));
}
