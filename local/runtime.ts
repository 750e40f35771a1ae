/**
 * The one-machine AWS from start to stop: checks the templates, starts emulators and gateway, creates every resource, lets records
 * move, and takes all of it down again in reverse. It knows no resource type by name; providers do.
 */
import { join, resolve } from 'node:path';
import { openCheckpointStore } from './checkpoint-store.ts';
import { lockDataDirectory } from './data-directory-lock.ts';
import { startEmulators } from './emulators/emulators.ts';
import type { FaultSettings } from './gateway/faults.ts';
import { type Gateway, startGateway } from './gateway/gateway.ts';
import type { Credentials, LocalAws, Log } from './local-aws.ts';
import { ACCEPTED_WITHOUT_EFFECT, acceptedProvider } from './resources/accepted-without-effect.ts';
import { operatorArn } from './resources/operator-client.ts';
import { PROVIDERS } from './resources/providers.ts';
import { keepRoleRegistry, RoleRegistry } from './resources/role-registry.ts';
import { secretsFrontEnd } from './resources/secrets-front-end.ts';
import { secretValue } from './resources/secretsmanager-secret.ts';
import { readCloudAssembly } from './template/cloud-assembly.ts';
import { cloudFormationFrontEnd } from './template/cloudformation-front-end.ts';
import { type CreatedStack, type CreatedStackResource, createStacks } from './template/create-stacks.ts';
import { planAssembly } from './template/template-plan.ts';

export const REGION = 'us-east-1';
export const ACCOUNT_ID = '000000000000';
export const STATUS_PATH = '/_relay/status';

export interface LocalAwsOptions {
  /** The `cdk.out` folder. */
  readonly assemblyDirectory: string;
  /** Made if absent; everything that outlives a restart is in it. */
  readonly dataDirectory: string;
  /** Values of the template parameters of all stacks. */
  readonly parameters: Readonly<Record<string, string>>;
  /** `mysql://user:password@host:port/database` that the DMS twin reads. */
  readonly sourceUrl: string;
  readonly gatewayPort?: number;
  /** Contents of secrets that the templates only refer to, by ARN. */
  readonly secrets?: ReadonlyMap<string, string>;
  readonly faults?: FaultSettings;
  readonly log: Log;
  readonly onProgress?: (step: string) => void;
}

export interface ResourceStatus {
  readonly stackName: string;
  readonly logicalId: string;
  readonly type: string;
  readonly status: Readonly<Record<string, unknown>>;
}

export interface LocalPipeline {
  readonly endpoint: string;
  readonly region: string;
  readonly accountId: string;
  /** The operator's: allowed everything. */
  readonly credentials: Credentials;
  /** Of all stacks, by output id; of two with the same id the one of the later stack. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly outputsOfStack: ReadonlyMap<string, Readonly<Record<string, string>>>;
  readonly stackNames: readonly string[];
  readonly gateway: Gateway;
  status(): readonly ResourceStatus[];
  /** Resolves with the reason when a part ends again and again and the pipeline cannot go on; it still has to be stopped. */
  readonly broken: Promise<string>;
  /** Ends what is under way, then every child process. Safe to call twice. */
  stop(): Promise<void>;
}

