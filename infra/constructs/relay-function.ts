/**
 * One Lambda function of this project: its bundle, its log group and a role of its own that may write to that log group and nothing
 * else until its owner permits more. The bundle holds the SDK too, so that what was tested is what runs.
 */

import { join } from 'node:path';
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Architecture, Runtime } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction, OutputFormat, SourceMapMode } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { ServiceRole } from './service-role.ts';

export interface RelayFunctionProps {
  /** Folder with `handler.ts`, under `functions/` unless `root` says otherwise. */
  readonly folder: string;
  readonly root?: 'functions' | 'subscribers';
  readonly description: string;
  readonly projectRoot: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  readonly logDays: RetentionDays;
}

export class RelayFunction extends Construct {
  readonly function: NodejsFunction;
  readonly role: ServiceRole;

  constructor(scope: Construct, id: string, props: RelayFunctionProps) {
    super(scope, id);
    const logGroup = new LogGroup(this, 'Logs', { retention: props.logDays, removalPolicy: RemovalPolicy.DESTROY });
    this.role = new ServiceRole(this, 'Role', {
      service: 'lambda.amazonaws.com',
      description: `${props.folder} of Metric Relay`,
      source: { service: 'lambda', resource: '*' },
      sourceCheck: 'when-sent',
    });
    this.role.permit('WriteLogs', ['logs:CreateLogStream', 'logs:PutLogEvents'], [logGroup.logGroupArn]);

    this.function = new NodejsFunction(this, 'Function', {
      description: props.description,
      entry: join(props.projectRoot, props.root ?? 'functions', props.folder, 'handler.ts'),
      handler: 'handler',
      runtime: Runtime.NODEJS_24_X,
      // A fifth cheaper per GB-second than x86, and nothing in the bundles is native.
      architecture: Architecture.ARM_64,
      memorySize: props.memoryMb,
      timeout: Duration.seconds(props.timeoutSeconds),
      role: this.role,
      logGroup,
      environment: { ...props.environment, NODE_OPTIONS: '--enable-source-maps' },
      // A switch of version 2 of the SDK, which is not used.
      awsSdkConnectionReuse: false,
      projectRoot: props.projectRoot,
      depsLockFilePath: join(props.projectRoot, 'package-lock.json'),
      bundling: {
        format: OutputFormat.ESM,
        target: 'node24',
        mainFields: ['module', 'main'],
        bundleAwsSDK: true,
        sourceMap: true,
        sourceMapMode: SourceMapMode.EXTERNAL,
        sourcesContent: false,
        // CommonJS packages inside an ES module still call require.
        banner:
          "import { createRequire as relayCreateRequire } from 'node:module'; const require = relayCreateRequire(import.meta.url);",
      },
    });
  }
}
