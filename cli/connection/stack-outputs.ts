/** Reads a deployed stack's outputs. The CloudFormation client is loaded only here: no local command needs it. */
import { messageOf, preconditionMissing } from '../command-failure.ts';
import type { ClientConfig } from './client-config.ts';

export async function readStackOutputs(
  stack: string,
  clientConfig: ClientConfig,
): Promise<{ outputs: ReadonlyMap<string, string>; region: string }> {
  const { CloudFormationClient, DescribeStacksCommand } = await import('@aws-sdk/client-cloudformation');
  const client = new CloudFormationClient(clientConfig);
  try {
    const region = await client.config.region();
    const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: stack }));
    const outputs = new Map<string, string>();
    for (const { OutputKey, OutputValue } of Stacks?.[0]?.Outputs ?? []) {
      if (OutputKey !== undefined && OutputValue !== undefined) outputs.set(OutputKey, OutputValue);
    }
    return { outputs, region };
  } catch (error) {
    throw preconditionMissing(
      `The outputs of stack "${stack}" could not be read: ${messageOf(error)}`,
      'Check the name, the region (--region or AWS_REGION) and the credentials (`aws sts get-caller-identity`).',
      error,
    );
  } finally {
    client.destroy();
  }
}
