/**
 * AWS::DMS::Endpoint: the two ends of a replication. A source endpoint only has its engine checked, because the database it
 * stands for is the one the pipeline runs on; a Kinesis target endpoint keeps its settings for the replication that names it.
 */
import { createHash } from 'node:crypto';
import { type KinesisEndpointSettings, readKinesisSettings } from '../dms/endpoint-settings.ts';
import type { LocalAws } from '../local-aws.ts';
import type { CreatedResource, ResolvedResource, ResourceProvider } from './resource-provider.ts';

/** What is kept under the endpoint's ARN in `aws.created`. */
export type LocalEndpoint =
  | { readonly kind: 'dms-source-endpoint' }
  | { readonly kind: 'dms-kinesis-endpoint'; readonly settings: KinesisEndpointSettings };

/** DMS's identifiers are 26 letters and digits; the same resource gets the same one at every start. */
export function dmsIdentifier(resource: ResolvedResource): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const digest = createHash('sha256').update(`${resource.stackName}/${resource.logicalId}`).digest();
  return Array.from(digest.subarray(0, 26), (byte) => alphabet[byte % 32]).join('');
}

const SOURCE_ENGINES = ['mysql', 'mariadb', 'aurora'];

export const dmsEndpointProvider: ResourceProvider = {
  type: 'AWS::DMS::Endpoint',
  properties: [
    'EndpointType',
    'EngineName',
    'KinesisSettings',
    // Of the source: where it is and how to log in is given by the local runtime, not by the template.
    'EndpointIdentifier',
    'MySqlSettings',
    'DatabaseName',
    'ServerName',
    'Port',
    'Username',
    'Password',
    'ExtraConnectionAttributes',
    'SslMode',
    'CertificateArn',
    'KmsKeyId',
    'Tags',
  ],

  async create(resource: ResolvedResource, aws: LocalAws): Promise<CreatedResource> {
    const { EndpointType: type, EngineName: engine, KinesisSettings: kinesis } = resource.properties;
    const externalId = dmsIdentifier(resource);
    const arn = `arn:aws:dms:${aws.region}:${aws.accountId}:endpoint:${externalId}`;
    const problems: string[] = [];
    if (type === 'source') {
      if (!SOURCE_ENGINES.includes(String(engine)))
        problems.push(
          `EngineName ${JSON.stringify(engine)} is not implemented for a source; implemented: ${SOURCE_ENGINES.join(', ')}`,
        );
      aws.created.set(arn, { kind: 'dms-source-endpoint' } satisfies LocalEndpoint);
    } else if (type === 'target' && engine === 'kinesis') {
      const settings = readKinesisSettings(kinesis, problems);
      aws.created.set(arn, { kind: 'dms-kinesis-endpoint', settings } satisfies LocalEndpoint);
    } else {
      problems.push(
        `EndpointType ${JSON.stringify(type)} with EngineName ${JSON.stringify(engine)} is not implemented; implemented: a source that is ${SOURCE_ENGINES.join(' or ')}, and the target kinesis`,
      );
    }
    if (problems.length > 0)
      throw new Error(`${resource.stackName}/${resource.logicalId} (AWS::DMS::Endpoint):\n  ${problems.join('\n  ')}`);
    return { ref: arn, attributes: { ExternalId: externalId } };
  },
};
