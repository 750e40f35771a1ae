/**
 * AWS::DMS::ReplicationConfig: makes a DMS twin out of the template's table mappings, task settings and endpoints, and the
 * source database that the local runtime runs on (`aws.created.get('source-url')`). Settings of capacity have no effect here.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KinesisClient } from '@aws-sdk/client-kinesis';
import { type ChaosSettings, chaos } from '../dms/chaos.ts';
import { DmsTwin } from '../dms/dms-twin.ts';
import { KinesisProducer } from '../dms/kinesis-producer.ts';
import { type LocalReplication, replicationFrontEnd } from '../dms/replication-front-end.ts';
import { readReplicationSettings } from '../dms/replication-settings.ts';
import type { ReplicationStatus } from '../dms/replication-status.ts';
import { readTableMappings } from '../dms/table-mappings.ts';
import type { LocalAws } from '../local-aws.ts';
import { dmsIdentifier, type LocalEndpoint } from './dms-endpoint.ts';
import type { CreatedResource, ResolvedResource, ResourceProvider } from './resource-provider.ts';

/** Settings of the local runtime, under `dms-settings` in `aws.created`; not of the template. */
export interface DmsLocalSettings {
  /** How long records must have been accepted before the checkpoint passes them; a restart sends them again. Default 1,000. */
  readonly checkpointLagMs?: number;
  readonly chaos?: ChaosSettings;
}

const REPLICATIONS = 'dms-replications';
/** DMS does not say how far its checkpoint lags; this shows every user that a restart sends something again. */
const CHECKPOINT_LAG_MS = 1000;

function endpointSettings(aws: LocalAws, arn: unknown, problems: string[]) {
  const endpoint = aws.created.get(String(arn)) as LocalEndpoint | undefined;
  if (endpoint?.kind === 'dms-kinesis-endpoint') return endpoint.settings;
  problems.push(`TargetEndpointArn ${JSON.stringify(arn)} is no Kinesis endpoint of this template`);
  return undefined;
}

function kinesisClient(aws: LocalAws, roleArn: string): KinesisClient {
  return new KinesisClient({
    endpoint: aws.endpoint,
    region: aws.region,
    credentials: aws.credentialsOf(roleArn),
    // The emulator pauses for many seconds while it writes a large state to disk.
    requestHandler: { requestTimeout: 60_000 },
    // The producer repeats what was refused, in order; a second repeater below it would only hide why.
    maxAttempts: 1,
  });
}

/** One front end serves all replications of the process's pipeline. */
function register(aws: LocalAws, replication: LocalReplication): void {
  let all = aws.created.get(REPLICATIONS) as Map<string, LocalReplication> | undefined;
  if (all === undefined) {
    all = new Map();
    aws.created.set(REPLICATIONS, all);
    aws.registerFrontEnd('dms', replicationFrontEnd(all));
  }
  all.set(replication.arn, replication);
}

export const dmsReplicationConfigProvider: ResourceProvider = {
  type: 'AWS::DMS::ReplicationConfig',
  properties: [
    'ReplicationType',
    'SourceEndpointArn',
    'TargetEndpointArn',
    'TableMappings',
    'ReplicationSettings',
    'ReplicationConfigIdentifier',
    // Capacity, network and names of a managed replication.
    'ComputeConfig',
    'ReplicationConfigArn',
    'ResourceIdentifier',
    'SupplementalSettings',
    'Tags',
  ],

  async create(resource: ResolvedResource, aws: LocalAws): Promise<CreatedResource> {
    const { properties } = resource;
    const problems: string[] = [];
    if (properties.ReplicationType !== 'full-load-and-cdc') {
      problems.push(
        `ReplicationType ${JSON.stringify(properties.ReplicationType)} is not implemented; implemented: full-load-and-cdc`,
      );
    }
    const mappings = readTableMappings(properties.TableMappings, problems);
    const replication = readReplicationSettings(properties.ReplicationSettings, problems);
    const endpoint = endpointSettings(aws, properties.TargetEndpointArn, problems);
    const sourceUrl = aws.created.get('source-url');
    if (typeof sourceUrl !== 'string') problems.push('the local runtime has given no source database');
    if (endpoint === undefined || typeof sourceUrl !== 'string' || problems.length > 0) {
      throw new Error(
        `${resource.stackName}/${resource.logicalId} (AWS::DMS::ReplicationConfig):\n  ${problems.join('\n  ')}`,
      );
    }

    const taskId = dmsIdentifier(resource);
    const arn = `arn:aws:dms:${aws.region}:${aws.accountId}:replication-config:${taskId}`;
    const settings = (aws.created.get('dms-settings') ?? {}) as DmsLocalSettings;
    const misbehaviour = chaos(settings.chaos);
    const client = kinesisClient(aws, endpoint.serviceAccessRoleArn);
    const twin = new DmsTwin({
      sourceUrl,
      endpoint,
      replication,
      mappings,
      taskId,
      checkpointKey: `dms/${resource.stackName}/${resource.logicalId}`,
      checkpoints: aws.checkpoints,
      checkpointLagMs: settings.checkpointLagMs ?? CHECKPOINT_LAG_MS,
      chaos: misbehaviour,
      log: aws.log,
      createProducer: (status) =>
        new KinesisProducer({
          client,
          streamArn: endpoint.streamArn,
          chaos: misbehaviour,
          onTooLarge: (record, bytes) => setAside(aws, status, record.text, bytes),
          onState: (error) => {
            if (error !== undefined && error !== status.producerError)
              aws.log('dms', `Kinesis did not take all records, trying again: ${error}`);
            status.producerError = error;
          },
        }),
    });
    register(aws, { arn, identifier: String(properties.ReplicationConfigIdentifier ?? resource.logicalId), twin });
    return {
      ref: arn,
      attributes: { ReplicationConfigArn: arn },
      start: async () => twin.start(),
      stop: async () => {
        await twin.stop();
        client.destroy();
      },
      status: () => twin.status.report(),
    };
  },
};

/** DMS logs a record that is too large and goes on without it; here its text is kept, and the status counts it. */
async function setAside(aws: LocalAws, status: ReplicationStatus, text: string, bytes: number): Promise<void> {
  const directory = join(aws.dataDirectory, 'dms', 'too-large');
  await mkdir(directory, { recursive: true });
  status.setAside += 1;
  const path = join(directory, `${Date.now()}-${status.setAside}.json`);
  await writeFile(path, text, { mode: 0o600 });
  aws.log(
    'dms',
    `a record of ${bytes} bytes is larger than Kinesis takes (1 MiB) and was NOT replicated; kept in ${path}`,
  );
}
