import { describe, expect, test } from 'vitest';
import { compilePattern, compilePatternText } from '#local/eventbridge/event-pattern.ts';

/** From the example of the user guide's page on event patterns. */
const instanceStopped = {
  version: '0',
  source: 'aws.ec2',
  'detail-type': 'EC2 Instance State-change Notification',
  time: '2015-11-11T21:29:54Z',
  resources: ['arn:aws:ec2:us-west-1:123456789012:instance/i-abcd1111', 'arn:other'],
  detail: {
    'instance-id': 'i-abcd1111',
    state: 'stopped',
    'c-count': 5,
    'd-count': 3.5,
    'x-limit': 301.8,
    'source-ip': '10.0.0.17',
    empty: '',
    nothing: null,
    flag: true,
  },
};

const table: readonly (readonly [title: string, pattern: object, matches: boolean])[] = [
  ['an exact string', { source: ['aws.ec2'] }, true],
  ['another string', { source: ['aws.s3'] }, false],
  ['letters of the other case', { source: ['AWS.EC2'] }, false],
  ['one of several values', { detail: { state: ['terminated', 'stopped'] } }, true],
  ['all fields at once', { source: ['aws.ec2'], detail: { state: ['running'] } }, false],
  ['a field that is not there', { detail: { missing: ['x'] } }, false],
  ['any element of an array in the event', { resources: ['arn:other'] }, true],
  ['null', { detail: { nothing: [null] } }, true],
  ['null where there is text', { detail: { state: [null] } }, false],
  ['the empty string', { detail: { empty: [''] } }, true],
  ['null for the empty string', { detail: { empty: [null] } }, false],
  ['true', { detail: { flag: [true] } }, true],
  ['the text of true', { detail: { flag: ['true'] } }, false],
  ['a number by value', { detail: { 'd-count': [3.5] } }, true],
  ['a number as text', { detail: { 'c-count': ['5'] } }, false],
  ['exists', { detail: { state: [{ exists: true }] } }, true],
  ['exists on null', { detail: { nothing: [{ exists: true }] } }, true],
  ['exists on an object, which is no leaf', { detail: [{ exists: true }] }, false],
  ['not exists', { detail: { missing: [{ exists: false }] } }, true],
  ['not exists below something missing', { detail: { no: { such: [{ exists: false }] } } }, true],
  ['not exists where it exists', { detail: { state: [{ exists: false }] } }, false],
  ['missing or a value', { detail: { state: [{ exists: false }, 'stopped'] } }, true],
  ['a prefix', { time: [{ prefix: '2015-11-' }] }, true],
  ['another prefix', { time: [{ prefix: '2016' }] }, false],
  ['a prefix in any case', { source: [{ prefix: { 'equals-ignore-case': 'AWS.' } }] }, true],
  ['a suffix', { source: [{ suffix: '.ec2' }] }, true],
  ['a suffix in any case', { source: [{ suffix: { 'equals-ignore-case': '.EC2' } }] }, true],
  ['a suffix that is not there', { source: [{ suffix: 'aws' }] }, false],
  ['equality in any case', { detail: { state: [{ 'equals-ignore-case': 'STOPPED' }] } }, true],
  ['inequality in any case', { detail: { state: [{ 'equals-ignore-case': 'STOPPE' }] } }, false],
  ['a wildcard at the end', { source: [{ wildcard: 'aws.*' }] }, true],
  ['wildcards around', { resources: [{ wildcard: '*:instance/*' }] }, true],
  ['wildcards that overlap nothing', { source: [{ wildcard: 'aws.ec2*ec2' }] }, false],
  ['a wildcard that stands for nothing', { source: [{ wildcard: 'aws*.ec2' }] }, true],
  ['anything but a value', { detail: { state: [{ 'anything-but': 'running' }] } }, true],
  ['anything but its own value', { detail: { state: [{ 'anything-but': 'stopped' }] } }, false],
  ['anything but a list', { detail: { state: [{ 'anything-but': ['stopped', 'x'] }] } }, false],
  ['anything but numbers', { detail: { 'x-limit': [{ 'anything-but': [100, 200] }] } }, true],
  ['anything but a number', { detail: { 'c-count': [{ 'anything-but': 5 }] } }, false],
  ['anything but something, where nothing is', { detail: { missing: [{ 'anything-but': 'x' }] } }, false],
  ['anything but one element of an array', { resources: [{ 'anything-but': 'arn:other' }] }, true],
  ['anything but a prefix', { detail: { state: [{ 'anything-but': { prefix: 'stop' } }] } }, false],
  ['anything but prefixes', { detail: { state: [{ 'anything-but': { prefix: ['run', 'init'] } }] } }, true],
  ['anything but a suffix', { detail: { state: [{ 'anything-but': { suffix: 'ed' } }] } }, false],
  [
    'anything but in any case',
    { detail: { state: [{ 'anything-but': { 'equals-ignore-case': ['STOPPED'] } }] } },
    false,
  ],
  ['anything but a wildcard', { detail: { state: [{ 'anything-but': { wildcard: 's*d' } }] } }, false],
  ['anything but a prefix, of a number', { detail: { 'c-count': [{ 'anything-but': { prefix: '5' } }] } }, true],
  [
    'numbers in ranges',
    {
      detail: {
        'c-count': [{ numeric: ['>', 0, '<=', 5] }],
        'd-count': [{ numeric: ['<', 10] }],
        'x-limit': [{ numeric: ['=', 3.018e2] }],
      },
    },
    true,
  ],
  ['a number on the open end of a range', { detail: { 'c-count': [{ numeric: ['>', 5] }] } }, false],
  ['a number on the closed end of a range', { detail: { 'c-count': [{ numeric: ['>=', 5] }] } }, true],
  ['text where a number is asked for', { detail: { state: [{ numeric: ['>', 0] }] } }, false],
  ['an address in a block', { detail: { 'source-ip': [{ cidr: '10.0.0.0/24' }] } }, true],
  ['an address outside of a block', { detail: { 'source-ip': [{ cidr: '10.0.1.0/24' }] } }, false],
  ['text that is no address', { detail: { state: [{ cidr: '0.0.0.0/0' }] } }, false],
  ['one of $or', { $or: [{ source: ['x'] }, { detail: { 'c-count': [{ numeric: ['>', 4] }] } }] }, true],
  ['none of $or', { $or: [{ source: ['x'] }, { detail: { 'c-count': [6] } }] }, false],
  [
    '$or and a field beside it',
    { source: ['x'], $or: [{ detail: { 'c-count': [5] } }, { detail: { flag: [true] } }] },
    false,
  ],
  ['$or inside of a field', { detail: { $or: [{ state: ['x'] }, { flag: [true] }] } }, true],
  ['$or inside of $or', { $or: [{ source: ['x'] }, { $or: [{ source: ['y'] }, { source: ['aws.ec2'] }] }] }, true],
];

