/**
 * Finds the processes of this run and ends them with SIGKILL. Only processes below our own are looked at, by parent and command line, so
 * that nothing of anybody else on the machine can be met.
 */
import { execFileSync } from 'node:child_process';
import type { Relay } from './relay.ts';

export const VICTIMS = ['relay', 'DynamoDB Local', 'Kinesis', 'SQS and S3', 'database'] as const;
export type Victim = (typeof VICTIMS)[number];

interface RunningProcess {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

const COMMANDS: readonly (readonly [Victim, RegExp])[] = [
  ['DynamoDB Local', /LoopbackDynamoDb/],
  ['Kinesis', /kinesis-local\/main\.js/],
  ['SQS and S3', /fauxqs-server/],
  // Not the shell that guards it, which has the whole command line among its own arguments.
  ['database', /^\S*(mariadbd|mysqld) /],
];

/** Answers the process id, or undefined when there is no such process at this moment. */
export function killOne(victim: Victim, relay: Relay): number | undefined {
  if (victim === 'relay') {
    const { pid } = relay;
    return relay.kill() ? pid : undefined;
  }
  const pattern = COMMANDS.find(([name]) => name === victim)?.[1];
  const found = descendantsOf(process.pid).find(({ command }) => pattern?.test(command) === true);
  if (found === undefined) return undefined;
  try {
    process.kill(found.pid, 'SIGKILL');
    return found.pid;
  } catch {
    return undefined;
  }
}

function descendantsOf(root: number): RunningProcess[] {
  const all = execFileSync('ps', ['-ww', '-e', '-o', 'pid=,ppid=,args='], { encoding: 'utf8', maxBuffer: 2 ** 26 })
    .split('\n')
    .flatMap((line) => {
      const [, pid, parent, command = ''] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
      return pid === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), command }];
    });
  const found: RunningProcess[] = [];
  const parents = [root];
  for (let parent = parents.pop(); parent !== undefined; parent = parents.pop()) {
    for (const one of all.filter((other) => other.parent === parent)) {
      found.push(one);
      parents.push(one.pid);
    }
  }
  return found;
}
