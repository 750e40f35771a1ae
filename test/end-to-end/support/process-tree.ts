/**
 * Which processes a pipeline has started and where they listen, read from the kernel and not from the pipeline. A process is known by
 * its number and its start time, because numbers come again.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

export interface KnownProcess {
  readonly pid: number;
  readonly startTime: string;
  readonly command: string;
}

export interface Listener {
  readonly pid: number;
  /** `127.0.0.1:3306`. */
  readonly address: string;
}

interface Stat {
  readonly parent: number;
  readonly startTime: string;
  readonly state: string;
}

/** Fields of /proc/PID/stat after the command, which is in brackets and may hold anything: proc_pid_stat(5). */
function statOf(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', parent: Number(fields[1]), startTime: fields[19] ?? '' };
  } catch {
    return undefined;
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim().slice(0, 200);
  } catch {
    return '';
  }
}

/** The processes below this one, itself left out. */
export function descendantsOf(root: number): KnownProcess[] {
  const children = new Map<number, number[]>();
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    const parent = Number.isInteger(pid) ? statOf(pid)?.parent : undefined;
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const found: KnownProcess[] = [];
  const queue = [...(children.get(root) ?? [])];
  for (let pid = queue.shift(); pid !== undefined; pid = queue.shift()) {
    queue.push(...(children.get(pid) ?? []));
    const startTime = statOf(pid)?.startTime;
    if (startTime !== undefined) found.push({ pid, startTime, command: commandOf(pid) });
  }
  return found;
}

/** Those of the processes that still run. One that has ended and waits for its parent to notice has ended. */
export function stillRunning(processes: readonly KnownProcess[]): KnownProcess[] {
  return processes.filter(({ pid, startTime }) => {
    const stat = statOf(pid);
    return stat !== undefined && stat.startTime === startTime && stat.state !== 'Z';
  });
}

/** TCP listeners of the processes. */
export function listenersOf(pids: readonly number[]): Listener[] {
  const output = execFileSync('ss', ['-ltnpH'], { encoding: 'utf8' });
  return output.split('\n').flatMap((line) => {
    const address = line.trim().split(/\s+/)[3];
    const owners = [...line.matchAll(/pid=(\d+)/g)].map((match) => Number(match[1]));
    const pid = owners.find((owner) => pids.includes(owner));
    return address === undefined || pid === undefined ? [] : [{ pid, address }];
  });
}

/** Addresses of the list on which anything still listens. */
export function stillListening(listeners: readonly Listener[]): string[] {
  const output = execFileSync('ss', ['-ltnH'], { encoding: 'utf8' });
  const taken = new Set(output.split('\n').map((line) => line.trim().split(/\s+/)[3]));
  return listeners.map(({ address }) => address).filter((address) => taken.has(address));
}

/** Addresses that another machine could reach. Java listens on 127.0.0.1 through a socket that can do both protocols. */
export function exposed(listeners: readonly Listener[]): string[] {
  return listeners
    .map(({ address }) => address)
    .filter((address) => !/^(127\.0\.0\.1|\[::ffff:127\.0\.0\.1\]):/.test(address));
}