describe('an event matches or not by', () => {
  test.each(table)('%s', (_title, pattern, matches) => {
    expect(compilePattern(pattern)(instanceStopped)).toBe(matches);
  });
});

test('IPv6 addresses are compared by bits, not by text', () => {
  const matches = compilePattern({ ip: [{ cidr: '2001:db8:1::/48' }] });

  expect(matches({ ip: '2001:0DB8:0001:ffff::1' })).toBe(true);
  expect(matches({ ip: '2001:db8:2::1' })).toBe(false);
});

test('a backslash makes a star in a wildcard an ordinary character', () => {
  const matches = compilePattern({ a: [{ wildcard: '\\**\\\\' }] });

  expect(matches({ a: '*anything\\' })).toBe(true);
  expect(matches({ a: 'xanything\\' })).toBe(false);
});

test('a wildcard of many stars does not explode', () => {
  const matches = compilePattern({ a: [{ wildcard: `${'*a'.repeat(50)}*b` }] });

  expect(matches({ a: 'a'.repeat(100_000) })).toBe(false);
});

test('two conditions below one array must hold for the same element, also across $or', () => {
  const people = {
    people: [
      { first: 'Anna', last: 'Jones' },
      { first: 'John', last: 'Smith' },
    ],
  };

  expect(compilePattern({ people: { first: ['Anna'], last: ['Smith'] } })(people)).toBe(false);
  expect(compilePattern({ people: { first: ['John'], last: ['Smith'] } })(people)).toBe(true);
  const acrossOr = {
    people: { first: ['Anna'] },
    $or: [{ people: { last: ['Smith'] } }, { people: { last: ['Brown'] } }],
  };
  expect(compilePattern(acrossOr)(people)).toBe(false);
});

