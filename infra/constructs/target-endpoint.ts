/**
 * The DMS endpoint that writes row changes to the Kinesis stream. Its settings are the form of the records: the decoder relies on each
 * one, so a change here is a change of the record schema.
 */
import { CfnEndpoint } from 'aws-cdk-lib/aws-dms';
import { Construct } from 'constructs';
import type { ChangeStream } from './change-stream.ts';
import { ServiceRole } from './service-role.ts';

export class TargetEndpoint extends Construct {
  readonly endpoint: CfnEndpoint;

  constructor(scope: Construct, id: string, props: { readonly changes: ChangeStream }) {
    super(scope, id);
    const role = new ServiceRole(this, 'Role', {
      service: 'dms.amazonaws.com',
      description: 'Writes row changes to the change stream',
      source: { service: 'dms', resource: '*' },
      // AWS's own trust policy for a Kinesis target has no condition.
      sourceCheck: 'when-sent',
    });
    role.permit(
      'WriteChanges',
      ['kinesis:DescribeStream', 'kinesis:PutRecord', 'kinesis:PutRecords'],
      [props.changes.streamArn],
    );
    this.endpoint = new CfnEndpoint(this, 'Endpoint', {
      endpointType: 'target',
      engineName: 'kinesis',
      kinesisSettings: {
        streamArn: props.changes.streamArn,
        serviceAccessRoleArn: role.roleArn,
        // One line per record.
        messageFormat: 'json-unformatted',
        // transaction-id and transaction-record-id are the position by which two changes of a row are ordered.
        includeTransactionDetails: true,
        // The key as DMS sees it, for the logs and the quarantine of a record that cannot be decoded.
        includePartitionValue: true,
        // Without the table in the key, metric 7 and dimension 7 would share a shard for ever.
        partitionIncludeSchemaTable: true,
        // Without this a column set to NULL and a column that is not there look the same.
        includeNullAndEmpty: true,
        // Column definitions with every create-table and change, so that a schema change is noticed before it hurts.
        includeControlDetails: true,
        includeTableAlterOperations: true,
      },
    });
    this.endpoint.node.addDependency(role);
  }
}
