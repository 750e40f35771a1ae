import { describe, expect, test } from 'vitest';
import { ending } from '#cli/commands/republish.ts';
import { EXIT } from '#cli/exit-code.ts';
import { pointInTime } from '#cli/replay/point-in-time.ts';
import { nothingToSend, resumeCommand } from '#cli/republish/republish-choice.ts';

const NOW = Date.parse('2026-11-20T12:00:00Z');

describe('a republish that takes no metric', () => {
  test('fails when it was asked for something that is not there', () => {
    for (const choice of [{ prefix: 'zzz' }, { prefix: 'zzz', after: 'a' }, { all: true }])
      expect(() => nothingToSend({ ...choice, rate: 50 }, [], NOW)).toThrow(
        expect.objectContaining({
          exitCode: EXIT.failure,
          message: expect.stringMatching(/[Nn]o metric.* Nothing was/),
        }),
      );
  });

  test('says so and succeeds when nothing has changed lately, or lies behind the name', () => {
    const changedSince = pointInTime('-2h');
    expect(nothingToSend({ changedSince, rate: 50 }, [], NOW)).toBe(
      'No metric was changed since 2026-11-20T10:00:00.000Z. There is nothing to send.',
    );
    expect(nothingToSend({ changedSince, prefix: 'pack', rate: 50 }, [], NOW)).toBe(
      'No metric has a name that begins with "pack" and was changed since 2026-11-20T10:00:00.000Z. There is nothing to send.',
    );
    expect(nothingToSend({ prefix: 'pack', after: 'pz', rate: 50 }, ['packages'], NOW)).toContain('behind "pz"');
    // Names that do not exist, left out because that was asked for.
    expect(nothingToSend({ skipMissing: true, rate: 50 }, [], NOW)).toBe('There is nothing to send.');
  });
});

describe('the command that goes on', () => {
  test('is told when a request fails, beside what it says is missing', () => {
    const ended = (error: Error) => () =>
      ending({ say: () => {} }, { kind: 'failed', error }, [], 'npx relay republish --all --after m7');
    expect(ended(new Error('socket hang up'))).toThrow(
      expect.objectContaining({
        exitCode: EXIT.failure,
        message: expect.stringContaining('socket hang up'),
        next: 'Go on with: npx relay republish --all --after m7',
      }),
    );
    const denied = Object.assign(new Error('not authorized'), { name: 'AccessDeniedException' });
    expect(ended(denied)).toThrow(
      expect.objectContaining({
        message: 'A permission is missing: not authorized',
        next: expect.stringMatching(/events:PutEvents.* Go on with: npx relay republish --all --after m7$/),
      }),
    );
  });

  test('takes the same metrics behind the last name, with a relative time as the instant it was', () => {
    const choice = { prefix: "it's", changedSince: pointInTime('-2h'), rate: 50, dataDir: '/a b' };
    expect(resumeCommand([], choice, 'last one', NOW)).toBe(
      "npx relay republish --prefix 'it'\\''s' --changed-since 2026-11-20T10:00:00.000Z --after 'last one' --rate 50 --data-dir '/a b'",
    );
  });

  test('keeps the pace, leaves out what was left out, and sends nothing when nothing was sent', () => {
    const choice = { rate: 7, skipMissing: true, dryRun: true, after: 'a', stack: 'S', region: 'r' };
    expect(resumeCommand(['a', 'b', 'gone'], choice, undefined, NOW)).toBe(
      'npx relay republish a b gone --after a --rate 7 --skip-missing --dry-run --stack S --region r',
    );
  });
});
