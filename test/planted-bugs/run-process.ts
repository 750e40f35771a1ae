/** One child process to its end or to its time limit. It is the leader of a group of its own, so that whatever it started ends with it. */
import { spawn } from 'node:child_process';

export interface ProcessEnd {
  /** The exit code; `timeout` when it was ended at its limit. */
  readonly code: number | 'timeout';
  /** Standard output, then standard error. */
  readonly output: string;
}

export function runProcess(
  args: readonly string[],
  cwd: string,
  limitMs: number,
  signal: AbortSignal,
): Promise<ProcessEnd> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const outputs = [child.stdout, child.stderr].map((stream) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      return chunks;
    });
    let isLate = false;
    const end = (): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It is gone already.
      }
    };
    const timer = setTimeout(() => {
      isLate = true;
      end();
    }, limitMs);
    signal.addEventListener('abort', end);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      end();
      resolve({ code: isLate ? 'timeout' : (code ?? 1), output: Buffer.concat(outputs.flat()).toString('utf8') });
    });
  });
}
