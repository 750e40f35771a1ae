/**
 * The registry in which other teams find the contract of MetricChanged, browse it in the console and have code made from it. The entry is
 * generated from schemas/, so it cannot say anything else than the types. A changed content is a new version of the same entry.
 */
import { RemovalPolicy } from 'aws-cdk-lib';
import { CfnRegistry, CfnSchema } from 'aws-cdk-lib/aws-eventschemas';
import { Construct } from 'constructs';
import { REGISTRY_SCHEMA_NAME, registrySchema } from '#schemas/contract/json-schemas.ts';

export interface EventSchemaRegistryProps {
  /** Unique in an account and region; named after the bus whose events it describes. */
  readonly name: string;
}

export class EventSchemaRegistry extends Construct {
  readonly registry: CfnRegistry;
  readonly schema: CfnSchema;

  /** `logicalId` is pinned for the registry, and with `MetricChanged` at its end for the entry. */
  constructor(scope: Construct, logicalId: string, props: EventSchemaRegistryProps) {
    super(scope, logicalId);
    this.registry = new CfnRegistry(this, 'Registry', {
      registryName: props.name,
      description: 'Events of Metric Relay',
    });
    this.schema = new CfnSchema(this, 'MetricChanged', {
      registryName: this.registry.attrRegistryName,
      schemaName: REGISTRY_SCHEMA_NAME,
      description: 'One visible change of one metric',
      // The newest draft that the registry takes.
      type: 'JSONSchemaDraft4',
      content: JSON.stringify(registrySchema()),
    });
    // Others have generated code from it; like the bus, it must not go with the stack.
    for (const [resource, id] of [
      [this.registry, logicalId],
      [this.schema, `${logicalId}MetricChanged`],
    ] as const) {
      resource.applyRemovalPolicy(RemovalPolicy.RETAIN);
      resource.overrideLogicalId(id);
    }
  }
}
