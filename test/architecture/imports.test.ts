/** Which folder may import which, as ARCHITECTURE.md says. A failure names the import, the rule and what to do instead. */
import { describe, expect, test } from 'vitest';
import { type Import, type SourceFile, sourceFile, sourceFiles, topFolder } from './source-files.ts';

interface Ring {
  readonly folder: string;
  /** Imports of the project that are allowed beside those of the folder itself. */
  readonly mayImport: (path: string) => boolean;
  readonly rule: string;
  readonly fix: string;
}

const under =
  (...prefixes: readonly string[]) =>
  (path: string): boolean =>
    prefixes.some((prefix) => path === prefix || path.startsWith(`${prefix}/`));

const isEnvironmentOfFunction = (path: string): boolean =>
  /^(functions|subscribers)\/[^/]+\/environment\.ts$/.test(path);

const RINGS: readonly Ring[] = [
  {
    folder: 'schemas',
    mayImport: () => false,
    rule: 'schemas/ imports nothing of ours',
    fix: 'move what it needs into schemas/, or decide it in core/',
  },
  {
    folder: 'core',
    mayImport: under('schemas'),
    rule: 'core/ imports schemas/ only',
    fix: 'pass the effect in as an argument (a port of a few methods) and make it in functions/ or cli/',
  },
  {
    folder: 'functions',
    mayImport: under('core', 'schemas'),
    rule: 'functions/ imports core/ and schemas/ only',
    fix: 'a function knows its event and its environment; everything else belongs to core/',
  },
  {
    folder: 'infra',
    mayImport: (path) => under('schemas')(path) || isEnvironmentOfFunction(path),
    rule: 'infra/ imports schemas/, functions/*/environment.ts and subscribers/*/environment.ts only',
    fix: 'describe AWS from the declarations in schemas/; a setting of a function belongs into its environment.ts',
  },
  {
    folder: 'local',
    mayImport: under('schemas/dms-record.ts'),
    rule: 'local/ is a small AWS that knows no metrics: it imports itself and schemas/dms-record.ts only',
    fix: 'read it from the cloud assembly (cdk.out), or take it as an option from whoever starts the runtime',
  },
  {
    folder: 'consumer',
    mayImport: under('schemas'),
    rule: 'consumer/ is imported by other teams: it imports schemas/ only',
    fix: 'move the contract to schemas/',
  },
  {
    folder: 'subscribers',
    mayImport: under('consumer', 'schemas'),
    rule: 'subscribers/ are written as another team would write them: they import consumer/ and schemas/ only',
    fix: 'offer what it needs in consumer/',
  },
  {
    folder: 'druid',
    mayImport: under('consumer', 'schemas'),
    rule: 'druid/ feeds Druid from the contract: it imports consumer/ and schemas/ only',
    fix: 'take clients as arguments; commands belong to cli/',
  },
  {
    folder: 'cli',
    mayImport: (path) => !under('infra', 'functions', 'bench', 'test')(path) || path === 'infra/app.ts',
    rule: 'cli/ imports neither the inside of infra/ nor functions/, bench/ or test/',
    fix: 'read what was deployed from the stack outputs or from the cloud assembly',
  },
  {
    folder: 'sample',
    mayImport: under('schemas'),
    rule: 'sample/ imports schemas/ only',
    fix: 'take connections and clocks as arguments',
  },
  {
    folder: 'simulator',
    mayImport: under('functions', 'core', 'schemas', 'local/stream', 'local/pipes', 'local/lambda'),
    rule: 'simulator/ runs the functions and the pollers as they are; what it simulates it writes itself',
    fix: 'simulate it, or move what is shared to schemas/',
  },
  {
    folder: 'bench',
    mayImport: (path) => !under('test')(path),
    rule: 'bench/ measures what users run, through cli/ as well; nothing imports test/',
    fix: 'move what is shared to core/, local/ or cli/',
  },
  {
    folder: 'scripts',
    mayImport: () => false,
    rule: 'scripts/ runs before anything is installed: it imports nothing of ours and no package',
    fix: 'write it with what any Node has',
  },
  { folder: 'test', mayImport: () => true, rule: 'tests may import everything', fix: '' },
];

const SUBPATHS = [
  'schemas',
  'core',
  'functions',
  'infra',
  'local',
  'cli',
  'sample',
  'consumer',
  'subscribers',
  'druid',
  'simulator',
  'test',
];

