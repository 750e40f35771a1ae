/**
 * `relay up` as a process of its own, as a user starts it, started again whenever it ends. How to reach it is read from the file that
 * it writes when it is ready, anew after every start.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClientConfig } from '#cli/connection/client-config.ts';
import { readPipelineFile } from '#cli/connection/pipeline-file.ts';
import { PROJECT_ROOT } from '#cli/project.ts';

export interface Reach {
  readonly client: ClientConfig & { readonly endpoint: string };
  readonly accountId: string;
  output(name: string): string;
}

const LOOK_EVERY_MS = 100;
const PAUSE_BEFORE_START_MS = 500;
const TALK_KEPT = 4_000;

export class Relay {
  readonly #dataDirectory: string;
  readonly #sourceUrl: string;
  readonly #say: (line: string) => void;
  #child: ChildProcess | undefined;
  #stopping = false;
  #running: Promise<void> | undefined;
  #talk = '';
  /** Ends that nobody in this run asked for. */
  endedByItself = 0;
  starts = 0;
  #killed = false;

  constructor(dataDirectory: string, sourceUrl: string, say: (line: string) => void) {
    this.#dataDirectory = dataDirectory;
    this.#sourceUrl = sourceUrl;
    this.#say = say;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** The last of what it said on stderr. */
  get talk(): string {
    return this.#talk;
  }

  /** How to reach the process that runs now; undefined while it is not ready. */
  async reach(): Promise<Reach | undefined> {
    const file = await readPipelineFile(this.#dataDirectory);
    if (file === undefined || file.pid !== this.#child?.pid) return undefined;
    const { endpoint, region, credentials, accountId } = file;
    const outputs = new Map(file.outputs);
    return {
      client: { endpoint, region, credentials: { ...credentials }, maxAttempts: 3 },
      accountId,
      output(name) {
        const value = outputs.get(name);
        if (value === undefined) throw new Error(`no output ${name}; there are ${[...outputs.keys()].join(', ')}`);
        return value;
      },
    };
  }

  async ready(signal: AbortSignal): Promise<Reach> {
    for (;;) {
      signal.throwIfAborted();
      const reach = await this.reach();
      if (reach !== undefined) return reach;
      await delay(LOOK_EVERY_MS);
    }
  }

  kill(): boolean {
    this.#killed = this.#child?.kill('SIGKILL') === true;
    return this.#killed;
  }

  /** Ctrl-C, and the end of it. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#child?.kill('SIGINT');
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      this.#killed = false;
      const { SOURCE_URL: _, RELAY_DATA_DIR: __, ...inherited } = process.env;
      const child = spawn(
        process.execPath,
        [join(PROJECT_ROOT, 'cli', 'main.ts'), 'up', '--data-dir', this.#dataDirectory],
        {
          cwd: PROJECT_ROOT,
          // It stops when the other end of descriptor 3 closes, so that it never outlives the soak.
          env: { ...inherited, NO_COLOR: '1', SOURCE_URL: this.#sourceUrl, RELAY_PARENT_FD: '3' },
          // Not of the terminal's group: Ctrl-C is for the soak, which then stops it.
          detached: true,
          stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
        },
      );
      child.stdio[3]?.on('error', () => {}); // It goes with the process that is killed.
      this.#child = child;
      this.starts += 1;
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        this.#talk = (this.#talk + text).slice(-TALK_KEPT);
      });
      const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
      this.#child = undefined;
      if (this.#stopping) return;
      if (!this.#killed) {
        this.endedByItself += 1;
        this.#say(`relay ended by itself with exit code ${code}; it said:\n${this.#talk.slice(-1500)}`);
      }
      await delay(PAUSE_BEFORE_START_MS);
    }
  }
}
