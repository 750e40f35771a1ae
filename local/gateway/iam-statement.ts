/**
 * IAM policy statements, checked and compiled once per role. Whatever this evaluator does not understand (an operator, a
 * condition key, a policy variable) is an error when the role is set, because passing over it could allow what AWS denies.
 * Rules: IAM user guide, "IAM JSON policy elements reference".
 */

/** A statement as it stands in a template, with every intrinsic resolved. */
export interface PolicyStatement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Action?: string | readonly string[];
  readonly NotAction?: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly NotResource?: string | readonly string[];
  readonly Condition?: { readonly [operator: string]: { readonly [key: string]: unknown } };
}

/** What one permission check is about. */
export interface AccessRequest {
  /** `dynamodb:PutItem` */
  readonly action: string;
  /** The resource's ARN; `*` for an action that has none; absent where possession of an iterator proves it (see iam-request.ts). */
  readonly resource?: string;
  /** Values of the condition keys that this request has, by their names in lower case. */
  readonly keys?: ReadonlyMap<string, string>;
}

export interface Rule {
  readonly effect: 'Allow' | 'Deny';
  readonly coversAction: (action: string) => boolean;
  readonly coversResource: (resource: string) => boolean;
  readonly conditionHolds: (request: AccessRequest) => boolean;
}

/** What conditions may ask about of the role. All of it is the same for every request. */
export interface RoleContext {
  readonly region: string;
  readonly accountId: string;
  readonly principalArn: string;
  readonly principalName: string;
}

/** Condition keys that a request may have or not. */
const REQUEST_KEYS = ['s3:prefix'];

const OPERATORS = new Map<string, (actual: string, wanted: string) => boolean>([
  ['StringEquals', (actual, wanted) => actual === wanted],
  ['StringEqualsIgnoreCase', (actual, wanted) => actual.toLowerCase() === wanted.toLowerCase()],
  ['StringLike', (actual, wanted) => wildcard(wanted)(actual)],
  ['ArnEquals', (actual, wanted) => wildcard(wanted)(actual)],
  ['ArnLike', (actual, wanted) => wildcard(wanted)(actual)],
  ['Bool', (actual, wanted) => actual === wanted.toLowerCase()],
]);

/** Compiles the statements of a role; throws one error that lists everything that cannot be evaluated. */
export function compileStatements(statements: readonly PolicyStatement[], role: RoleContext): Rule[] {
  const problems: string[] = [];
  const rules = statements.map((statement, index) => {
    const complain = (problem: string) =>
      problems.push(`statement ${index + 1}${statement.Sid ? ` (${statement.Sid})` : ''}: ${problem}`);
    return compileStatement(statement, role, complain);
  });
  if (problems.length > 0)
    throw new Error(
      `the policies of role ${role.principalName} (${role.principalArn}) cannot be enforced here: ${problems.join('; ')}. ` +
        'Change the policy, or teach local/gateway/iam-statement.ts what is missing',
    );
  return rules;
}

function compileStatement(statement: PolicyStatement, role: RoleContext, complain: (problem: string) => void): Rule {
  const effect = statement.Effect;
  if (effect !== 'Allow' && effect !== 'Deny')
    complain(`Effect is ${JSON.stringify(effect)}; allowed are Allow and Deny`);
  const action = oneOf(statement, 'Action', 'NotAction', complain);
  const resource = oneOf(statement, 'Resource', 'NotResource', complain);
  for (const pattern of [...action.patterns, ...resource.patterns]) {
    if (pattern.includes('${')) complain(`policy variables are not supported, found ${JSON.stringify(pattern)}`);
  }
  const actions = action.patterns.map((pattern) => wildcard(pattern.toLowerCase()));
  const resources = resource.patterns.map((pattern) => wildcard(inOneRegion(pattern, role.region)));
  return {
    effect: effect === 'Deny' ? 'Deny' : 'Allow',
    coversAction: (name) => actions.some((covers) => covers(name.toLowerCase())) !== action.negated,
    coversResource: (arn) => resources.some((covers) => covers(arn)) !== resource.negated,
    conditionHolds: conditionHolds(statement.Condition ?? {}, role, complain),
  };
}

function oneOf<Plain extends 'Action' | 'Resource'>(
  statement: PolicyStatement,
  plain: Plain,
  negative: `Not${Plain}`,
  complain: (problem: string) => void,
): { patterns: readonly string[]; negated: boolean } {
  const negated = statement[plain] === undefined;
  const value: unknown = negated ? statement[negative] : statement[plain];
  const patterns: unknown[] = Array.isArray(value) ? value : [value];
  if (!negated && statement[negative] !== undefined) complain(`has both ${plain} and ${negative}`);
  if (patterns.length > 0 && patterns.every((pattern) => typeof pattern === 'string'))
    return { patterns: patterns as string[], negated };
  complain(`${plain} or ${negative} must be a string or a list of strings, found ${JSON.stringify(value)}`);
  return { patterns: [], negated: false };
}

/** All operators must hold; within one operator all keys; within one key any value. `Null` is not evaluated. */
function conditionHolds(
  condition: NonNullable<PolicyStatement['Condition']>,
  role: RoleContext,
  complain: (problem: string) => void,
): Rule['conditionHolds'] {
  // There is no TLS on the loopback interface; policies that insist on it are meant for AWS, so it counts as secure.
  const facts = new Map([
    ['aws:securetransport', 'true'],
    ['aws:principalarn', role.principalArn],
    ['aws:principalaccount', role.accountId],
    ['aws:resourceaccount', role.accountId],
    ['aws:requestedregion', role.region],
  ]);
  const clauses: Rule['conditionHolds'][] = [];
  for (const [written, keys] of Object.entries(condition)) {
    const base = written.replace(/IfExists$/, '').replace(/^(String|Arn)Not/, '$1');
    const negated = /^(String|Arn)Not/.test(written);
    const compare = OPERATORS.get(base);
    if (compare === undefined) {
      complain(
        `condition operator ${written} is not supported; supported are ${[...OPERATORS.keys()].join(', ')}, their Not and IfExists forms`,
      );
      continue;
    }
    for (const [key, value] of Object.entries(keys)) {
      const name = key.toLowerCase();
      if (!facts.has(name) && !REQUEST_KEYS.includes(name)) {
        complain(`condition key ${key} is not known here; known are ${[...facts.keys(), ...REQUEST_KEYS].join(', ')}`);
        continue;
      }
      const wanted = (Array.isArray(value) ? value : [value]).map(String);
      // A key that the request does not have: IfExists and the negated operators hold, the others do not.
      const withoutKey = negated || written.endsWith('IfExists');
      clauses.push(({ keys }) => {
        const fact = facts.get(name) ?? keys?.get(name);
        return fact === undefined ? withoutKey : wanted.some((one) => compare(fact, one)) !== negated;
      });
    }
  }
  return (request) => clauses.every((holds) => holds(request));
}

/** `*` is any text, also with colons and slashes; `?` is one character. */
export function wildcard(pattern: string): (text: string) => boolean {
  if (!/[*?]/.test(pattern)) return (text) => text === pattern;
  const source = pattern
    .replace(/[\\^$.|+()[\]{}]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replaceAll('?', '.');
  const compiled = new RegExp(`^${source}$`, 's');
  return (text) => compiled.test(text);
}

/** DynamoDB Local writes `ddblocal` where AWS writes the region. */
export function inOneRegion(arn: string, region: string): string {
  return arn.replace(/^(arn:aws:dynamodb:)ddblocal:/, `$1${region}:`);
}
