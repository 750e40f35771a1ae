/** Makes an AWS::Lambda::Function real: finds its bundled asset in the cloud assembly and gives it a host. */
import { statSync } from 'node:fs';
import * as z from 'zod';
import { FunctionHost } from '../lambda/function-host.ts';
import { parsed } from '../lambda/mapping-settings.ts';
import { lambdaRegistry } from '../lambda/pipeline-functions.ts';
import { readAssetPaths } from '../template/cloud-assembly.ts';
import { physicalName } from './physical-name.ts';
import type { ResourceProvider } from './resource-provider.ts';

const functionProperties = z.strictObject({
  Code: z.strictObject({ S3Bucket: z.string().optional(), S3Key: z.string(), S3ObjectVersion: z.string().optional() }),
  Environment: z.strictObject({ Variables: z.record(z.string(), z.coerce.string()).default({}) }).optional(),
  FunctionName: z.string().optional(),
  Handler: z.string(),
  MemorySize: z.coerce.number().int().min(128).max(10_240).default(128),
  PackageType: z.literal('Zip').optional(),
  ReservedConcurrentExecutions: z.coerce.number().int().min(0).optional(),
  Role: z.string(),
  Runtime: z.string().regex(/^nodejs/, 'only Node.js functions run on this machine'),
  Timeout: z.coerce.number().int().min(1).max(900).default(3),
  // No effect on what the function does here.
  Architectures: z.unknown().optional(),
  Description: z.unknown().optional(),
  LoggingConfig: z.unknown().optional(),
  RecursiveLoop: z.unknown().optional(),
  RuntimeManagementConfig: z.unknown().optional(),
  Tags: z.unknown().optional(),
  TracingConfig: z.unknown().optional(),
  /** Everything a function reaches from a private network it reaches on the loopback interface. */
  VpcConfig: z.unknown().optional(),
});

export const lambdaFunctionProvider: ResourceProvider = {
  type: 'AWS::Lambda::Function',
  properties: Object.keys(functionProperties.shape),
  async create(resource, aws) {
    const { stackName, logicalId, properties } = resource;
    const where = `${stackName}/${logicalId} (AWS::Lambda::Function)`;
    const settings = parsed(functionProperties, properties, where);
    const name = physicalName(resource, { property: 'FunctionName', longest: 64 });
    const arn = `arn:aws:lambda:${aws.region}:${aws.accountId}:function:${name}`;
    const asset = readAssetPaths(aws.assemblyDirectory).get(settings.Code.S3Key);
    if (asset === undefined || !statSync(asset, { throwIfNoEntry: false })?.isDirectory()) {
      throw new Error(
        `${where}: its code ${settings.Code.S3Key} is no folder of the cloud assembly ${aws.assemblyDirectory}. Run: npm run synth`,
      );
    }
    const host = new FunctionHost({
      name,
      arn,
      roleArn: settings.Role,
      assetDirectory: asset,
      handler: settings.Handler,
      runtime: settings.Runtime,
      memoryMb: settings.MemorySize,
      timeoutSeconds: settings.Timeout,
      ...(settings.ReservedConcurrentExecutions === undefined
        ? {}
        : { reservedConcurrency: settings.ReservedConcurrentExecutions }),
      variables: settings.Environment?.Variables ?? {},
      endpoint: aws.endpoint,
      region: aws.region,
      credentials: aws.credentialsOf(settings.Role),
      dataDirectory: aws.dataDirectory,
      log: aws.log,
    });
    lambdaRegistry(aws).addFunction(host);
    aws.created.set(arn, host);
    return { ref: name, attributes: { Arn: arn }, stop: () => host.stop(), status: () => host.status() };
  },
};
