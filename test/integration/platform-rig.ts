/**
 * The real emulators and the real gateway with resources made one by one, for tests of functions, mappings and pipes. Everything is
 * on free ports of 127.0.0.1 and in a folder that is removed again.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openCheckpointStore } from '#local/checkpoint-store.ts';
import { startEmulators } from '#local/emulators/emulators.ts';
import { startGateway } from '#local/gateway/gateway.ts';
import type { Credentials, LocalAws } from '#local/local-aws.ts';
import type { CreatedResource, Json, ResourceProvider } from '#local/resources/resource-provider.ts';

export const REGION = 'us-east-1';
export const ACCOUNT = '000000000000';
/** May do everything; `credentialsOf` answers other ARNs with keys that may do nothing. */
export const ROLE = `arn:aws:iam::${ACCOUNT}:role/everything`;
export const POWERLESS_ROLE = `arn:aws:iam::${ACCOUNT}:role/nothing`;

export interface Platform {
  readonly aws: LocalAws;
  readonly log: string[];
  /** For SDK clients. */
  readonly access: { readonly endpoint: string; readonly region: string; readonly credentials: Credentials };
  create(
    provider: ResourceProvider,
    logicalId: string,
    properties: { readonly [name: string]: Json },
  ): Promise<CreatedResource>;
  /** Puts a one-file function into the assembly and answers the `Code` property for it. */
  asset(source: string): Promise<{ readonly S3Key: string }>;
  /** An AWS whose checkpoints are the same and everything else is new: what a restarted pipeline sees. */
  restarted(): LocalAws;
  /** Stops what was created, in reverse order, and forgets it. */
  stopCreated(): Promise<void>;
  stop(): Promise<void>;
}

export async function startPlatform(): Promise<Platform> {
  const directory = await mkdtemp(join(tmpdir(), 'platform-'));
  const log: string[] = [];
  const note: LocalAws['log'] = (source, message, fields) =>
    void log.push(`${source}: ${message} ${JSON.stringify(fields ?? {})}`);
  const naming = { region: REGION, accountId: ACCOUNT };
  const emulators = await startEmulators({ ...naming, dataDirectory: directory, log: note });
  const gateway = await startGateway({
    ...naming,
    log: note,
    backends: emulators.endpoints,
  });
  const checkpoints = openCheckpointStore(join(directory, 'checkpoints.sqlite'));
  const assembly = join(directory, 'assembly');
  await mkdir(assembly);
  const files: { [hash: string]: object } = {};
  const powerless = gateway.newCredentials('nothing');
  const newAws = (): LocalAws => ({
    ...naming,
    endpoint: gateway.endpoint,
    dataDirectory: directory,
    assemblyDirectory: assembly,
    log: note,
    checkpoints,
    credentialsOf: (roleArn) => (roleArn === ROLE ? gateway.operatorCredentials : powerless),
    registerFrontEnd: gateway.registerFrontEnd,
    created: new Map(),
  });
  const created: CreatedResource[] = [];
  let aws = newAws();
  const stopCreated = async (): Promise<void> => {
    for (const resource of created.splice(0).toReversed()) await resource.stop?.();
  };
  return {
    get aws() {
      return aws;
    },
    log,
    access: { endpoint: gateway.endpoint, region: REGION, credentials: gateway.operatorCredentials },
    async create(provider, logicalId, properties) {
      const resource = await provider.create({ stackName: 'Test', logicalId, type: provider.type, properties }, aws);
      created.push(resource);
      return resource;
    },
    async asset(source) {
      const hash = randomUUID().replaceAll('-', '');
      await mkdir(join(assembly, `asset.${hash}`));
      await writeFile(join(assembly, `asset.${hash}`, 'index.mjs'), source);
      files[hash] = { source: { path: `asset.${hash}` }, destinations: { here: { objectKey: `${hash}.zip` } } };
      const artifacts = { assets: { type: 'cdk:asset-manifest', properties: { file: 'assets.json' } } };
      await writeFile(join(assembly, 'manifest.json'), JSON.stringify({ artifacts }));
      await writeFile(join(assembly, 'assets.json'), JSON.stringify({ files }));
      return { S3Key: `${hash}.zip` };
    },
    restarted() {
      aws = newAws();
      return aws;
    },
    stopCreated,
    async stop() {
      await stopCreated();
      await gateway.stop();
      checkpoints.close();
      await emulators.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Looks until the condition holds; fails with what was last seen. */
export async function eventually<T>(
  look: () => Promise<T> | T,
  holds: (seen: T) => boolean,
  withinMs = 30_000,
): Promise<T> {
  const end = Date.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (holds(seen)) return seen;
    if (Date.now() > end) throw new Error(`did not happen within ${withinMs} ms; last seen: ${JSON.stringify(seen)}`);
    await delay(50);
  }
}