test('a field is missing from an array of objects only if no element has it', () => {
  const matches = compilePattern({ list: { a: [{ exists: false }] } });

  expect(matches({ list: [{ b: 1 }, { a: 1 }] })).toBe(false);
  expect(matches({ list: [{ b: 1 }, { c: 1 }] })).toBe(true);
  expect(matches({ list: [] })).toBe(true);
});

test('names that ordinary objects inherit are fields like any other', () => {
  expect(
    compilePatternText('{"__proto__":["x"],"constructor":[{"exists":false}]}')(JSON.parse('{"__proto__":"x"}')),
  ).toBe(true);
  expect(compilePattern({ toString: [{ exists: true }] })({})).toBe(false);
});

test('filters of DynamoDB and Kinesis records are the same language', () => {
  const onItemZero = compilePattern({ dynamodb: { Keys: { version: { S: ['0'] } } } });

  expect(onItemZero({ eventName: 'INSERT', dynamodb: { Keys: { name: { S: 'cpu' }, version: { S: '0' } } } })).toBe(
    true,
  );
  expect(onItemZero({ eventName: 'INSERT', dynamodb: { Keys: { name: { S: 'cpu' }, version: { S: '10' } } } })).toBe(
    false,
  );
});

const refused: readonly (readonly [pattern: unknown, message: string])[] = [
  [[], 'the event pattern is not valid: expected an object'],
  [{}, 'an empty object is not allowed'],
  [{ source: 'x' }, 'at source is not valid: expected an object or an array, found "x"'],
  [{ detail: { state: [] } }, 'at detail.state is not valid: an empty array'],
  [{ a: [['x']] }, 'an array inside an array'],
  [{ a: [{}] }, 'exactly one operator'],
  [{ a: [{ prefix: 'x', suffix: 'y' }] }, 'exactly one operator'],
  [{ a: [{ like: 'x' }] }, '"like" is not an operator; allowed are anything-but, cidr'],
  [{ a: [{ exists: 'yes' }] }, 'exists has "yes"; allowed is true or false'],
  [{ a: [{ prefix: 5 }] }, 'prefix has 5; allowed is a string'],
  [{ a: [{ numeric: ['>'] }] }, 'numeric has [">"]'],
  [{ a: [{ numeric: ['<', 1, '>', 0] }] }, 'numeric has'],
  [{ a: [{ numeric: ['>', 5, '<', 5] }] }, 'first number is less than its second'],
  [{ a: [{ numeric: ['=', 5e10] }] }, 'numbers from -5000000000 to 5000000000'],
  [{ a: [{ cidr: '10.0.0.0' }] }, 'cidr has "10.0.0.0"'],
  [{ a: [{ cidr: '10.0.0.0/33' }] }, 'cidr has'],
  [{ a: [{ wildcard: 'a**b' }] }, 'without two * in a row'],
  [{ a: [{ wildcard: 'a\\b' }] }, 'a backslash stands before'],
  [{ a: [{ 'anything-but': [] }] }, 'anything-but has []'],
  [{ a: [{ 'anything-but': ['x', 1] }] }, 'only strings or only numbers'],
  [{ a: [{ 'anything-but': { prefix: '' } }] }, 'anything-but has'],
  [{ $or: [{ a: ['x'] }] }, 'at $or is not valid: $or takes an array of at least two objects'],
  [{ a: ['x'], $or: [{ a: ['y'] }, { b: ['z'] }] }, 'at a is not valid: the same field is restricted twice'],
];

describe('a pattern is refused with its path and what is allowed:', () => {
  test.each(refused)('%j', (pattern, message) => {
    expect(() => compilePattern(pattern)).toThrow(message);
  });
});

test('a pattern whose $or multiply beyond a thousand is refused', () => {
  const or = (field: string) => ({ $or: Array.from({ length: 11 }, (_, index) => ({ [field]: [index] })) });

  expect(() => compilePattern({ a: or('x'), b: or('y'), c: or('z') })).toThrow('more than 1000 combinations');
});
