import { StateMachine, type StateMachineDefinition } from 'aws-local-stepfunctions';
import { describe, expect, test } from 'vitest';
import { replayDefinition } from '#infra/constructs/replay-definition.ts';

const FUNCTION = 'arn:aws:lambda:eu-central-1:000000000000:function:replay-slice';
const definition = replayDefinition({ sliceFunctionArn: FUNCTION, concurrentShards: 10, sliceTimeoutSeconds: 660 });

interface Task {
  readonly replayId: string;
  readonly execution: string;
  readonly shardId: string;
  readonly checkpoint?: { readonly slices: number };
  readonly failure?: { readonly Error: string };
}

/** Runs the machine with a function that answers for each shard; waits between attempts are left out. */
async function run(generations: readonly string[][], slice: (task: Task) => object) {
  const calls: Task[] = [];
  const machine = new StateMachine(definition as StateMachineDefinition);
  const called = async (input: unknown): Promise<object> => {
    calls.push(input as Task);
    return slice(input as Task);
  };
  const execution = machine.run(
    { replayId: 'r1', execution: 'r1-1', generations: generations as string[][] },
    {
      overrides: {
        taskResourceLocalHandlers: { Slice: called as never, 'Note failure': called as never },
        retryIntervalOverrides: { Slice: 0, 'Note failure': 0 },
      },
    },
  );
  return {
    calls,
    result: await execution.result.then(
      () => 'succeeded' as const,
      ({ message }: Error) => message,
    ),
  };
}

const sliceOf = ({ checkpoint }: Task, slices: number) => {
  const done = (checkpoint?.slices ?? 0) + 1;
  return { slices: done, done: done >= slices };
};

describe('the state machine of a replay', () => {
  test('is accepted by the validator of the Amazon States Language, paths and ARNs included', () => {
    expect(() => new StateMachine(definition as StateMachineDefinition)).not.toThrow();
    const broken = JSON.parse(JSON.stringify(definition).replace('"Next":"Any failure?"', '"Next":"Nowhere"'));
    expect(() => new StateMachine(broken)).toThrow();
  });

  test('runs slices of a shard until its checkpoint is done, each with the checkpoint of the one before', async () => {
    const { calls, result } = await run([['a']], (task) => sliceOf(task, 3));
    expect(result).toBe('succeeded');
    expect(calls.map(({ checkpoint }) => checkpoint?.slices)).toEqual([undefined, 1, 2]);
    expect(calls[0]).toEqual({ replayId: 'r1', execution: 'r1-1', shardId: 'a' });
  });

  test('begins with a generation when the one before has ended', async () => {
    const { calls } = await run([['a', 'b'], ['c'], ['d']], (task) => sliceOf(task, 2));
    const shards = calls.map(({ shardId }) => shardId);
    expect(shards.slice(0, 4).sort()).toEqual(['a', 'a', 'b', 'b']);
    expect(shards.slice(4)).toEqual(['c', 'c', 'd', 'd']);
  });

  test('tries a slice again, and goes on from its last checkpoint', async () => {
    let failed = false;
    const { calls, result } = await run([['a']], (task) => {
      if (task.checkpoint && !failed) {
        failed = true;
        throw new Error('the network was away');
      }
      return sliceOf(task, 2);
    });
    expect(result).toBe('succeeded');
    expect(calls.map(({ checkpoint }) => checkpoint?.slices)).toEqual([undefined, 1, 1]);
  });

  test('tries a slice again for an hour: full jitter halves each wait on average', () => {
    const [all] = JSON.stringify(definition).match(/\{[^{}]*"MaxAttempts":\d\d[^{}]*\}/) ?? [];
    const { IntervalSeconds, BackoffRate, MaxDelaySeconds, MaxAttempts, JitterStrategy } = JSON.parse(all ?? '{}');
    const waits = Array.from({ length: MaxAttempts }, (_, attempt) =>
      Math.min(MaxDelaySeconds, IntervalSeconds * BackoffRate ** attempt),
    );
    expect(JitterStrategy).toBe('FULL');
    expect(waits.reduce((sum, seconds) => sum + seconds, 0) / 2).toBeGreaterThanOrEqual(3600);
  });

  test('notes a shard that cannot be replayed, goes on with all others, and fails at the end', async () => {
    const { calls, result } = await run([['a', 'b'], ['c']], (task) => {
      if (task.shardId !== 'a' || task.failure) return sliceOf(task, 1);
      throw Object.assign(new Error('the records are gone'), { name: 'ReplayRefused' });
    });
    expect(result).toContain('could not be replayed to its end');
    // Trying again would not help, so it was not tried again.
    expect(calls.filter(({ shardId, failure }) => shardId === 'a' && !failure)).toHaveLength(1);
    expect(calls.find(({ failure }) => failure)).toMatchObject({ shardId: 'a', failure: { Error: 'ReplayRefused' } });
    expect(calls.map(({ shardId }) => shardId)).toContain('c');
  });
});
