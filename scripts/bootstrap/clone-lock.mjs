// A lock file that names its holder's process by id and start time, because ids are used again. A lock whose holder is gone is taken
// over, so that no crash needs a clean-up by hand.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Takes the lock, waiting for a live holder; `onWait(pid)` is called once before it waits. Answers a function that releases it. */
export async function takeLock(path, onWait) {
  let said = false;
  for (;;) {
    const attempt = tryLock(path);
    if (attempt.release !== undefined) return attempt.release;
    if (!said) onWait(attempt.holder);
    said = true;
    await delay(200);
  }
}

/** Takes the lock or says who holds it: `{ release }` or `{ holder }`. */
export function tryLock(path) {
  mkdirSync(dirname(path), { recursive: true });
  for (;;) {
    try {
      writeFileSync(path, `${process.pid} ${startTime(process.pid) ?? ''}\n`, { flag: 'wx' });
      return { release: () => rmSync(path, { force: true }) };
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const holder = holderOf(path);
    if (holder !== undefined) return { holder };
    // Renaming is atomic: of several that find the dead holder one wins, the others find no file and try again.
    const aside = `${path}.stale-${process.pid}`;
    try {
      renameSync(path, aside);
      rmSync(aside, { force: true });
    } catch (error) {
      if (error.code !== 'ENOENT') throw error;
    }
  }
}

/** Text that names the live holder, or undefined when the lock is free or its holder is gone. */
function holderOf(path) {
  let text;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
  // A file without a newline is being written at this moment.
  if (!text.endsWith('\n')) return 'starting';
  const [pidText = '', started = ''] = text.trimEnd().split(' ');
  const pid = Number(pidText);
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM' ? pidText : undefined;
  }
  const now = startTime(pid);
  return started !== '' && now !== undefined && now !== started ? undefined : pidText;
}

/** When the process started, in clock ticks since boot; undefined where the system has no /proc. */
function startTime(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in brackets and may hold anything; what follows is numbers.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
