/**
 * A role that one AWS service assumes for one purpose. Owns the confused-deputy conditions of its trust policy and the rule that
 * every statement names its actions and its resources: nothing here may grant `*`.
 */
import { Arn, ArnFormat, Stack } from 'aws-cdk-lib';
import {
  type Conditions,
  Effect,
  PolicyStatement,
  PrincipalWithConditions,
  Role,
  ServicePrincipal,
} from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

export interface ServiceRoleProps {
  /** Service principal, e.g. `pipes.amazonaws.com`. */
  readonly service: string;
  readonly description: string;
  /** The resource for which the service may act. `service` is the ARN's service part; without a name: every one of this account. */
  readonly source: { readonly service: string; readonly resource: string; readonly name?: string };
  /**
   * `always`: the service sends its source with every AssumeRole. `when-sent`: AWS does not promise that it does, so a request without the
   * keys is let through; the service's own iam:PassRole check already keeps roles of this account from being used by another.
   */
  readonly sourceCheck: 'always' | 'when-sent';
}

export class ServiceRole extends Role {
  constructor(scope: Construct, id: string, props: ServiceRoleProps) {
    super(scope, id, {
      description: props.description,
      assumedBy: new PrincipalWithConditions(new ServicePrincipal(props.service), sourceConditions(scope, props)),
    });
  }

  /** Allows exactly these actions on exactly these resources. */
  permit(sid: string, actions: readonly string[], resources: readonly string[], conditions?: Conditions): void {
    this.addToPrincipalPolicy(
      new PolicyStatement({
        sid,
        effect: Effect.ALLOW,
        actions: [...actions],
        resources: [...resources],
        ...(conditions ? { conditions } : {}),
      }),
    );
  }
}

function sourceConditions(scope: Construct, props: ServiceRoleProps): Conditions {
  const { account } = Stack.of(scope);
  const { service, resource, name } = props.source;
  // `:` or `/` between type and name is the service's choice, and a source of any kind is `*`.
  const sourceArn =
    name === undefined
      ? Arn.format({ service, resource, arnFormat: ArnFormat.NO_RESOURCE_NAME }, Stack.of(scope))
      : Arn.format({ service, resource, resourceName: name }, Stack.of(scope));
  const suffix = props.sourceCheck === 'always' ? '' : 'IfExists';
  return {
    [`StringEquals${suffix}`]: { 'aws:SourceAccount': account },
    [`ArnLike${suffix}`]: { 'aws:SourceArn': sourceArn },
  };
}