export async function startLocalAws(options: LocalAwsOptions): Promise<LocalPipeline> {
  const { log } = options;
  const progress = options.onProgress ?? (() => {});
  const dataDirectory = resolve(options.dataDirectory);
  const assemblyDirectory = resolve(options.assemblyDirectory);
  const naming = { region: REGION, accountId: ACCOUNT_ID };

  progress('Checking the templates');
  const assembly = readCloudAssembly(assemblyDirectory);
  const plans = planAssembly(assembly, {
    ...naming,
    parameters: options.parameters,
    providers: PROVIDERS,
    acceptedTypes: ACCEPTED_WITHOUT_EFFECT,
  });

  const broken = Promise.withResolvers<string>();
  const undo: (() => Promise<void> | void)[] = [];
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopping ??= takeDown(undo, log);
    return stopping;
  };
  try {
    const lock = lockDataDirectory(dataDirectory);
    undo.push(() => lock.release());
    const checkpoints = openCheckpointStore(join(dataDirectory, 'checkpoints.sqlite'));
    undo.push(() => checkpoints.close());

    progress('Starting DynamoDB Local, the Kinesis emulator and the SQS and S3 emulator');
    const emulators = await startEmulators({ ...naming, dataDirectory, log, onGivenUp: broken.resolve });
    undo.push(() => emulators.stop());
    const gateway = await startGateway({
      ...naming,
      log,
      backends: emulators.endpoints,
      ...(options.gatewayPort === undefined ? {} : { port: options.gatewayPort }),
      ...(options.faults === undefined ? {} : { faults: options.faults }),
    });
    undo.push(() => gateway.stop());

    const roles = new RoleRegistry(gateway);
    const aws: LocalAws = {
      ...naming,
      endpoint: gateway.endpoint,
      dataDirectory,
      assemblyDirectory,
      log,
      checkpoints,
      created: new Map<string, unknown>([['source-url', options.sourceUrl]]),
      credentialsOf: (arn) =>
        arn === operatorArn(ACCOUNT_ID) ? gateway.operatorCredentials : roles.credentialsOf(arn),
      registerFrontEnd: gateway.registerFrontEnd,
    };
    keepRoleRegistry(aws.created, roles);
    for (const [arn, secretString] of options.secrets ?? []) aws.created.set(arn, { secretString });
    gateway.registerFrontEnd('secretsmanager', secretsFrontEnd(aws.created));

    const created: CreatedStackResource[] = [];
    const count = plans.reduce((sum, plan) => sum + plan.resources.length, 0);
    progress(`Creating ${count} resources of ${plans.map(({ stackName }) => stackName).join(' and ')}`);
    const stacks = await createStacks(plans, {
      aws,
      providerOf: (type) => PROVIDERS.find((provider) => provider.type === type) ?? acceptedProvider(type),
      dynamicReference: (reference) => secretValue(reference, aws),
      onCreated: (one) => {
        created.push(one);
        const { resource } = one;
        if (resource.stop !== undefined) undo.push(() => resource.stop?.());
      },
    });
    const status = (): ResourceStatus[] =>
      created.map(({ stackName, logicalId, type, resource }) => ({
        stackName,
        logicalId,
        type,
        status: resource.status?.() ?? {},
      }));
    registerOwnAnswers(gateway, stacks, status);

    progress('Starting the flow of records');
    for (const { resource } of created) await resource.start?.();
    return {
      ...naming,
      endpoint: gateway.endpoint,
      // A copy: the SDK writes into the credentials it is given.
      credentials: { ...gateway.operatorCredentials },
      outputs: Object.fromEntries(stacks.flatMap(({ outputs }) => [...outputs])),
      outputsOfStack: new Map(stacks.map(({ stackName, outputs }) => [stackName, Object.fromEntries(outputs)])),
      stackNames: stacks.map(({ stackName }) => stackName),
      gateway,
      status,
      broken: broken.promise,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function registerOwnAnswers(gateway: Gateway, stacks: readonly CreatedStack[], status: () => ResourceStatus[]): void {
  const describe = { region: REGION, accountId: ACCOUNT_ID, startedAt: new Date(), stacks: () => stacks };
  gateway.registerFrontEnd('cloudformation', cloudFormationFrontEnd(describe));
  gateway.registerPath(STATUS_PATH, async () => ({
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resources: status() }),
  }));
}

/** In reverse order; one part that fails to stop must not leave the others running. */
async function takeDown(undo: readonly (() => Promise<void> | void)[], log: Log): Promise<void> {
  for (const step of undo.toReversed()) {
    try {
      await step();
    } catch (error) {
      log('runtime', `a part did not stop cleanly: ${(error as Error).message}`, { level: 'error' });
    }
  }
}
