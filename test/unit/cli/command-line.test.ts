import { CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { availableMemory, diskFinding, memoryFinding } from '#cli/doctor/finding.ts';
import { checkedPattern } from '#cli/events/given-pattern.ts';
import { isLeftover, subscriptionName } from '#cli/events/subscription-name.ts';
import { nonNegativeNumber, wholeNumber } from '#cli/option-values.ts';
import { relayProgram } from '#cli/program.ts';
import { dataDirectory, PROJECT_ROOT } from '#cli/project.ts';

const terminal = {
  out: () => {},
  say: () => {},
  progress: () => {},
  style: (_: unknown, text: string) => text,
  styleData: (_: unknown, text: string) => text,
  interactive: false,
};
const interruption = { signal: new AbortController().signal, stop: () => {}, requested: false };

async function refusal(...args: string[]): Promise<string> {
  const program = relayProgram({ terminal, interruption }, () => {});
  const silent = { writeOut: () => {}, writeErr: () => {} };
  for (const command of [program, ...program.commands, ...program.commands.flatMap((one) => one.commands)]) {
    command.configureOutput(silent).exitOverride();
  }
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.message;
    throw error;
  }
  return '';
}

describe('the command line', () => {
  it('refuses unknown commands and options, and values that are not allowed, with what is allowed', async () => {
    expect(await refusal('frobnicate')).toContain("unknown command 'frobnicate'");
    expect(await refusal('status', '--jsn')).toContain("unknown option '--jsn'");
    expect(await refusal('demo', '--writes', '0')).toContain('a whole number from 1 to 1000000');
    expect(await refusal('up', '--port', '70000')).toContain('a whole number from 1 to 65535');
    expect(await refusal('metric', 'get')).toContain("missing required argument 'name'");
  });

  it('takes whole numbers only where they must be whole, and no other spelling of a number', () => {
    const allowed = wholeNumber(1, 100);
    expect(allowed('100')).toBe(100);
    for (const text of ['0', '101', '1.5', '1e1', '0x10', '', '-1']) expect(() => allowed(text)).toThrow(/1 to 100/);
    expect(nonNegativeNumber('0.5')).toBe(0.5);
    for (const text of ['-1', '1001', 'x', '']) expect(() => nonNegativeNumber(text)).toThrow(/0 to 1000/);
  });

  it('takes the data directory from the flag before the environment before the default', () => {
    expect(dataDirectory('/a', { RELAY_DATA_DIR: '/b' })).toBe('/a');
    expect(dataDirectory(undefined, { RELAY_DATA_DIR: '/b' })).toBe('/b');
    expect(dataDirectory(undefined, {})).toBe(`${PROJECT_ROOT}/.relay`);
  });

  it('refuses an event pattern that is no JSON object', () => {
    expect(checkedPattern('{"source":["x"]}')).toBe('{"source":["x"]}');
    for (const text of ['[]', '{', '"x"', 'null']) expect(() => checkedPattern(text)).toThrow(/is not a JSON object/);
  });
});

describe('temporary subscriptions', () => {
  const day = 24 * 60 * 60 * 1000;
  const now = Date.UTC(2026, 10, 20);

  it('are leftovers a day after they were made, and not before', () => {
    const name = subscriptionName(now, '0123abcd');
    expect(isLeftover(name, now + day)).toBe(false);
    expect(isLeftover(name, now + day + 1000)).toBe(true);
  });

  it("are never taken for somebody else's rule", () => {
    expect(isLeftover('relay-tail-production', now)).toBe(false);
    expect(isLeftover('relay-tail-1000000000-0123abcd-audit', now)).toBe(false);
  });
});

describe('the doctor', () => {
  it('counts the memory that programs can still get', () => {
    expect(availableMemory('MemFree: 1 kB\nMemAvailable:    2048 kB\n')).toBe(2048 * 1024);
    expect(availableMemory('')).toBeUndefined();
  });

  it('says what to do about too little memory or disk', () => {
    expect(memoryFinding(8 * 1024 ** 3).state).toBe('ok');
    expect(memoryFinding(1024 ** 3)).toMatchObject({ state: 'problem', fix: expect.any(String) });
    expect(diskFinding('/x', 100)).toMatchObject({ state: 'problem', fix: expect.stringContaining('--data-dir') });
  });
});
