/**
 * A child process that cannot outlive this one. A shell stands between the two and reads from a pipe that only this process
 * holds: when the pipe closes, for whatever reason (also `kill -9`), the shell ends the child. The child gets a session of its
 * own, so that Ctrl-C in the terminal reaches this process alone and the child is stopped in order.
 */
import { type ChildProcess, spawn } from 'node:child_process';

/** The child is asked to end (TERM), and killed when it has not ended within the grace period. */
const GUARD = `
grace=$1; shift
"$@" 3<&- &
child=$!
trap 'kill -TERM "$child" 2>/dev/null' TERM INT HUP
( read -r line
  kill -TERM "$child" 2>/dev/null
  waited=0
  while kill -0 "$child" 2>/dev/null && [ "$waited" -lt "$grace" ]; do sleep 1; waited=$((waited + 1)); done
  kill -KILL "$child" 2>/dev/null ) <&3 &
guard=$!
wait "$child"; code=$?
while kill -0 "$child" 2>/dev/null; do wait "$child"; code=$?; done
kill -KILL "$guard" 2>/dev/null
exit "$code"
`;

export interface GuardedChild {
  /** Resolves with the exit code when the child has ended; never rejects. */
  readonly ended: Promise<number>;
  /** Ends the child in order and waits for it. */
  stop(): Promise<void>;
}

/** Starts `command`; its output goes to the open file `logFile`. */
export function startGuardedChild(
  command: string,
  args: readonly string[],
  logFile: number,
  graceSeconds = 20,
): GuardedChild {
  const child: ChildProcess = spawn('/bin/sh', ['-c', GUARD, 'guard', String(graceSeconds), command, ...args], {
    detached: true,
    stdio: ['ignore', logFile, logFile, 'pipe'],
  });
  const pipe = child.stdio[3];
  pipe?.on('error', () => {});
  const ended = new Promise<number>((resolve) => {
    child.once('error', () => resolve(127));
    child.once('exit', (code) => resolve(code ?? 1));
  });
  return {
    ended,
    async stop() {
      pipe?.destroy();
      await ended;
    },
  };
}
