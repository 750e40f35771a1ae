/**
 * Pins the CloudFormation logical id of a stateful resource. A generated id changes when a construct moves or is renamed, and a
 * changed id means a new, empty resource; a pinned one lets the code be rearranged freely.
 */
import type { CfnElement } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/** Gives the CloudFormation resource inside `construct` the id `logicalId`; throws when there is no such resource to pin. */
export function stableLogicalId<Resource extends CfnElement>(
  construct: Construct,
  resourceClass: abstract new (...args: never[]) => Resource,
  logicalId: string,
): void {
  const resource = construct.node.defaultChild;
  if (!(resource instanceof resourceClass)) {
    throw new Error(
      `${construct.node.path} has no ${resourceClass.name} as its default child, so its logical id cannot be pinned. ` +
        'Look up which CloudFormation resource this version of the CDK creates for it.',
    );
  }
  resource.overrideLogicalId(logicalId);
}
