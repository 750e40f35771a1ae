import { expect, test } from 'vitest';
import { normalNumber } from '#simulator/aws/decimal-number.ts';

test.each([
  ['0', '0'],
  ['-0.00', '0'],
  ['007', '7'],
  ['+1.50', '1.5'],
  ['100', '100'],
  ['1e3', '1000'],
  ['-12.5E-3', '-0.0125'],
  ['.5', '0.5'],
  ['18446744073709551615', '18446744073709551615'],
  ['12345678901234567890123456789012345678', '12345678901234567890123456789012345678'],
  ['1E-130', `0.${'0'.repeat(129)}1`],
])('%s is kept as %s', (text, normal) => expect(normalNumber(text)).toBe(normal));

test.each([
  ['123456789012345678901234567890123456789', 'more than 38 significant digits'],
  ['1e126', 'overflow'],
  ['1e-131', 'underflow'],
  ['abc', 'cannot be converted'],
  ['', 'cannot be converted'],
  ['.', 'cannot be converted'],
])('%s is refused: %s', (text, reason) => {
  expect(normalNumber(text)).toMatchObject({ message: expect.stringContaining(reason) });
});
