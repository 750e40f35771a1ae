/**
 * The permission decision: pure, from compiled statements and one request to allowed or denied. An explicit Deny wins, then an
 * Allow, and what nobody allows is denied (IAM user guide, "Policy evaluation logic", for one account and identity policies).
 */
import type { AccessRequest, Rule } from './iam-statement.ts';

export type Decision = 'allowed' | 'explicitly denied' | 'not allowed';

export function authorize(rules: readonly Rule[], request: AccessRequest): Decision {
  const { action, resource } = request;
  const covering = rules.filter(
    (rule) =>
      rule.conditionHolds(request) &&
      rule.coversAction(action) &&
      (resource === undefined ? rule.effect === 'Allow' : rule.coversResource(resource)),
  );
  if (covering.some((rule) => rule.effect === 'Deny')) return 'explicitly denied';
  return covering.some((rule) => rule.effect === 'Allow') ? 'allowed' : 'not allowed';
}

/** AWS's own sentence for a refusal. */
export function refusal(principalArn: string, request: AccessRequest, decision: Decision): string {
  const because =
    decision === 'explicitly denied'
      ? 'with an explicit deny in an identity-based policy'
      : `because no identity-based policy allows the ${request.action} action`;
  return `User: ${principalArn} is not authorized to perform: ${request.action} on resource: ${request.resource ?? '*'} ${because}`;
}
