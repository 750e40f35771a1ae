/**
 * A short soak: random SQL from several connections while every process of the pipeline is killed once and the stream is resharded. The
 * program is the one that runs for hours by hand (bench/soak.ts), started as a person starts it.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { PROJECT_ROOT } from '#cli/project.ts';

const SEED = Number(process.env.RELAY_TEST_SEED ?? 6);
/** After the last write: the grace period of a metric that is not whole, and a projection message that a killed function held. */
const WITHIN_MS = 1_200_000;

const counts = z.record(z.string(), z.number());
const summary = z.object({
  faults: z.number(),
  events: z.number(),
  writes: z.number(),
  transactions: counts,
  kills: counts,
  reshards: counts,
  differences: z.array(z.string()),
  missingEvents: z.array(z.string()),
  inventedEvents: z.array(z.string()),
  twoContents: z.array(z.string()),
  quarantined: z.array(z.string()),
});

test(
  `after a soak of seed ${SEED} with every process killed and the stream resharded, the laws hold`,
  async () => {
    const args = [
      '--minutes',
      '1',
      '--seed',
      String(SEED),
      '--kill-every',
      '13',
      '--reshard-every',
      '6',
      '--metrics',
      '30',
    ];
    const soak = spawn(process.execPath, [join(PROJECT_ROOT, 'bench', 'soak.ts'), ...args, '--json'], {
      cwd: PROJECT_ROOT,
      // It stops when the other end of descriptor 3 closes, however this process ends.
      env: { ...process.env, NO_COLOR: '1', RELAY_PARENT_FD: '3' },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    const { stdout: answer, stderr: progress } = soak;
    if (answer === null || progress === null) throw new Error('the soak has no output');
    const ended = new Promise<number | null>((resolve) => soak.once('close', resolve));
    onTestFinished(async () => {
      soak.kill('SIGINT');
      await ended;
    }, 120_000);
    let [stdout, stderr] = ['', ''];
    answer.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    progress.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const code = await ended;
    const talk = stderr.slice(-8_000);
    expect(stdout, talk).not.toBe('');
    const found = summary.parse(JSON.parse(stdout));
    console.log(
      `${found.writes} writes, ${found.events} events; killed: ${JSON.stringify(found.kills)}; ${JSON.stringify(found.reshards)}`,
    );
    const { differences, missingEvents, inventedEvents, twoContents, quarantined } = found;
    expect(
      { differences, missingEvents, inventedEvents, twoContents, quarantined, faults: found.faults },
      talk,
    ).toEqual({
      differences: [],
      missingEvents: [],
      inventedEvents: [],
      twoContents: [],
      quarantined: [],
      faults: 0,
    });
    expect(code, talk).toBe(0);
    expect(Object.keys(found.kills).toSorted()).toEqual([
      'DynamoDB Local',
      'Kinesis',
      'SQS and S3',
      'database',
      'relay',
    ]);
    expect(found.reshards.split, talk).toBeGreaterThanOrEqual(1);
    expect(found.reshards.merge, talk).toBeGreaterThanOrEqual(1);
    expect(found.transactions['rolled back']).toBeGreaterThan(0);
    expect(found.events).toBeGreaterThan(50);
  },
  WITHIN_MS,
);
