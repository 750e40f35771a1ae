/** Half a surrogate pair can be written in JSON, but no store gives it back as it was: such a record is set aside. */
import { expect, test } from 'vitest';
import { decode, message, Raw } from '../../support/dms-message.ts';

test.each(['"\\ud83d"', '"\\ude00 and more"', '"before \\ud83d"'])('text with %s is refused', (json) => {
  expect(() => decode(message({ data: { hybrid_formula: new Raw(json) } }))).toThrow(/hybrid_formula.*well-formed/);
});

test('a whole pair is text as any other', () => {
  expect(() => decode(message({ data: { hybrid_formula: new Raw('"\\ud83d\\ude00"') } }))).not.toThrow();
});
