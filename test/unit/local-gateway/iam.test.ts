import { describe, expect, test } from 'vitest';
import { authorize } from '#local/gateway/iam.ts';
import { compileStatements, type PolicyStatement } from '#local/gateway/iam-statement.ts';

const role = {
  region: 'us-east-1',
  accountId: '000000000000',
  principalArn: 'arn:aws:iam::000000000000:role/writer',
  principalName: 'writer',
};
const table = 'arn:aws:dynamodb:us-east-1:000000000000:table/Metrics';
const allow = (more: Partial<PolicyStatement> = {}): PolicyStatement => ({
  Effect: 'Allow',
  Action: 'dynamodb:PutItem',
  Resource: table,
  ...more,
});
const deny = (more: Partial<PolicyStatement> = {}): PolicyStatement => allow({ Effect: 'Deny', ...more });
const without = (statement: PolicyStatement, member: keyof PolicyStatement): PolicyStatement =>
  Object.fromEntries(Object.entries(statement).filter(([name]) => name !== member)) as unknown as PolicyStatement;

const cases: readonly (readonly [title: string, statements: readonly PolicyStatement[], decision: string])[] = [
  ['the very action and resource', [allow()], 'allowed'],
  ['no statement', [], 'not allowed'],
  ['another action', [allow({ Action: 'dynamodb:GetItem' })], 'not allowed'],
  ['another resource', [allow({ Resource: `${table}2` })], 'not allowed'],
  ['one of several actions', [allow({ Action: ['dynamodb:GetItem', 'dynamodb:PutItem'] })], 'allowed'],
  ['an action in other letters', [allow({ Action: 'DynamoDB:putitem' })], 'allowed'],
  ['a resource in other letters', [allow({ Resource: table.toLowerCase() })], 'not allowed'],
  ['a star in the action', [allow({ Action: 'dynamodb:P*' })], 'allowed'],
  ['a star for everything', [allow({ Action: '*', Resource: '*' })], 'allowed'],
  ['a question mark for one character', [allow({ Resource: table.replace('Metrics', 'Metric?') })], 'allowed'],
  ['a question mark for no character', [allow({ Resource: `${table}?` })], 'not allowed'],
  ['a dot is only a dot', [allow({ Resource: table.replace('Metrics', 'M.trics') })], 'not allowed'],
  ['a star that spans slashes', [allow({ Resource: 'arn:aws:dynamodb:*' })], 'allowed'],
  ['everything but another action', [without(allow({ NotAction: 'dynamodb:DeleteItem' }), 'Action')], 'allowed'],
  ['everything but this action', [without(allow({ NotAction: 'dynamodb:Put*' }), 'Action')], 'not allowed'],
  ['every resource but this one', [without(allow({ NotResource: table }), 'Resource')], 'not allowed'],
  ['every resource but another one', [without(allow({ NotResource: `${table}2` }), 'Resource')], 'allowed'],
  ['a deny beside an allow', [allow(), deny()], 'explicitly denied'],
  ['a deny before an allow', [deny({ Resource: '*' }), allow()], 'explicitly denied'],
  ['a deny of another resource', [allow(), deny({ Resource: `${table}2` })], 'allowed'],
  [
    'a condition that holds',
    [allow({ Condition: { StringEquals: { 'aws:PrincipalAccount': ['1', '000000000000'] } } })],
    'allowed',
  ],
  [
    'a condition that does not hold',
    [allow({ Condition: { StringEquals: { 'aws:RequestedRegion': 'eu-west-1' } } })],
    'not allowed',
  ],
  [
    'a condition on what the request does not have',
    [allow({ Condition: { StringLike: { 's3:prefix': '*' } } })],
    'not allowed',
  ],
  ['the same, if it exists', [allow({ Condition: { StringLikeIfExists: { 's3:prefix': 'a' } } })], 'allowed'],
  [
    'a negated one on what the request does not have',
    [allow({ Condition: { StringNotLike: { 's3:prefix': 'a*' } } })],
    'allowed',
  ],
  [
    'one of two conditions',
    [
      allow({
        Condition: { StringLike: { 'aws:PrincipalArn': '*:role/w*' }, ArnEquals: { 'aws:PrincipalArn': 'arn:x' } },
      }),
    ],
    'not allowed',
  ],
  ['a negated condition', [allow({ Condition: { StringNotLike: { 'aws:PrincipalArn': '*reader' } } })], 'allowed'],
  [
    'deny of what is not encrypted on its way',
    [allow(), deny({ Condition: { Bool: { 'aws:SecureTransport': false } } })],
    'allowed',
  ],
];

describe('PutItem on the table is decided by', () => {
  test.each(cases)('%s', (_title, statements, decision) => {
    expect(authorize(compileStatements(statements, role), { action: 'dynamodb:PutItem', resource: table })).toBe(
      decision,
    );
  });
});

test('a stream ARN of DynamoDB Local and one with the region are the same resource', () => {
  const rules = compileStatements(
    [allow({ Resource: 'arn:aws:dynamodb:ddblocal:000000000000:table/Metrics/stream/*' })],
    role,
  );

  expect(authorize(rules, { action: 'dynamodb:PutItem', resource: `${table}/stream/2026` })).toBe('allowed');
});

test('an opaque iterator needs the action on some resource', () => {
  const rules = compileStatements(
    [allow({ Action: 'kinesis:GetRecords', Resource: 'arn:aws:kinesis:us-east-1:000000000000:stream/changes' })],
    role,
  );

  expect(authorize(rules, { action: 'kinesis:GetRecords' })).toBe('allowed');
  expect(authorize(rules, { action: 'dynamodb:GetRecords' })).toBe('not allowed');
});

test('everything that cannot be evaluated is listed in one error when the role is set', () => {
  const statements = [
    allow({ Sid: 'Odd', Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } }),
    allow({ Condition: { StringEquals: { 'dynamodb:LeadingKeys': 'x' } } }),
    allow({ Resource: `${table}/\${aws:username}` }),
    allow({ Effect: 'Perhaps' }),
    without(allow(), 'Resource'),
  ];

  const attempt = () => compileStatements(statements, role);

  expect(attempt).toThrow('the policies of role writer');
  for (const problem of [
    'statement 1 (Odd): condition operator IpAddress',
    'condition key dynamodb:LeadingKeys',
    'policy variables',
    'Effect is "Perhaps"',
    'Resource or NotResource must be',
  ])
    expect(attempt).toThrow(problem);
});

test('a listing below a prefix is allowed there and nowhere else', () => {
  const rules = compileStatements(
    [
      allow({
        Action: 's3:ListBucket',
        Resource: 'arn:aws:s3:::b',
        Condition: { StringLike: { 's3:prefix': 'changes/*' } },
      }),
    ],
    role,
  );
  const listing = (prefix: string) => ({
    action: 's3:ListBucket',
    resource: 'arn:aws:s3:::b',
    keys: new Map([['s3:prefix', prefix]]),
  });
  expect(authorize(rules, listing('changes/year=2026/'))).toBe('allowed');
  expect(authorize(rules, listing('other/'))).toBe('not allowed');
  expect(authorize(rules, listing(''))).toBe('not allowed');
});
