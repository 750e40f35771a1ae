/**
 * Everything that moves data, in the order in which it moves: DMS, replicator, projection queue and projector, pipe with enrichment.
 * It holds no data of its own, so it can be deleted and deployed again; what a caller needs to find is in its outputs.
 */
import { CfnOutput, CfnParameter, CfnRule, Fn, Stack, type StackProps, Validations } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { ChangeArchiver } from '../constructs/change-archiver.ts';
import { metricChangedEnrichment } from '../constructs/metric-changed-enrichment.ts';
import { MetricChangedPipe } from '../constructs/metric-changed-pipe.ts';
import { OperatorAlarms } from '../constructs/operator-alarms.ts';
import { Projector } from '../constructs/projector.ts';
import { Replay } from '../constructs/replay.ts';
import { Replication } from '../constructs/replication.ts';
import { Replicator } from '../constructs/replicator.ts';
import { SourceEndpoint } from '../constructs/source-endpoint.ts';
import { TargetEndpoint } from '../constructs/target-endpoint.ts';
import { workQueue } from '../constructs/work-queue.ts';
import type { StageConfig } from '../stage-config.ts';
import type { StateStack } from './state-stack.ts';

export interface RelayStackProps extends StackProps {
  readonly config: StageConfig;
  readonly state: StateStack;
  readonly projectRoot: string;
}

export class RelayStack extends Stack {
  constructor(scope: Construct, id: string, props: RelayStackProps) {
    super(scope, id, props);
    const { config, state, projectRoot } = props;

    const replication = this.replication(config, state);

    // Metrics to recompute outside a batch: too many at once, or one that waits for missing rows. A message holds ids and no row values.
    const projections = workQueue(new Construct(this, 'Projections'), {
      consumerTimeoutSeconds: config.projectorTimeoutSeconds,
      maxReceives: config.projectionMaxReceives,
    });
    const replicator = new Replicator(this, 'Replicator', {
      ...state.parts,
      config,
      projectRoot,
      projectionQueue: projections.queue,
    });
    const replay = new Replay(this, 'Replay', {
      ...state.parts,
      config,
      projectRoot,
      projectionQueue: projections.queue,
    });
    const archiver =
      state.changeArchiveBucket &&
      new ChangeArchiver(this, 'ChangeArchiver', {
        config,
        projectRoot,
        changes: state.changes,
        bucket: state.changeArchiveBucket,
      });
    const projector = new Projector(this, 'Projector', {
      ...state.parts,
      config,
      projectRoot,
      projectionQueue: projections.queue,
    });

    const enrichment = metricChangedEnrichment(this, 'Enrichment', { ...state.parts, config, projectRoot });
    const pipe = new MetricChangedPipe(this, 'MetricChanged', {
      metricsStreamArn: state.metricsStreamArn,
      enrichment: enrichment.function,
      bus: state.bus,
      batchSize: config.pipeBatchSize,
      recordAgeHours: config.pipeRecordAgeHours,
      retryAttempts: config.pipeRetryAttempts,
      logDays: config.logDays,
    });

    new OperatorAlarms(this, 'Alarms', {
      replicator: replicator.function.function,
      iteratorAgeSeconds: config.iteratorAgeAlarmSeconds,
      changeArchiver: archiver?.function.function,
      quarantine: state.quarantine,
      projectionDeadLetters: projections.deadLetters,
      pipeName: pipe.name,
      pipeDeadLetters: pipe.deadLetters,
    });

    this.outputs({
      MetricsTable: ['Table of versioned metric items', state.metrics.tableName],
      SourceRowsTable: ['Row mirror', state.sourceRows.tableName],
      QuarantineTable: ['Records set aside, with the reason', state.quarantine.tableName],
      QuarantineBucket: ['Raw bytes of records set aside', state.quarantineBucket.bucketName],
      ChangeStream: ['Kinesis stream of row changes', state.changes.streamName],
      EventBus: ['Bus with MetricChanged events', state.bus.eventBusName],
      ProjectionQueueUrl: ['Metrics to recompute', projections.queue.queueUrl],
      ProjectionDeadLetterQueueUrl: ['Metrics that could not be recomputed', projections.deadLetters.queueUrl],
      ReplicationConfigArn: ['DMS Serverless replication', replication.replication.ref],
      ReplicatorFunction: ['Function that applies row changes', replicator.function.function.functionName],
      ProjectorFunction: ['Function that recomputes queued metrics', projector.function.function.functionName],
      EnrichmentFunction: ['Function that builds events', enrichment.function.functionName],
      ReplicatorMapping: [
        'UUID of the event source mapping on the change stream',
        replicator.mapping.eventSourceMappingId,
      ],
      ReplayStateMachine: ['State machine that replays a window of the change stream', replay.stateMachine.ref],
      ReplaysTable: ['Replays with the checkpoints of their shards', state.replays.tableName],
      ReplaySettings: ['Settings that a replay and its plan keep to, as JSON', replaySettings(config)],
      ...(state.changeArchiveBucket && {
        ChangeArchiveBucket: [
          'Raw change records beyond the retention of the stream',
          state.changeArchiveBucket.bucketName,
        ],
      }),
      PipeName: ['Pipe from the Metrics table to the bus', pipe.name],
    });
  }

