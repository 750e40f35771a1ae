/**
 * The DMS Serverless replication of the declared source tables: full load, then CDC, into the change stream. It joins the two
 * endpoints with the generated table mappings and the task settings, inside subnets that reach the database.
 */
import { Stack } from 'aws-cdk-lib';
import { CfnReplicationConfig, CfnReplicationSubnetGroup } from 'aws-cdk-lib/aws-dms';
import { Construct } from 'constructs';
import { LINEAGE_COLUMN, SOURCE_SCHEMA, SOURCE_TABLES } from '#schemas/source/lph.ts';
import { replicationSettings } from '../dms/replication-settings.ts';
import { tableMappings } from '../dms/table-mappings.ts';
import type { StageConfig } from '../stage-config.ts';

export interface ReplicationProps {
  readonly config: StageConfig;
  readonly sourceEndpointArn: string;
  readonly targetEndpointArn: string;
  readonly subnetIds: string[];
  readonly securityGroupIds: string[];
}

export class Replication extends Construct {
  readonly replication: CfnReplicationConfig;

  constructor(scope: Construct, id: string, props: ReplicationProps) {
    super(scope, id);
    const { config } = props;
    const subnets = new CfnReplicationSubnetGroup(this, 'Subnets', {
      replicationSubnetGroupDescription:
        'Private subnets from which DMS reaches the source database and the change stream',
      subnetIds: props.subnetIds,
    });
    this.replication = new CfnReplicationConfig(this, 'Config', {
      replicationConfigIdentifier: `${Stack.of(this).stackName}-${SOURCE_SCHEMA}`.toLowerCase(),
      replicationType: 'full-load-and-cdc',
      sourceEndpointArn: props.sourceEndpointArn,
      targetEndpointArn: props.targetEndpointArn,
      computeConfig: {
        minCapacityUnits: config.dmsMinCapacityUnits,
        maxCapacityUnits: config.dmsMaxCapacityUnits,
        multiAz: config.dmsMultiAz,
        replicationSubnetGroupId: subnets.ref,
        vpcSecurityGroupIds: props.securityGroupIds,
      },
      tableMappings: tableMappings({
        schema: SOURCE_SCHEMA,
        tables: SOURCE_TABLES,
        lineageColumn: LINEAGE_COLUMN,
        lineage: config.binlogLineage,
      }),
      replicationSettings: replicationSettings(),
    });
  }
}
