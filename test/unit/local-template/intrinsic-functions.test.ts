// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Fn::Sub writes its placeholders in plain strings.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '#local/resources/resource-provider.ts';
import {
  NO_VALUE,
  type Resolved,
  resolve,
  resolveCondition,
  type Scope,
  UNKNOWN,
} from '#local/template/intrinsic-functions.ts';

function scope(problems: string[] = []): Scope {
  const names = new Map<string, Resolved>([
    ['AWS::Region', 'us-east-1'],
    ['Stage', 'dev'],
    ['Shards', '2'],
    ['Zones', ['x', 'y']],
    ['Table', 'stack-Table'],
    ['Later', UNKNOWN],
  ]);
  return {
    region: 'us-east-1',
    ref: (name) => names.get(name),
    attribute: (id, attribute) =>
      new Map([['Table.Arn', 'arn:aws:dynamodb:us-east-1:1:table/T']]).get(`${id}.${attribute}`) ??
      (id === 'Later' ? UNKNOWN : undefined),
    importValue: (name) => (name === 'State:Arn' ? 'arn:imported' : undefined),
    condition: (name) =>
      new Map([
        ['Yes', true],
        ['No', false],
      ]).get(name),
    mapping: (name) => (name === 'Sizes' ? { dev: { memory: 512 } } : undefined),
    problem: (message) => void problems.push(message),
  };
}

const RESOLVES: readonly (readonly [string, Json, unknown])[] = [
  ['Ref of a parameter', { Ref: 'Stage' }, 'dev'],
  ['Ref of a pseudo parameter', { Ref: 'AWS::Region' }, 'us-east-1'],
  ['GetAtt with a list', { 'Fn::GetAtt': ['Table', 'Arn'] }, 'arn:aws:dynamodb:us-east-1:1:table/T'],
  ['GetAtt with a text', { 'Fn::GetAtt': 'Table.Arn' }, 'arn:aws:dynamodb:us-east-1:1:table/T'],
  ['Join', { 'Fn::Join': ['-', ['a', { Ref: 'Stage' }, 3]] }, 'a-dev-3'],
  ['Join over a list parameter', { 'Fn::Join': [',', { Ref: 'Zones' }] }, 'x,y'],
  [
    'Sub with one text',
    { 'Fn::Sub': '${Stage}/${Table.Arn}/${!Kept}' },
    'dev/arn:aws:dynamodb:us-east-1:1:table/T/${Kept}',
  ],
  ['Sub with its own variables', { 'Fn::Sub': ['${X}-${Stage}', { X: { Ref: 'Table' } }] }, 'stack-Table-dev'],
  ['Select', { 'Fn::Select': ['1', ['a', 'b']] }, 'b'],
  ['Select of a Split', { 'Fn::Select': [5, { 'Fn::Split': [':', { 'Fn::GetAtt': ['Table', 'Arn'] }] }] }, 'table/T'],
  ['If, true', { 'Fn::If': ['Yes', 'a', { Ref: 'Nobody' }] }, 'a'],
  ['If, false', { 'Fn::If': ['No', { Ref: 'Nobody' }, 'b'] }, 'b'],
  ['If that leaves a member out', { a: 1, b: { 'Fn::If': ['No', 2, { Ref: 'AWS::NoValue' }] } }, { a: 1 }],
  ['NoValue in a list', [1, { Ref: 'AWS::NoValue' }, 3], [1, 3]],
  ['FindInMap', { 'Fn::FindInMap': ['Sizes', { Ref: 'Stage' }, 'memory'] }, 512],
  ['ImportValue', { 'Fn::ImportValue': { 'Fn::Sub': 'State:Arn' } }, 'arn:imported'],
  ['Base64', { 'Fn::Base64': 'hi' }, 'aGk='],
  ['GetAZs of this region', { 'Fn::GetAZs': '' }, ['us-east-1a', 'us-east-1b', 'us-east-1c']],
  [
    'a Condition element of a policy, which is no function',
    { Condition: { Bool: { a: 'b' } } },
    { Condition: { Bool: { a: 'b' } } },
  ],
];

