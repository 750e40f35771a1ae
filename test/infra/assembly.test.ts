import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Stack, type Stage } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { describe, expect, test, vi } from 'vitest';
import { relayApp } from '#infra/relay-app.ts';
import { temporaryFolder } from './synthesised-app.ts';

const first = temporaryFolder();
const second = temporaryFolder();
const careless = temporaryFolder();
relayApp({ outdir: first }).synth();
relayApp({ outdir: second }).synth();
const read = (folder: string, file: string): string => readFileSync(join(folder, file), 'utf8');
const json = (file: string) => JSON.parse(read(first, file));

interface RawTemplate {
  readonly Outputs: Record<string, { readonly Value: unknown }>;
  readonly Resources: Record<string, { readonly Type: string; readonly Properties: Record<string, unknown> }>;
}
interface FunctionProperties {
  readonly Description: string;
  readonly Handler: string;
  readonly Code: { readonly S3Key: string };
  readonly Environment: { readonly Variables: Readonly<Record<string, unknown>> };
}
const relay = json('MetricRelay.template.json') as RawTemplate;

describe('the cloud assembly', () => {
  test.each(['MetricRelay.template.json', 'MetricRelayState.template.json', 'MetricRelay.assets.json'])(
    '%s is the same on every synthesis',
    (file) => {
      expect(read(second, file)).toBe(read(first, file));
    },
  );

  const functions = Object.values(relay.Resources)
    .filter(({ Type }) => Type === 'AWS::Lambda::Function')
    .map(({ Properties }) => Properties as unknown as FunctionProperties);

  test('holds four functions', () => {
    expect(functions).toHaveLength(4);
  });

  test.each(functions)(
    'a bundle that loads and exports its handler: $Description',
    async ({ Code, Handler, Environment }) => {
      const bundle = join(first, `asset.${Code.S3Key.replace(/\.zip$/, '')}`, 'index.mjs');
      expect(Handler).toBe('index.handler');
      expect(existsSync(`${bundle}.map`)).toBe(true);
      // The runtime's own SDK is another version than the one that was tested.
      expect(readFileSync(bundle, 'utf8')).not.toMatch(/from ["']@(aws-sdk|smithy)\//);
      vi.stubEnv('AWS_REGION', 'us-east-1');
      for (const [name, value] of Object.entries(Environment.Variables)) {
        if (name !== 'NODE_OPTIONS') vi.stubEnv(name, typeof value === 'string' ? value : 'resolved-at-deployment');
      }
      const loaded = (await import(pathToFileURL(bundle).href)) as { readonly handler?: unknown };
      expect(loaded.handler).toBeTypeOf('function');
      vi.unstubAllEnvs();
    },
  );

  test('names everything that a caller has to find', () => {
    expect(Object.keys(relay.Outputs).sort()).toEqual([
      'ChangeStream',
      'EnrichmentFunction',
      'EventBus',
      'MetricsTable',
      'PipeName',
      'ProjectionDeadLetterQueueUrl',
      'ProjectionQueueUrl',
      'ProjectorFunction',
      'QuarantineBucket',
      'QuarantineTable',
      'ReplaySettings',
      'ReplayStateMachine',
      'ReplaysTable',
      'ReplicationConfigArn',
      'ReplicatorFunction',
      'ReplicatorMapping',
      'SourceRowsTable',
    ]);
  });

  test('every imported value is exported by the state stack', () => {
    const exported = new Set(
      Object.values(json('MetricRelayState.template.json').Outputs as Record<string, { Export: { Name: string } }>).map(
        ({ Export }) => Export.Name,
      ),
    );
    const imported = [...read(first, 'MetricRelay.template.json').matchAll(/"Fn::ImportValue": "([^"]+)"/g)].map(
      ([, name]) => name,
    );
    expect(imported.length).toBeGreaterThan(0);
    for (const name of imported) expect(exported).toContain(name);
  });

  test('uses only intrinsic functions that the one-machine runtime resolves', () => {
    const used = new Set(
      ['MetricRelay', 'MetricRelayState'].flatMap((stack) =>
        [...read(first, `${stack}.template.json`).matchAll(/"(Fn::[A-Za-z]+)":/g)].map(([, name]) => name),
      ),
    );
    const resolved = [
      'Fn::GetAtt',
      'Fn::Join',
      'Fn::Sub',
      'Fn::Select',
      'Fn::Split',
      'Fn::If',
      'Fn::Equals',
      'Fn::Not',
      'Fn::ImportValue',
    ];
    expect([...used].filter((name) => !resolved.includes(String(name)))).toEqual([]);
  });
});

describe('the rule pack', () => {
  interface Report {
    readonly pluginReports: readonly { readonly pluginName: string; readonly violations: readonly unknown[] }[];
  }

  test('finds nothing that is not acknowledged with a reason', () => {
    const report = json('validation-report.json') as Report;
    expect(report.pluginReports.length).toBeGreaterThan(0);
    expect(report.pluginReports.flatMap(({ violations }) => violations)).toEqual([]);
    const acknowledged = readdirSync(first)
      .filter((file) => file.endsWith('.metadata.json'))
      .flatMap((file) => [...read(first, file).matchAll(/"aws:cdk:acknowledged-rules"/g)]);
    expect(acknowledged.length).toBeGreaterThan(0);
  });

  test('stops a synthesis that breaks a rule', () => {
    const app = relayApp({ outdir: careless, bundle: false });
    new Bucket(new Stack(app as Stage, 'Careless'), 'Open');
    expect(() => app.synth()).toThrow(/AwsSolutions-S10/);
    const report = JSON.parse(read(careless, 'validation-report.json')) as Report;
    const rules = report.pluginReports.find(({ pluginName }) => pluginName === 'AwsSolutions');
    expect(JSON.stringify(rules)).toContain('AwsSolutions-S10');
  });
});
