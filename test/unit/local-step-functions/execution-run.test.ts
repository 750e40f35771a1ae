import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readDefinition } from '#local/step-functions/definition.ts';
import { type ExecutionEnd, runExecution } from '#local/step-functions/execution-run.ts';
import type { HistoryEvent } from '#local/step-functions/history.ts';
import { type RunTask, StateError } from '#local/step-functions/lambda-task.ts';

const FUNCTION = 'arn:aws:lambda:us-east-1:000000000000:function:slice';
const CONTEXT = { executionArn: 'arn:e', name: 'e', roleArn: 'arn:r', machineArn: 'arn:m', machineName: 'm' };
const task = (more: object = {}) => ({ Type: 'Task', Resource: FUNCTION, End: true, ...more });

beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());

interface Seen {
  readonly end: ExecutionEnd;
  readonly events: readonly HistoryEvent[];
  readonly types: readonly string[];
  readonly tookMs: number;
}

/** Runs to the end with a clock that jumps from timer to timer. */
async function run(
  states: { readonly [name: string]: object },
  input: unknown,
  runTask: RunTask,
  more = {},
): Promise<Seen> {
  const definition = readDefinition(
    JSON.stringify({ StartAt: Object.keys(states)[0], States: states, ...more }),
    'Test/Machine',
  );
  const events: HistoryEvent[] = [];
  const startedMs = Date.now();
  const running = runExecution(definition, JSON.stringify(input), CONTEXT, runTask, (more) => events.push(...more));
  let end: ExecutionEnd | undefined;
  void running.end.then((value) => {
    end = value;
  });
  while (end === undefined) await vi.advanceTimersToNextTimerAsync();
  return { end, events, types: events.map(({ type }) => type), tookMs: Date.now() - startedMs };
}

const failing =
  (name: string): RunTask =>
  async () => {
    throw new StateError(name, `{"errorType":"${name}"}`);
  };
const never: RunTask = () => new Promise(() => {});

describe('retries', () => {
  it('wait the interval, times the rate, and end after the attempts', async () => {
    const calls: number[] = [];
    const { end, types } = await run(
      { T: task({ Retry: [{ ErrorEquals: ['Busy'], IntervalSeconds: 2, BackoffRate: 3, MaxAttempts: 3 }] }) },
      {},
      async () => {
        calls.push(Date.now());
        throw new StateError('Busy', 'later');
      },
    );
    expect(calls).toEqual([0, 2_000, 8_000, 26_000]);
    expect(end).toEqual({ status: 'FAILED', error: 'Busy', cause: 'later' });
    expect(types.filter((type) => type === 'LambdaFunctionFailed')).toHaveLength(4);
    expect(types.filter((type) => type === 'LambdaFunctionScheduled')).toHaveLength(4);
  });

  it('are for the named errors only; States.TaskFailed is every error but a time-out', async () => {
    const retry = (name: string) => ({ Retry: [{ ErrorEquals: [name], MaxAttempts: 1 }] });
    const attempts = async (name: string, runTask: RunTask, more = {}) =>
      (await run({ T: task({ ...retry(name), ...more }) }, {}, runTask)).types.filter((type) =>
        type.endsWith('Scheduled'),
      ).length;
    expect(await attempts('Lambda.TooManyRequestsException', failing('Lambda.TooManyRequestsException'))).toBe(2);
    expect(await attempts('Busy', failing('Other'))).toBe(1);
    expect(await attempts('States.TaskFailed', failing('Any'))).toBe(2);
    expect(await attempts('States.TaskFailed', never, { TimeoutSeconds: 5 })).toBe(1);
    expect(await attempts('States.Timeout', never, { TimeoutSeconds: 5 })).toBe(2);
  });
});

describe('a task', () => {
  it('that does not end in time fails with States.Timeout', async () => {
    const { end, types, tookMs } = await run({ T: task({ TimeoutSeconds: 90 }) }, {}, never);
    expect([end, tookMs]).toEqual([{ status: 'FAILED', error: 'States.Timeout' }, 90_000]);
    expect(types).toContain('LambdaFunctionTimedOut');
  });

  it('without a time-out may take an hour', async () => {
    const hour: RunTask = () => new Promise((resolve) => setTimeout(() => resolve('done'), 3_600_000));
    expect((await run({ T: task() }, {}, hour)).end).toEqual({ status: 'SUCCEEDED', output: '"done"' });
  });

  it('whose failure is caught leaves error and cause where the path says', async () => {
    const caught = { ErrorEquals: ['States.ALL'], ResultPath: '$.failure', Next: 'Mend' };
    const { end } = await run({ T: task({ Catch: [caught] }), Mend: { Type: 'Succeed' } }, { a: 1 }, failing('Bad'));
    expect(end).toMatchObject({ status: 'SUCCEEDED' });
    expect(JSON.parse((end as { output: string }).output)).toEqual({
      a: 1,
      failure: { Error: 'Bad', Cause: '{"errorType":"Bad"}' },
    });
  });

  it('whose result path is $ replaces the whole', async () => {
    const { end } = await run({ T: task({ ResultPath: '$' }) }, { a: 1 }, async () => ({ b: 2 }));
    expect(end).toEqual({ status: 'SUCCEEDED', output: '{"b":2}' });
  });
});

