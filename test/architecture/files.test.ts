/** Form of the files: names that say something, a size that can be read, no hole in the types. */
import { describe, expect, test } from 'vitest';
import { code, placesOf, projectPaths, type SourceFile, sourceFile, sourceFiles } from './source-files.ts';

const LINES_MAX = 300;
/** Drawers: whatever is put there could be anything. */
const DRAWER = /(^|\/)(utils?|common|helpers?|types?|misc|shared)(\/|\.[a-z.]+$)/i;
/** A class or file that manages, helps or processes has no subject of its own. */
const EMPTY_WORD = /(^|[-/])(manager|helper|service|processor)s?\.[a-z]+$/i;

const linesOf = ({ text }: SourceFile): number => text.replace(/\n$/, '').split('\n').length;
const isTypeScript = ({ path }: SourceFile): boolean => path.endsWith('.ts');
/** Written as text, because this file is looked at as well. */
const HOLE = new RegExp(['\\bas any\\b', ':\\s*any\\b', '<any>', '\\bany\\[\\]'].join('|'));
const holesIn = (file: SourceFile): readonly string[] => placesOf(file, HOLE);
/** Directives are comments, so they are looked for in the whole text. */
const directives = ({ path, text }: SourceFile): readonly string[] =>
  text
    .split('\n')
    .flatMap((line, index) =>
      /^\s*(?:\/\/|\/?\*+)\s*@ts-(?:ignore|nocheck)/.test(line) ? [`${path}:${index + 1}`] : [],
    );

describe('files', () => {
  const files = sourceFiles();

  test(`have at most ${LINES_MAX} lines; a longer one holds a decision that wants a file of its own`, () => {
    const long = files.filter(({ path }) => !path.startsWith('test/')).filter((file) => linesOf(file) > LINES_MAX);
    expect(long.map((file) => `${file.path}: ${linesOf(file)} lines`)).toEqual([]);
  });

  test('and folders are named after what they own, never utils, common, helpers, types', () => {
    expect(projectPaths().filter((path) => DRAWER.test(path))).toEqual([]);
    expect(projectPaths().filter((path) => EMPTY_WORD.test(path))).toEqual([]);
  });

  test('never say `any`; write `unknown` and parse, or name the type', () => {
    expect(files.filter(isTypeScript).flatMap((file) => [...holesIn(file), ...directives(file)])).toEqual([]);
  });

  test('of the three rings open with what they own', () => {
    const ruled = files.filter(({ path }) =>
      /^(schemas|core|functions|infra|local|cli|sample|simulator|consumer)\//.test(path),
    );
    const silent = ruled.filter(({ text }) => !/^(#!.*\n)?\s*(\/\*\*|\/\/)/.test(text));
    expect(silent.map(({ path }) => `${path}: begin with one to five sentences on what the file owns`)).toEqual([]);
  });

  test('of the wrong form are seen', () => {
    expect(DRAWER.test('core/utils/text.ts') && DRAWER.test('core/helpers.ts') && DRAWER.test('local/types.ts')).toBe(
      true,
    );
    expect(DRAWER.test('local/dms/column-type.ts') || DRAWER.test('core/event/event-types-of.ts')).toBe(false);
    expect(holesIn(sourceFile('core/a.ts', 'const b = c as any; // as any'))).toEqual(['core/a.ts:1']);
    expect(holesIn(sourceFile('core/a.ts', "// as any\nconst b = 'as any thing';"))).toEqual([]);
    expect(code('const a = 1; // note')).toBe('const a = 1;        ');
  });
});
