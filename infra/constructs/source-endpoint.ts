/**
 * The DMS endpoint of the source database. Host, user and password are read by DMS from a secret that exists already; none of
 * them is in the template, and the role may read that one secret.
 */
import { CfnCondition, Fn, Stack } from 'aws-cdk-lib';
import { CfnEndpoint } from 'aws-cdk-lib/aws-dms';
import { CfnPolicy } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { StageConfig } from '../stage-config.ts';
import { ServiceRole } from './service-role.ts';

export interface SourceEndpointProps {
  readonly engine: StageConfig['sourceEngine'];
  readonly sslMode: StageConfig['sourceSslMode'];
  readonly pollSeconds: number;
  readonly secretArn: string;
  /** Key of the secret, or empty when it is encrypted with the key alias/aws/secretsmanager. */
  readonly secretKeyArn: string;
  /** DMS certificate with the authority that signed the server's certificate; absent with sslMode `none`. */
  readonly certificateArn?: string;
}

export class SourceEndpoint extends Construct {
  readonly endpoint: CfnEndpoint;

  constructor(scope: Construct, id: string, props: SourceEndpointProps) {
    super(scope, id);
    const stack = Stack.of(this);
    const role = new ServiceRole(this, 'Role', {
      // The regional principal is the one that DMS reads secrets with.
      service: `dms.${stack.region}.amazonaws.com`,
      description: 'Reads the credentials of the source database',
      source: { service: 'dms', resource: '*' },
      // AWS's own trust policy for a role that reads a secret has no condition.
      sourceCheck: 'when-sent',
    });
    role.permit(
      'ReadCredentials',
      ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'],
      [props.secretArn],
    );
    this.permitSecretKey(role, props.secretKeyArn);

    this.endpoint = new CfnEndpoint(this, 'Endpoint', {
      endpointType: 'source',
      engineName: props.engine,
      sslMode: props.sslMode,
      ...(props.certificateArn === undefined ? {} : { certificateArn: props.certificateArn }),
      mySqlSettings: {
        secretsManagerSecretId: props.secretArn,
        secretsManagerAccessRoleArn: role.roleArn,
        eventsPollInterval: props.pollSeconds,
        // After an ALTER TABLE the columns that DMS remembers no longer match the binlog.
        cleanSourceMetadataOnMismatch: true,
      },
    });
    this.endpoint.node.addDependency(role);
  }

  /** A secret under a customer key needs the key too; under the AWS managed key there is nothing to grant. */
  private permitSecretKey(role: ServiceRole, keyArn: string): void {
    const hasKey = new CfnCondition(this, 'HasSecretKey', {
      expression: Fn.conditionNot(Fn.conditionEquals(keyArn, '')),
    });
    const policy = new CfnPolicy(this, 'SecretKeyPolicy', {
      policyName: 'DecryptCredentials',
      roles: [role.roleName],
      policyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Sid: 'DecryptCredentials',
            Effect: 'Allow',
            Action: 'kms:Decrypt',
            Resource: keyArn,
            Condition: {
              StringEquals: { 'kms:ViaService': `secretsmanager.${Stack.of(this).region}.${Stack.of(this).urlSuffix}` },
            },
          },
          // DMS looks at the key itself before it uses the secret.
          { Sid: 'DescribeKey', Effect: 'Allow', Action: 'kms:DescribeKey', Resource: keyArn },
        ],
      },
    });
    policy.cfnOptions.condition = hasKey;
  }
}
