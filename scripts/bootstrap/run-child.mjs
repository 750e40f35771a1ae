// Runs the real command as a child and becomes transparent: signals go through once, the exit code comes back.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { isatty } from 'node:tty';

/** npm passes Ctrl-C on although the terminal has already sent it; two of the same signal this close together are one. */
const SAME_KEY_PRESS_MS = 400;

/**
 * Resolves with the child's exit code; a child that a signal ended gives 128 + the signal's number, as a shell does.
 *
 * With `ownGroup` the child leads a process group of its own, so that Ctrl-C in the terminal reaches it through here only, once, and
 * does not hit the database and the emulators below it before they have been stopped in order. So that nothing outlives this process
 * even after `kill -9`, such a child is given a pipe (its file descriptor 3) and stops when that closes.
 */
export function runChild(program, args, { env, cwd, ownGroup = false }) {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      // A terminal may be read by its foreground group only; what comes through a pipe or from a file is for the command.
      stdio: ownGroup ? [isatty(0) ? 'ignore' : 'inherit', 'inherit', 'inherit', 'pipe'] : 'inherit',
      detached: ownGroup,
      env: ownGroup ? { ...env, RELAY_PARENT_FD: '3' } : env,
      ...(cwd === undefined ? {} : { cwd }),
    });
    const lastSentAt = new Map();
    const forward = (signal) => {
      const terminalSentIt = !ownGroup && signal === 'SIGINT' && process.stdin.isTTY === true;
      const now = Date.now();
      if (terminalSentIt || now - (lastSentAt.get(signal) ?? 0) < SAME_KEY_PRESS_MS) return;
      lastSentAt.set(signal, now);
      child.kill(signal);
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, forward);
    stopWithNpm(env, () => child.kill('SIGTERM'));
    child.on('error', (error) => {
      process.stderr.write(`${program} could not be started: ${error.message}\n`);
      resolve(1);
    });
    child.on('exit', (code, signal) => resolve(code ?? 128 + (constants.signals[signal] ?? 0)));
  });
}

/**
 * npm runs a script through a shell and passes a signal to that shell only, which dies of it without a word to anybody below. So a
 * command that npm or npx started stops when its shell has gone.
 */
function stopWithNpm(env, stop) {
  if (env.npm_lifecycle_event === undefined) return;
  const shell = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === shell) return;
    clearInterval(watch);
    stop();
  }, 300);
  watch.unref();
}