describe('a Map', () => {
  const map = (more: object = {}) => ({
    Type: 'Map',
    ItemsPath: '$.items',
    Parameters: { 'item.$': '$$.Map.Item.Value', 'place.$': '$$.Map.Item.Index', 'of.$': '$.name' },
    Iterator: { StartAt: 'Each', States: { Each: task() } },
    End: true,
    ...more,
  });

  it('runs no more items at once than it may, and keeps their order', async () => {
    let now = 0;
    let most = 0;
    const { end, tookMs } = await run(
      { M: map({ MaxConcurrency: 2 }) },
      { items: [5, 6, 7], name: 'x' },
      async (_, input) => {
        now += 1;
        most = Math.max(most, now);
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        now -= 1;
        return input;
      },
    );
    expect([most, tookMs]).toEqual([2, 2_000]);
    expect(JSON.parse((end as { output: string }).output)).toEqual([
      { item: 5, place: 0, of: 'x' },
      { item: 6, place: 1, of: 'x' },
      { item: 7, place: 2, of: 'x' },
    ]);
  });

  it('fails with the error of the item that failed, and can be caught', async () => {
    const caught = { ErrorEquals: ['Bad'], Next: 'Mend' };
    const { end } = await run(
      { M: map({ Catch: [caught] }), Mend: { Type: 'Pass', End: true } },
      { items: [1], name: 'x' },
      failing('Bad'),
    );
    expect(end).toMatchObject({ status: 'SUCCEEDED', output: expect.stringContaining('"Error":"Bad"') });
  });
});

describe('an execution', () => {
  it('loops through Choice and Wait until a task says it is done', async () => {
    let left = 3;
    const { end, tookMs } = await run(
      {
        Slice: { Type: 'Task', Resource: FUNCTION, Next: 'Done?' },
        'Done?': {
          Type: 'Choice',
          Choices: [{ Variable: '$.done', BooleanEquals: true, Next: 'End' }],
          Default: 'Pause',
        },
        Pause: { Type: 'Wait', Seconds: 60, Next: 'Slice' },
        End: { Type: 'Succeed' },
      },
      {},
      async () => ({ done: --left === 0 }),
    );
    expect([end, tookMs]).toEqual([{ status: 'SUCCEEDED', output: '{"done":true}' }, 120_000]);
  });

  it('fails as its Fail state says', async () => {
    const fail = { Type: 'Fail', Error: 'Stopped', Cause: 'by hand' };
    expect((await run({ F: fail }, {}, never)).end).toEqual({ status: 'FAILED', error: 'Stopped', cause: 'by hand' });
    expect((await run({ F: { Type: 'Fail' } }, {}, never)).end).toEqual({ status: 'FAILED' });
  });

  it('times out as a whole', async () => {
    expect((await run({ T: task() }, {}, never, { TimeoutSeconds: 7 })).end).toEqual({ status: 'TIMED_OUT' });
  });

  it('knows its own name and role', async () => {
    const parameters = {
      'name.$': '$$.Execution.Name',
      'role.$': '$$.Execution.RoleArn',
      'in.$': '$$.Execution.Input.a',
    };
    const { end } = await run({ P: { Type: 'Pass', Parameters: parameters, End: true } }, { a: 1 }, never);
    expect(end).toEqual({ status: 'SUCCEEDED', output: '{"name":"e","role":"arn:r","in":1}' });
  });

  it('fails past 256 KiB, in a way that States.ALL does not catch', async () => {
    const large: RunTask = async () => 'x'.repeat(262_143);
    const caught = { ErrorEquals: ['States.ALL'], Next: 'Mend' };
    const states = { T: task({ Catch: [caught] }), Mend: { Type: 'Succeed' } };
    expect((await run(states, {}, large)).end).toMatchObject({ status: 'FAILED', error: 'States.DataLimitExceeded' });
    const fits: RunTask = async () => 'x'.repeat(262_142);
    expect((await run(states, {}, fits)).end).toMatchObject({ status: 'SUCCEEDED' });
  });

  it('fails past 25,000 events, as on AWS', async () => {
    const states = { A: { Type: 'Pass', Next: 'B' }, B: { Type: 'Pass', Next: 'A' } };
    const more = {
      S: { Type: 'Choice', Choices: [{ Variable: '$.x', IsPresent: true, Next: 'E' }], Default: 'A' },
      E: { Type: 'Succeed' },
    };
    const { end, events } = await run({ ...more, ...states }, {}, never);
    expect(end).toMatchObject({ status: 'FAILED', error: 'States.Runtime', cause: expect.stringContaining('25000') });
    expect(events.length).toBeLessThan(25_010);
  });

  it('that is aborted leaves no timer, runs no task again and takes the abort for no failure', async () => {
    const retry = { Retry: [{ ErrorEquals: ['States.ALL'], MaxAttempts: 99_999_999 }] };
    const text = JSON.stringify({
      StartAt: 'T',
      States: { T: task({ ...retry, Next: 'W', End: undefined }), W: { Type: 'Wait', Seconds: 60, End: true } },
    });
    let calls = 0;
    const counted: RunTask = () => {
      calls += 1;
      return new Promise(() => {});
    };
    const running = runExecution(readDefinition(text, 'T'), '{}', CONTEXT, counted, () => {});
    await vi.advanceTimersByTimeAsync(5);
    running.abort();
    expect(await running.end).toEqual({ status: 'ABORTED' });
    await vi.advanceTimersByTimeAsync(100_000);
    expect([calls, vi.getTimerCount()]).toEqual([1, 0]);
  });
});

it('ends at once as failed when its history cannot be kept', async () => {
  const definition = readDefinition(JSON.stringify({ StartAt: 'T', States: { T: task() } }), 'Test/Machine');
  const { end } = runExecution(definition, '{}', CONTEXT, never, () => {
    throw new Error('disk full');
  });
  await vi.advanceTimersByTimeAsync(10);
  await expect(end).resolves.toEqual({
    status: 'FAILED',
    error: 'States.Runtime',
    cause: 'the history of the execution cannot be kept: disk full',
  });
});
