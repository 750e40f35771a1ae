import { setTimeout as delay } from 'node:timers/promises';
import {
  DescribeExecutionCommand,
  type DescribeExecutionCommandOutput,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { lambdaFunctionProvider } from '#local/resources/lambda-function.ts';
import { stateMachineProvider } from '#local/resources/state-machine.ts';
import { eventually, type Platform, POWERLESS_ROLE, ROLE, startPlatform } from './platform-rig.ts';

/** Fails by what it is asked; `slow` takes two seconds. */
const FUNCTION = `
class NotYet extends Error { name = 'NotYet' }
let attempts = 0;
export const handler = async (event) => {
  if (event.fail === 'once' && attempts++ === 0) throw new NotYet('try again');
  if (event.fail === 'always') throw new NotYet('never');
  if (event.slow) await new Promise((resolve) => setTimeout(resolve, 2_000));
  return { doubled: (event.n ?? 0) * 2 };
};`;

let platform: Platform;
let states: SFNClient;
let functionArn: string;
let serial = 0;

beforeAll(async () => {
  platform = await startPlatform();
  states = new SFNClient(platform.access);
});

afterAll(async () => {
  states.destroy();
  await platform.stop();
});

beforeEach(async () => {
  serial += 1;
  const host = await platform.create(lambdaFunctionProvider, `Double${serial}`, {
    Code: await platform.asset(FUNCTION),
    Handler: 'index.handler',
    Role: ROLE,
    Runtime: 'nodejs24.x',
    Timeout: 20,
  });
  functionArn = host.attributes.Arn ?? '';
});

afterEach(() => platform.stopCreated());

/** A machine of the given states that begins with the first of them. */
async function machine(definition: { readonly [name: string]: object }, role = ROLE, name = `Machine${serial}`) {
  const created = await platform.create(stateMachineProvider, name, {
    DefinitionString: JSON.stringify({ StartAt: Object.keys(definition)[0], States: definition }),
    RoleArn: role,
  });
  await created.start?.();
  return created;
}

const start = async (stateMachineArn: string, input: object, name?: string): Promise<string> => {
  const started = await states.send(
    new StartExecutionCommand({
      stateMachineArn,
      input: JSON.stringify(input),
      ...(name === undefined ? {} : { name }),
    }),
  );
  return started.executionArn ?? '';
};

const ended = (executionArn: string): Promise<DescribeExecutionCommandOutput> =>
  eventually(
    () => states.send(new DescribeExecutionCommand({ executionArn })),
    ({ status }) => status !== 'RUNNING',
  );

const task = (more: object = {}) => ({ Type: 'Task', Resource: functionArn, End: true, ...more });

describe('Step Functions through the SDK', () => {
  it('runs a Map of function calls, by ARN and by lambda:invoke, and keeps what happened', async () => {
    const { ref } = await machine({
      Each: {
        Type: 'Map',
        ItemsPath: '$.numbers',
        ItemSelector: { 'n.$': '$$.Map.Item.Value' },
        MaxConcurrency: 2,
        ItemProcessor: {
          ProcessorConfig: { Mode: 'INLINE' },
          StartAt: 'Double',
          States: {
            Double: { Type: 'Task', Resource: functionArn, Next: 'Again' },
            Again: task({
              Resource: 'arn:aws:states:::lambda:invoke',
              Parameters: { FunctionName: functionArn, Payload: { 'n.$': '$.doubled' } },
              ResultSelector: { 'four.$': '$.Payload.doubled', 'status.$': '$.StatusCode' },
            }),
          },
        },
        End: true,
      },
    });
    const arn = await start(ref, { numbers: [1, 2, 3] }, 'first');
    const { status, output, stopDate } = await ended(arn);
    expect([status, JSON.parse(output ?? '')]).toEqual([
      'SUCCEEDED',
      [4, 8, 12].map((four) => ({ four, status: 200 })),
    ]);
    expect(stopDate).toBeInstanceOf(Date);
    const { events } = await states.send(new GetExecutionHistoryCommand({ executionArn: arn, maxResults: 1000 }));
    const types = events?.map(({ type }) => type) ?? [];
    expect(types[0]).toBe('ExecutionStarted');
    expect(types.at(-1)).toBe('ExecutionSucceeded');
    expect(types.filter((type) => type === 'LambdaFunctionSucceeded')).toHaveLength(3);
    expect(types.filter((type) => type === 'TaskSucceeded')).toHaveLength(3);
    const { executions } = await states.send(new ListExecutionsCommand({ stateMachineArn: ref }));
    expect(executions?.map(({ name, status }) => [name, status])).toEqual([['first', 'SUCCEEDED']]);
    const { stateMachines } = await states.send(new ListStateMachinesCommand({}));
    expect(stateMachines?.map(({ stateMachineArn }) => stateMachineArn)).toContain(ref);
  });

  it('gives a function error its own name, so that Retry and Catch see it', async () => {
    const { ref } = await machine({
      Try: task({
        Retry: [{ ErrorEquals: ['NotYet'], IntervalSeconds: 1, MaxAttempts: 1, BackoffRate: 1 }],
        Catch: [{ ErrorEquals: ['NotYet'], ResultPath: '$.failure', Next: 'Say' }],
      }),
      Say: { Type: 'Pass', End: true },
    });
    const retried = await ended(await start(ref, { n: 4, fail: 'once' }));
    expect(retried.output).toBe('{"doubled":8}');
    const caught = JSON.parse((await ended(await start(ref, { fail: 'always' }))).output ?? '');
    expect(caught).toMatchObject({ fail: 'always', failure: { Error: 'NotYet' } });
    expect(JSON.parse(caught.failure.Cause)).toMatchObject({ errorType: 'NotYet', errorMessage: 'never' });
  });

  it('fails as on AWS when the role may not invoke the function', async () => {
    const { ref } = await machine({ Try: task() }, POWERLESS_ROLE);
    const { status, error, cause } = await ended(await start(ref, {}));
    expect([status, error]).toEqual(['FAILED', 'Lambda.AWSLambdaException']);
    expect(cause).toContain('is not authorized to perform: lambda:InvokeFunction');
  });

  it('answers the same execution for the same name and input while it runs, and refuses the name otherwise', async () => {
    const { ref } = await machine({ Long: task() });
    const arn = await start(ref, { slow: true }, 'once');
    expect(await start(ref, { slow: true }, 'once')).toBe(arn);
    await expect(start(ref, { slow: false }, 'once')).rejects.toMatchObject({ name: 'ExecutionAlreadyExists' });
    await states.send(new StopExecutionCommand({ executionArn: arn, error: 'Enough', cause: 'the operator said so' }));
    expect(await ended(arn)).toMatchObject({ status: 'ABORTED', error: 'Enough', cause: 'the operator said so' });
    await expect(start(ref, { slow: true }, 'once')).rejects.toMatchObject({ name: 'ExecutionAlreadyExists' });
  });

  it('refuses bad requests by the names that AWS gives', async () => {
    const { ref } = await machine({ Only: { Type: 'Succeed' } });
    await expect(start(`${ref}x`, {})).rejects.toMatchObject({ name: 'StateMachineDoesNotExist' });
    await expect(start(ref, {}, 'a b')).rejects.toMatchObject({ name: 'InvalidName' });
    await expect(states.send(new StartExecutionCommand({ stateMachineArn: ref, input: '{' }))).rejects.toMatchObject({
      name: 'InvalidExecutionInput',
    });
    await expect(ended(ref.replace('stateMachine', 'execution'))).rejects.toMatchObject({
      name: 'ExecutionDoesNotExist',
    });
  });

  it('starts what was running again, from its first state, when the runtime comes back', async () => {
    const name = `Returning${serial}`;
    const definition = { Pause: { Type: 'Wait', Seconds: 2, Next: 'Try' }, Try: task() };
    const before = await machine(definition, ROLE, name);
    const arn = await start(before.ref, { n: 21 }, 'survivor');
    await delay(300);
    await before.stop?.();
    const after = await machine(definition, ROLE, name);
    expect(after.status?.()).toMatchObject({ state: 'running', executions: 1 });
    expect(await ended(arn)).toMatchObject({ status: 'SUCCEEDED', output: '{"doubled":42}' });
    const { events } = await states.send(new GetExecutionHistoryCommand({ executionArn: arn }));
    expect(events?.map(({ type }) => type)).toEqual([
      'ExecutionStarted',
      'WaitStateEntered',
      'ExecutionRedriven',
      'WaitStateEntered',
      'WaitStateExited',
      'TaskStateEntered',
      'LambdaFunctionScheduled',
      'LambdaFunctionStarted',
      'LambdaFunctionSucceeded',
      'TaskStateExited',
      'ExecutionSucceeded',
    ]);
  });
});