function broken(file: SourceFile, { path, specifier }: Import): string | undefined {
  const ring = RINGS.find(({ folder }) => folder === topFolder(file.path));
  if (path === undefined || !ring) return undefined;
  if (topFolder(path) === ring.folder || ring.mayImport(path)) return undefined;
  return `${file.path} imports ${specifier}: ${ring.rule}. Fix: ${ring.fix}.`;
}

function wrongSpelling(file: SourceFile, { path, specifier }: Import): string | undefined {
  if (path === undefined || !SUBPATHS.includes(topFolder(file.path))) return undefined;
  const isOwnFolder = topFolder(path) === topFolder(file.path);
  if (isOwnFolder === specifier.startsWith('.') || topFolder(file.path) === 'test') return undefined;
  if (!SUBPATHS.includes(topFolder(path))) return undefined;
  return isOwnFolder
    ? `${file.path} imports ${specifier}: inside a top folder imports are relative. Fix: write a path that begins with ./ or ../`
    : `${file.path} imports ${specifier}: across top folders imports are subpaths. Fix: write #${path}`;
}

/** Circles of imports, types included, each as `a → b → a`. */
function circles(files: readonly SourceFile[]): readonly string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const place = trail.indexOf(path);
    if (place >= 0) found.push([...trail.slice(place), path].join(' → '));
    if (place >= 0 || done.has(path)) return;
    for (const { path: next } of byPath.get(path)?.imports ?? [])
      if (next && byPath.has(next)) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const { path } of files) visit(path, []);
  return found;
}

describe('imports', () => {
  const files = sourceFiles();

  test('keep to the rings: schemas ← core ← functions, cli; infra and local beside them', () => {
    expect(files.flatMap((file) => file.imports.flatMap((one) => broken(file, one) ?? []))).toEqual([]);
  });

  test('are relative inside a top folder and subpaths across', () => {
    expect(files.flatMap((file) => file.imports.flatMap((one) => wrongSpelling(file, one) ?? []))).toEqual([]);
  });

  test('form no circle; break one by moving what both need into a file of its own', () => {
    expect(circles(files)).toEqual([]);
  });

  test('name files that exist', () => {
    const paths = new Set(files.map(({ path }) => path));
    const ours = files.flatMap(({ path: from, imports }) =>
      imports.flatMap(({ path, specifier }) =>
        path && SUBPATHS.includes(topFolder(from)) && /\.(ts|mjs)$/.test(path) && !paths.has(path)
          ? [`${from} imports ${specifier}, which is not in the repository. Fix: correct the path or add the file.`]
          : [],
      ),
    );
    expect(ours).toEqual([]);
  });

  test('of every folder with sources are ruled by this test', () => {
    const ruled = new Set([...RINGS.map(({ folder }) => folder), 'bin']);
    const folders = new Set(
      files
        .map(({ path }) => path)
        .filter((path) => path.includes('/'))
        .map(topFolder),
    );
    expect([...folders].filter((folder) => !ruled.has(folder))).toEqual([]);
  });
});

describe('the rules themselves', () => {
  const importing = (path: string, text: string): readonly (string | undefined)[] => {
    const file = sourceFile(path, text);
    return file.imports.map((one) => broken(file, one));
  };

  test('refuse what they are there to refuse', () => {
    expect(importing('schemas/a.ts', "import { b } from '#core/b.ts';")[0]).toContain(
      'schemas/ imports nothing of ours',
    );
    expect(importing('core/a.ts', "import { b } from '#functions/b.ts';")[0]).toContain('core/ imports schemas/ only');
    expect(importing('local/a.ts', "import { b } from '#schemas/source/lph.ts';")[0]).toContain('knows no metrics');
    expect(importing('infra/a.ts', "import { b } from '../core/b.ts';")[0]).toContain('functions/*/environment.ts');
    expect(importing('cli/a.ts', "export { b } from '#test/b.ts';")[0]).toContain('bench/ or test/');
    expect(importing('sample/a.ts', "const b = await import('#cli/b.ts');")[0]).toContain(
      'sample/ imports schemas/ only',
    );
    expect(importing('core/a.ts', "import {\n  b,\n  c,\n} from '../local/b.ts';")[0]).toContain(
      'core/ imports schemas/',
    );
  });

  test('see a circle', () => {
    const files = [
      sourceFile('core/a.ts', "import { b } from './b.ts';"),
      sourceFile('core/b.ts', "import { c } from './c.ts';"),
      sourceFile('core/c.ts', "import { a } from './a.ts';"),
    ];
    expect(circles(files)).toEqual(['core/a.ts → core/b.ts → core/c.ts → core/a.ts']);
  });
});
