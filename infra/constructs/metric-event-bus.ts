/**
 * The bus on which MetricChanged events are published, with the archive from which a new subscriber is caught up. It has no resource
 * policy: without one no other account can reach it, and inside the account IAM decides who may publish; only the pipe's role may.
 */

import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { CfnArchive, CfnEventBus, EventBus } from 'aws-cdk-lib/aws-events';
import type { Construct } from 'constructs';
import { EVENT_SOURCE } from '#schemas/metric-changed.ts';
import { stableLogicalId } from './stable-logical-id.ts';

export interface MetricEventBusProps {
  readonly name: string;
  readonly archiveDays: number;
}

export class MetricEventBus extends EventBus {
  constructor(scope: Construct, logicalId: string, props: MetricEventBusProps) {
    super(scope, logicalId, { eventBusName: props.name, description: 'MetricChanged events of Metric Relay' });
    // Subscribers hang their rules on the bus: it must not go with the stack.
    this.applyRemovalPolicy(RemovalPolicy.RETAIN);
    stableLogicalId(this, CfnEventBus, logicalId);
    const archive = this.archive('Archive', {
      description: 'Every event that Metric Relay has published',
      eventPattern: { source: [EVENT_SOURCE] },
      retention: Duration.days(props.archiveDays),
    });
    archive.applyRemovalPolicy(RemovalPolicy.RETAIN);
    stableLogicalId(archive, CfnArchive, `${logicalId}Archive`);
  }
}
