/**
 * A DynamoDB table that must survive every mistake: kept when its stack goes, protected from deletion, restorable to any second of
 * the last 35 days. Its logical id is part of the contract, because CloudFormation replaces a table whose logical id changes.
 */
import { RemovalPolicy } from 'aws-cdk-lib';
import {
  AttributeType,
  Billing,
  CfnGlobalTable,
  StreamViewType,
  TableEncryptionV2,
  TableV2,
} from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { stableLogicalId } from './stable-logical-id.ts';

export interface RelayTableProps {
  readonly partitionKey: string;
  readonly sortKey: string;
  /** Whether the table publishes its changes, with the whole item before and after. */
  readonly stream?: boolean;
  /** Whether items may carry `expiresAt` (epoch seconds), after which DynamoDB removes them. */
  readonly expires?: boolean;
}

/** Attribute with the time after which DynamoDB may remove an item. */
const EXPIRES_AT = 'expiresAt';

export class RelayTable extends TableV2 {
  constructor(scope: Construct, logicalId: string, props: RelayTableProps) {
    super(scope, logicalId, {
      partitionKey: { name: props.partitionKey, type: AttributeType.STRING },
      sortKey: { name: props.sortKey, type: AttributeType.STRING },
      // Changes come in bursts (a load, a group rename) with long quiet times between.
      billing: Billing.onDemand(),
      // DynamoDB encrypts at rest in any case; its own key costs nothing per request and needs no grant to Lambda and Pipes.
      encryption: TableEncryptionV2.dynamoOwnedKey(),
      ...(props.stream ? { dynamoStream: StreamViewType.NEW_AND_OLD_IMAGES } : {}),
      ...(props.expires ? { timeToLiveAttribute: EXPIRES_AT } : {}),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    stableLogicalId(this, CfnGlobalTable, logicalId);
  }
}
