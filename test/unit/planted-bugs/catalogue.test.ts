/** The catalogue of planted bugs cannot rot: each one still finds its text, changes it, and is code that runs. */
import { existsSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CATALOGUE } from '../../planted-bugs/catalogue.ts';
import { planted } from '../../planted-bugs/mutant.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const LEAST = 40;

describe('the catalogue of planted bugs', () => {
  test(`has at least ${LEAST} of them, each under a name of its own`, () => {
    const names = CATALOGUE.map(({ name }) => name);
    expect(names.length).toBeGreaterThanOrEqual(LEAST);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    expect(names.filter((name) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name))).toEqual([]);
  });

  test('names only test files that exist, and says in words what each one breaks', () => {
    const lost = CATALOGUE.flatMap(({ likely }) => likely).filter((path) => !existsSync(join(ROOT, path)));
    expect(lost).toEqual([]);
    expect(CATALOGUE.filter(({ breaks }) => breaks.split(' ').length < 4).map(({ name }) => name)).toEqual([]);
  });

  test.each(CATALOGUE)('$name still finds its text once, changes it, and leaves code that runs', (mutant) => {
    const source = readFileSync(join(ROOT, mutant.file), 'utf8');
    const changed = planted(source, mutant);
    expect(changed).not.toBe(source);
    expect(() => stripTypeScriptTypes(changed)).not.toThrow();
  });

  test('has no two that are the same change', () => {
    const changes = CATALOGUE.map(({ file, find, replace }) => [file, find, replace].join('\n'));
    expect(new Set(changes).size).toBe(changes.length);
  });
});

describe('a planted bug', () => {
  const mutant = {
    name: 'a-bug',
    breaks: 'a rule of the file',
    file: 'core/a.ts',
    find: '<',
    replace: '$&=',
    likely: [],
  };

  test('is put in the place of its text as it stands, patterns of a replacement included', () => {
    expect(planted('a < b', mutant)).toBe('a $&= b');
  });

  test('whose text is gone or there twice is an error that names it', () => {
    expect(() => planted('a > b', mutant)).toThrow(/a-bug.*0 times in core\/a\.ts/);
    expect(() => planted('a < b < c', mutant)).toThrow(/a-bug.*2 times/);
  });
});