  /** DMS, with what differs from one deployment to the next as template parameters: nothing of a network is in the code. */
  private replication(config: StageConfig, state: StateStack): Replication {
    const secret = new CfnParameter(this, 'SourceSecretArn', {
      type: 'String',
      description: 'Secrets Manager secret with host, port, username and password of the source database',
      allowedPattern: '^arn:[^:]+:secretsmanager:[^:]+:[0-9]{12}:secret:.+$',
      constraintDescription: 'the whole ARN of a secret, with the six characters at its end',
    });
    Validations.of(this).acknowledge({
      id: 'CloudFormation-Validate::W2509',
      reason:
        'These parameters are ARNs of a secret and of its key, which are no secrets; the credentials never reach CloudFormation.',
    });
    const secretKey = new CfnParameter(this, 'SourceSecretKeyArn', {
      type: 'String',
      default: '',
      description: 'KMS key of that secret; empty when it is encrypted with aws/secretsmanager',
      allowedPattern: '^(arn:[^:]+:kms:[^:]+:[0-9]{12}:key/.+)?$',
    });
    const subnets = new CfnParameter(this, 'SubnetIds', {
      type: 'List<AWS::EC2::Subnet::Id>',
      description:
        'Private subnets in two or more zones that reach the source database and, through VPC endpoints, Kinesis and Secrets Manager',
    });
    const securityGroups = new CfnParameter(this, 'SecurityGroupIds', {
      type: 'List<AWS::EC2::SecurityGroup::Id>',
      description: 'Security groups of the replication; the one of the source database must let them in',
    });

    const source = new SourceEndpoint(this, 'Source', {
      engine: config.sourceEngine,
      sslMode: config.sourceSslMode,
      pollSeconds: config.sourcePollSeconds,
      secretArn: secret.valueAsString,
      secretKeyArn: secretKey.valueAsString,
      ...(config.sourceSslMode === 'none' ? {} : { certificateArn: this.sourceCertificate() }),
    });
    const target = new TargetEndpoint(this, 'Target', { changes: state.changes });
    return new Replication(this, 'Replication', {
      config,
      sourceEndpointArn: source.endpoint.ref,
      targetEndpointArn: target.endpoint.ref,
      subnetIds: subnets.valueAsList,
      securityGroupIds: securityGroups.valueAsList,
    });
  }

  /** A parameter with an empty default, so that one machine needs none, and a rule that lets no deployment to AWS go without. */
  private sourceCertificate(): string {
    const certificate = new CfnParameter(this, 'SourceCertificateArn', {
      type: 'String',
      default: '',
      description: 'DMS certificate with the certificate authorities of the source database',
      allowedPattern: '^(arn:[^:]+:dms:[^:]+:[0-9]{12}:cert:.+)?$',
    });
    new CfnRule(this, 'EncryptedSourceNeedsCertificate', {
      assertions: [
        {
          assert: Fn.conditionNot(Fn.conditionEquals(certificate.valueAsString, '')),
          assertDescription:
            'SourceCertificateArn is empty. Import the authorities of the source with aws dms import-certificate and give its ARN.',
        },
      ],
    });
    return certificate.valueAsString;
  }

  private outputs(values: Readonly<Record<string, readonly [description: string, value: string]>>): void {
    for (const [name, [description, value]] of Object.entries(values)) {
      new CfnOutput(this, `Output${name}`, { description, value }).overrideLogicalId(name);
    }
  }
}

/** What a command cannot see otherwise, and must not guess: a plan is made with the settings of the deployment. */
function replaySettings(config: StageConfig): string {
  const { tombstoneDays, graceSeconds, fanOutLimit, redirectDays, replayReadShare, replayBatchRecords } = config;
  return JSON.stringify({
    tombstoneDays,
    graceSeconds,
    fanOutLimit,
    redirectDays,
    readShare: replayReadShare,
    batchRecords: replayBatchRecords,
    ...(config.changeArchive && {
      archive: { days: config.changeArchiveDays, windowSeconds: config.changeArchiveWindowSeconds },
    }),
  });
}
