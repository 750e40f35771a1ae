/** One child process to its end or to its time limit. It is the leader of a group of its own, so that whatever it started ends with it. */
import { spawn } from 'node:child_process';

export interface ProcessEnd {
  /** The exit code; `timeout` when it was ended at its limit, `enough` when its output was. */
  readonly code: number | 'timeout' | 'enough';
  /** Standard output and standard error, as they came. */
  readonly output: string;
}

export interface ProcessBounds {
  readonly cwd: string;
  readonly limitMs: number;
  readonly signal: AbortSignal;
  /** True when nothing more needs to be known: the process is ended. */
  readonly isEnough?: (output: string) => boolean;
}

export function runProcess(
  args: readonly string[],
  { cwd, limitMs, signal, isEnough }: ProcessBounds,
): Promise<ProcessEnd> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let ended: 'timeout' | 'enough' | undefined;
    const endGroup = (): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // Nobody of the group is left.
      }
    };
    const timer = setTimeout(() => {
      ended ??= 'timeout';
      endGroup();
    }, limitMs);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        if (!ended && isEnough?.(output)) {
          ended = 'enough';
          endGroup();
        }
      });
    }
    if (signal.aborted) endGroup();
    signal.addEventListener('abort', endGroup);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', endGroup);
      endGroup();
      resolve({ code: ended ?? code ?? 1, output });
    });
  });
}
