/**
 * A pipeline in a process of its own on a sample of its own, started and told as a user does it: by `relay up` and the other commands. A
 * subscriber is there, and stopping it checks that the process ends well and leaves nothing behind.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { readPipelineFile } from '#cli/connection/pipeline-file.ts';
import { EXIT } from '#cli/exit-code.ts';
import { type Reach, reachOfProcess } from './reach.ts';
import { gone, type RelayProcess, runRelay, startRelay } from './relay-process.ts';
import { openSourceWrites, type SourceWrites } from './source-writes.ts';
import { Subscriber } from './subscriber.ts';
import { Tables } from './tables.ts';
import { takeDown } from './take-down.ts';

export interface RelayUnderTest {
  readonly directory: string;
  /** Makes any command work on this pipeline. */
  readonly data: readonly string[];
  readonly up: RelayProcess;
  readonly reach: Reach;
  readonly source: SourceWrites;
  readonly tables: Tables;
  readonly subscriber: Subscriber;
  /** Runs a command that must end with this code, and answers the JSON that it printed. */
  relay(expected: number, ...args: readonly string[]): ReturnType<typeof toldJson>;
  stop(): Promise<void>;
}

/** `args`: for `relay up`, beside the sample and its directory. */
export async function startRelayUnderTest(metrics: number, ...args: readonly string[]): Promise<RelayUnderTest> {
  const directory = await mkdtemp(join(tmpdir(), 'relay-e2e-'));
  const data = ['--data-dir', directory];
  const up = startRelay(['up', '--sample', '--metrics', String(metrics), ...args, ...data]);
  const undo: (() => Promise<void>)[] = [
    () => rm(directory, { recursive: true, force: true }),
    async () => {
      const footprint = up.footprint();
      up.kill('SIGINT');
      const { code, stderr } = await up.ended;
      expect(code, stderr).toBe(EXIT.ok);
      await gone(footprint);
    },
  ];
  const stop = () => takeDown(undo);
  try {
    const reach = await reachOfProcess(directory, up.pid, up.stderr);
    await up.said(/The pipeline is ready/);
    const source = await openSourceWrites((await readPipelineFile(directory))?.sourceUrl ?? '');
    undo.push(() => source.close());
    const tables = new Tables(reach);
    undo.push(async () => tables.close());
    const subscriber = new Subscriber('e2e-subscriber');
    undo.push(() => subscriber.leave());
    await subscriber.subscribe(reach);
    const relay = (expected: number, ...command: readonly string[]) => toldJson(expected, [...command, ...data]);
    return { directory, data, up, reach, source, tables, subscriber, relay, stop };
  } catch (error) {
    await stop().catch(() => {});
    throw new Error(`the pipeline did not get ready; it said:\n${up.stderr().slice(-3_000)}`, { cause: error });
  }
}

/** Runs a command that must end with this code, and answers the JSON that it printed. */
export async function toldJson(expected: number, args: readonly string[]) {
  const { code, stdout, stderr } = await runRelay([...args, '--json']);
  expect(code, stderr).toBe(expected);
  return JSON.parse(stdout);
}
