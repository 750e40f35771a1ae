/**
 * The simulator in a process of its own, because a world takes the clock and the dice of its process: first the histories that once broke a law,
 * then some random ones. `npm run simulate` runs as many as wanted.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { REGRESSIONS } from '#simulator/regressions.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'simulator', 'main.ts');
const HISTORIES = Number(process.env.SIMULATED_HISTORIES ?? 100);

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function simulator(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        output[name] += text;
      });
    }
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...output }));
  });
}

test(`every law holds in ${REGRESSIONS.length} histories that once broke one and in ${HISTORIES} random ones`, async () => {
  const { code, stdout, stderr } = await simulator('--histories', String(HISTORIES), '--no-shrink', '--json');
  expect(code, stderr).toBe(0);
  const { histories, broken, records, events } = JSON.parse(stdout) as Record<string, number>;
  expect({ histories, broken }).toEqual({ histories: HISTORIES, broken: 0 });
  // Histories in which nothing happens would prove nothing.
  expect(records).toBeGreaterThan(HISTORIES * 10);
  expect(events).toBeGreaterThan(HISTORIES);
  console.log(stdout.trim());
});

test('the same seed lives the same life', async () => {
  const lives = await Promise.all([1, 2].map(() => simulator('--history', 'again.7', '--no-shrink')));
  expect(lives[0]?.stderr).toContain('every law holds');
  expect(lives[1]?.stderr).toBe(lives[0]?.stderr);
});

test('a number of histories that is no number is refused with the reason', async () => {
  const { code, stderr } = await simulator('--histories', 'many');
  expect(code).toBe(2);
  expect(stderr).toContain('whole number');
});
