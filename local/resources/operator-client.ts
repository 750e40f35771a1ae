/** SDK settings with which providers create resources: through the gateway, as the operator, who may do everything. */
import type { Credentials, LocalAws } from '../local-aws.ts';

export interface OperatorClientSettings {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: Credentials;
}

export function operatorArn(accountId: string): string {
  return `arn:aws:iam::${accountId}:user/operator`;
}

export function operatorClient(aws: LocalAws): OperatorClientSettings {
  return {
    endpoint: aws.endpoint,
    region: aws.region,
    credentials: { ...aws.credentialsOf(operatorArn(aws.accountId)) },
  };
}
