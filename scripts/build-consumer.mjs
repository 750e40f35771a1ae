// Makes the package that other teams install: consumer/ and the contract as JavaScript with types, because Node strips no types below
// node_modules. `node scripts/build-consumer.mjs [folder]` writes it to dist/consumer; `npm pack` in there makes the tarball.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const target = resolve(process.argv[2] ?? join(root, 'dist/consumer'));
const read = (path) => readFileSync(join(root, path), 'utf8');

/** Imports of our own, inside the folder and across, as paths to JavaScript that any Node and any bundler resolves. */
function rewritten(text, path) {
  const across = relative(dirname(path), '.') || '.';
  return text
    .replace(/(from\s+|import\()'#(\w[^']*)\.ts'/g, (_, before, file) => `${before}'${across}/${file}.js'`)
    .replace(/(from\s+|import\()'(\.[^']*)\.ts'/g, (_, before, file) => `${before}'${file}.js'`);
}

function write(path, text) {
  mkdirSync(dirname(join(target, path)), { recursive: true });
  writeFileSync(join(target, path), text);
}

const inConsumer = readdirSync(join(root, 'consumer'), { recursive: true, encoding: 'utf8' });
const sources = [...inConsumer.filter((file) => file.endsWith('.ts')).map((file) => join('consumer', file))];
sources.push(join('schemas', 'metric-changed.ts'));

rmSync(target, { recursive: true, force: true });
const tsc = join(root, 'node_modules/typescript/bin/tsc');
const types = spawnSync(process.execPath, [tsc, '-p', join(root, 'consumer/tsconfig.build.json'), '--outDir', target], {
  stdio: ['ignore', 2, 2],
});
if (types.status !== 0) throw new Error('the types of consumer/ could not be made; tsc says why above');

for (const path of sources) {
  write(path.replace(/\.ts$/, '.js'), rewritten(stripTypeScriptTypes(read(path)), path));
  const declarations = path.replace(/\.ts$/, '.d.ts');
  write(declarations, rewritten(readFileSync(join(target, declarations), 'utf8'), path));
}

const { name, version, description, dependencies } = JSON.parse(read('package.json'));
const manifest = {
  name,
  version,
  description: `${description} This package is the kit for its consumers.`,
  type: 'module',
  exports: {
    './consumer/*': { types: './consumer/*.d.ts', default: './consumer/*.js' },
    './schemas/metric-changed': { types: './schemas/metric-changed.d.ts', default: './schemas/metric-changed.js' },
    './golden-events/*': './golden-events/*',
    './package.json': './package.json',
  },
  dependencies: { zod: dependencies.zod },
  // Only the stores and the fetch of DynamoDB need it, and Lambda has it.
  peerDependencies: { '@aws-sdk/client-dynamodb': '^3.0.0' },
  peerDependenciesMeta: { '@aws-sdk/client-dynamodb': { optional: true } },
  engines: { node: '>=22' },
  sideEffects: false,
};
write('package.json', `${JSON.stringify(manifest, null, 2)}\n`);
write('README.md', read('docs/consuming-events.md'));
write('events.md', read('docs/events.md'));
cpSync(join(root, 'test/fixtures/events'), join(target, 'golden-events'), { recursive: true });
process.stderr.write(
  `${name} ${version} for consumers is in ${relative('.', target) || '.'}; npm pack there makes the tarball\n`,
);
