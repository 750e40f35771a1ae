import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compilePattern } from '#local/eventbridge/event-pattern.ts';
import { matchesNaively } from './event-pattern-naive.ts';

const word = fc.constantFrom('', 'a', 'ab', 'abc', 'B', 'Ab', 'ba', '10.0.0.1', '10.0.0.200', '2001:db8::1');
const number = fc.constantFrom(-1, 0, 1, 2.5, 10, 6e9);
const scalar = fc.oneof(word, number, fc.boolean(), fc.constant(null));
const wildcard = fc
  .array(fc.constantFrom('a', 'b', '\\*', '*'), { maxLength: 4 })
  .map((parts) => parts.join('').replace(/(?<!\\)\*(\*)+/g, '*'));
const texts = fc.oneof(word.filter(Boolean), fc.array(word.filter(Boolean), { minLength: 1, maxLength: 2 }));
const range = fc.tuple(
  fc.constantFrom('>', '>='),
  fc.constantFrom(-1, 0, 1),
  fc.constantFrom('<', '<='),
  fc.constantFrom(2, 2.5, 10),
);

const alternative = fc.oneof(
  scalar.filter((value) => value !== 6e9),
  fc.record({ exists: fc.boolean() }),
  fc.record({ prefix: word }),
  fc.record({ suffix: word }),
  fc.record({ prefix: fc.record({ 'equals-ignore-case': word }) }),
  fc.record({ 'equals-ignore-case': word }),
  fc.record({ wildcard: wildcard.filter((text) => !text.includes('**')) }),
  fc.record({
    numeric: fc.oneof(range, fc.tuple(fc.constantFrom('=', '<', '<=', '>', '>='), fc.constantFrom(0, 1, 2.5))),
  }),
  fc.record({ cidr: fc.constantFrom('10.0.0.0/25', '10.0.0.0/24', '2001:db8::/32', '::/0') }),
  fc.record({ 'anything-but': fc.oneof(texts, fc.array(fc.constantFrom(0, 1, 2.5), { minLength: 1 })) }),
  fc.record({
    'anything-but': fc.oneof(
      fc.record({ prefix: texts }),
      fc.record({ suffix: texts }),
      fc.record({ 'equals-ignore-case': texts }),
    ),
  }),
);
const field = fc.constantFrom('a', 'b', 'c');
const { pattern, value } = fc.letrec<{ pattern: object; value: unknown }>((tie) => ({
  pattern: fc.oneof(
    { maxDepth: 2 },
    fc.dictionary(field, fc.array(alternative, { minLength: 1, maxLength: 3 }), {
      minKeys: 1,
      maxKeys: 2,
      noNullPrototype: true,
    }),
    fc.dictionary(field, fc.oneof(fc.array(alternative, { minLength: 1, maxLength: 2 }), tie('pattern')), {
      minKeys: 1,
      maxKeys: 2,
      noNullPrototype: true,
    }),
    fc.tuple(tie('pattern'), tie('pattern')).map(($or) => ({ $or })),
  ),
  value: fc.oneof(
    { maxDepth: 3 },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(field, tie('value'), { maxKeys: 3, noNullPrototype: true }),
  ),
}));
const event = fc.dictionary(field, value, { maxKeys: 3, noNullPrototype: true });

test('a compiled pattern decides like a naive reading of the rules', () => {
  let matched = 0;
  fc.assert(
    fc.property(pattern, event, (somePattern, someEvent) => {
      const expected = matchesNaively(somePattern, someEvent);
      if (expected) matched++;
      expect(compilePattern(somePattern)(someEvent)).toBe(expected);
    }),
    { numRuns: 20_000 },
  );
  // Neither answer may be so rare that the property says nothing.
  expect(matched).toBeGreaterThan(1_000);
  expect(matched).toBeLessThan(19_000);
});

test('compiling and matching change neither the pattern nor the event', () => {
  fc.assert(
    fc.property(pattern, event, (somePattern, someEvent) => {
      const before = JSON.stringify([somePattern, someEvent]);
      compilePattern(somePattern)(someEvent);
      expect(JSON.stringify([somePattern, someEvent])).toBe(before);
    }),
    { numRuns: 500 },
  );
});