const REFUSED: readonly (readonly [string, Json, RegExp])[] = [
  ['an unknown function', { 'Fn::Transform': {} }, /Fn::Transform is not supported/],
  ['a Ref to nothing', { Ref: 'Nobody' }, /"Nobody"/],
  ['a GetAtt of nothing', { 'Fn::GetAtt': ['Table', 'Colour'] }, /Table\.Colour/],
  ['a Sub of nothing', { 'Fn::Sub': 'x${Nobody}' }, /"Nobody"/],
  ['a Sub of a list', { 'Fn::Sub': 'x${Zones}' }, /Zones/],
  ['an import of nothing', { 'Fn::ImportValue': 'State:Nothing' }, /State:Nothing/],
  ['a Select outside its list', { 'Fn::Select': [2, ['a', 'b']] }, /Fn::Select needs/],
  ['a Select with a negative index', { 'Fn::Select': [-1, ['a', 'b']] }, /Fn::Select needs/],
  ['a Join of objects', { 'Fn::Join': ['-', [{ a: 1 }]] }, /Fn::Join needs/],
  ['a Split of a list', { 'Fn::Split': [',', ['a']] }, /Fn::Split needs/],
  ['an If without its condition', { 'Fn::If': ['Maybe', 1, 2] }, /no condition "Maybe"/],
  ['a key that a map does not have', { 'Fn::FindInMap': ['Sizes', 'dev', '__proto__'] }, /Fn::FindInMap needs/],
  ['a function beside other members', { Ref: 'Stage', other: 1 }, /must be alone/],
];

describe('intrinsic functions', () => {
  it.each(RESOLVES)('resolve: %s', (_name, value, expected) => {
    const problems: string[] = [];
    expect(resolve(value, scope(problems))).toEqual(expected);
    expect(problems).toEqual([]);
  });

  it.each(REFUSED)('are refused, never passed through: %s', (_name, value, message) => {
    const problems: string[] = [];
    resolve(value, scope(problems));
    expect(problems.join('\n')).toMatch(message);
  });

  it('with an argument that is known only later are known only later, without a problem', () => {
    const problems: string[] = [];
    const later = { 'Fn::Select': [5, { 'Fn::Split': [':', { 'Fn::Sub': '${Later}:${Stage}' }] }] };
    expect(resolve(later, scope(problems))).toBe(UNKNOWN);
    expect(resolve({ 'Fn::GetAtt': ['Later', 'Arn'] }, scope(problems))).toBe(UNKNOWN);
    expect(problems).toEqual([]);
  });

  it('a value that is NoValue as a whole says so', () => {
    expect(resolve({ Ref: 'AWS::NoValue' }, scope())).toBe(NO_VALUE);
  });

  it('JSON without functions is unchanged', () => {
    const key = fc.string().filter((name) => name !== 'Ref' && !name.startsWith('Fn::'));
    const json = fc.letrec<{ value: Json }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.string(),
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
      ),
    })).value;
    fc.assert(
      fc.property(json, (value) => {
        expect(JSON.stringify(resolve(value, scope()))).toBe(JSON.stringify(value));
      }),
    );
  });

  it('Split undoes Join when no part has the delimiter', () => {
    const part = fc.string().filter((text) => !text.includes('|'));
    fc.assert(
      fc.property(fc.array(part, { minLength: 1 }), (parts) => {
        expect(resolve({ 'Fn::Split': ['|', { 'Fn::Join': ['|', parts] }] }, scope())).toEqual(parts);
      }),
    );
  });
});

describe('conditions', () => {
  it.each([
    [{ 'Fn::Equals': [{ Ref: 'Stage' }, 'dev'] }, true],
    [{ 'Fn::Equals': [{ Ref: 'Stage' }, 'prod'] }, false],
    [{ 'Fn::Not': [{ Condition: 'Yes' }] }, false],
    [{ 'Fn::And': [{ Condition: 'Yes' }, { Condition: 'No' }] }, false],
    [{ 'Fn::Or': [{ Condition: 'No' }, { 'Fn::Equals': ['a', 'a'] }] }, true],
  ] as const)('%j is %s', (condition, expected) => {
    const problems: string[] = [];
    expect(resolveCondition(condition as Json, scope(problems))).toBe(expected);
    expect(problems).toEqual([]);
  });

  it.each([
    [{ 'Fn::Equals': [{ Ref: 'Later' }, 'a'] }],
    [{ 'Fn::Xor': [] }],
    ['Yes'],
    [{ 'Fn::And': [{ Condition: 'Yes' }] }],
  ])('%j is refused', (condition) => {
    const problems: string[] = [];
    resolveCondition(condition as Json, scope(problems));
    expect(problems).toHaveLength(1);
  });
});
