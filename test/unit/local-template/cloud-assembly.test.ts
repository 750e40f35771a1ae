import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readAssetPaths, readCloudAssembly } from '#local/template/cloud-assembly.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'assembly-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function write(file: string, content: unknown): void {
  writeFileSync(join(directory, file), typeof content === 'string' ? content : JSON.stringify(content));
}

function stackArtifact(templateFile: string, dependencies: readonly string[] = []): object {
  return { type: 'aws:cloudformation:stack', properties: { templateFile }, dependencies };
}

describe('a cloud assembly', () => {
  it('gives its stacks in dependency order, also through asset artifacts that are no stacks', () => {
    write('manifest.json', {
      artifacts: {
        Late: stackArtifact('t.json', ['Late.assets', 'Early']),
        'Late.assets': { type: 'cdk:asset-manifest', properties: { file: 'a.json' } },
        Early: stackArtifact('t.json'),
      },
    });
    write('t.json', { Resources: {} });
    expect(readCloudAssembly(directory).stacks.map(({ stackName }) => stackName)).toEqual(['Early', 'Late']);
  });

  it('finds the folder of a function by the key in the deployment bucket', () => {
    write('manifest.json', { artifacts: { A: { type: 'cdk:asset-manifest', properties: { file: 'a.json' } } } });
    write('a.json', {
      files: {
        abc: { source: { path: 'asset.abc', packaging: 'zip' }, destinations: { d: { objectKey: 'abc.zip' } } },
      },
    });
    expect([...readAssetPaths(directory)]).toEqual([['abc.zip', join(directory, 'asset.abc')]]);
  });

  it('says what to run when there is none, when it is broken, and when stacks form a circle', () => {
    expect(() => readCloudAssembly(directory)).toThrow(/no manifest\.json\. Run: npm run synth/);
    write('manifest.json', '{');
    expect(() => readCloudAssembly(directory)).toThrow(/is not JSON/);
    write('manifest.json', { artifacts: { A: stackArtifact('t.json', ['B']), B: stackArtifact('t.json', ['A']) } });
    write('t.json', { Resources: {} });
    expect(() => readCloudAssembly(directory)).toThrow(/circle: A → B → A/);
  });
});
