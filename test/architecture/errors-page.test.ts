/** docs/errors.md is the operator's page of every error code: none is missing, none is left over, each says what to do. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { dispositionOf } from '#core/error/disposition.ts';
import { ERROR_CODES, RelayError } from '#core/error/relay-error.ts';
import { ROOT } from './source-files.ts';

const page = readFileSync(join(ROOT, 'docs', 'errors.md'), 'utf8');
const sections = new Map(
  page
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const [heading = '', ...lines] = section.split('\n');
      return [heading.replaceAll('`', '').trim(), lines.join('\n')];
    }),
);

describe('docs/errors.md', () => {
  test('has one section per code of core/error/relay-error.ts, in its order', () => {
    expect([...sections.keys()], 'add or remove the section `## CODE`').toEqual([...ERROR_CODES]);
  });

  test.each(ERROR_CODES)(
    '%s tells what happens to the record as the disposition table does, and what to do',
    (code) => {
      const text = sections.get(code) ?? '';
      const disposition = dispositionOf(new RelayError(code, ''));
      expect(text, `a line "Disposition: ${disposition}"`).toContain(`**Disposition:** ${disposition}`);
      for (const part of ['**What happened.**', '**What to do.**']) expect(text).toContain(part);
    },
  );
});
