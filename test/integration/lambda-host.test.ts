import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FunctionHost, type FunctionSettings } from '#local/lambda/function-host.ts';

const HANDLER = `
let calls = 0;
console.log('loaded');
export const handler = async (event, context) => {
  calls += 1;
  console.log('handling ' + event.do);
  if (event.do === 'env') return { ...process.env };
  if (event.do === 'context') return { ...context, remaining: context.getRemainingTimeInMillis() };
  if (event.do === 'calls') return calls;
  if (event.do === 'throw') throw new TypeError('no good');
  if (event.do === 'hang') await new Promise(() => setInterval(() => {}, 1000));
  if (event.do === 'spin') for (;;) {}
  if (event.do === 'exit') process.exit(3);
  if (event.do === 'memory') { const all = []; for (;;) all.push(new Array(1e6).fill(Math.random())); }
  if (event.do === 'large') return 'x'.repeat(6 * 1024 * 1024);
  if (event.do === 'wait') await new Promise((resolve) => setTimeout(resolve, 300));
};
export const callback = (event, context, done) => { setTimeout(() => done(null, { echoed: event }), 5); };
`;

let directory: string;
let host: FunctionHost | undefined;
const lines: string[] = [];

async function start(settings: Partial<FunctionSettings> = {}): Promise<FunctionHost> {
  host = new FunctionHost({
    name: 'f',
    arn: 'arn:aws:lambda:us-east-1:000000000000:function:f',
    roleArn: 'arn:aws:iam::000000000000:role/r',
    assetDirectory: directory,
    handler: 'index.handler',
    runtime: 'nodejs24.x',
    memoryMb: 128,
    timeoutSeconds: 5,
    variables: { GREETING: 'hello' },
    endpoint: 'http://127.0.0.1:1',
    region: 'us-east-1',
    credentials: { accessKeyId: 'KEY', secretAccessKey: 'SECRET' },
    dataDirectory: directory,
    log: (_source, line) => lines.push(line),
    ...settings,
  });
  return host;
}

const run = async (task: string) => {
  const outcome = await (host ?? (await start())).invoke(JSON.stringify({ do: task }));
  return { failed: outcome.functionError, answer: JSON.parse(outcome.payload) };
};

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lambda-host-'));
  await writeFile(join(directory, 'index.mjs'), HANDLER);
  lines.length = 0;
});

afterEach(async () => {
  await host?.stop();
  host = undefined;
  await rm(directory, { recursive: true });
});

describe('a function', () => {
  it('sees the variables of the template, its role and its endpoint, and nothing of this process', async () => {
    process.env.SECRET_OF_THE_OPERATOR = 'x';
    const { answer } = await run('env');
    delete process.env.SECRET_OF_THE_OPERATOR;
    expect(answer).toMatchObject({
      GREETING: 'hello',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
      AWS_ACCESS_KEY_ID: 'KEY',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128',
    });
    expect(answer).not.toHaveProperty('SECRET_OF_THE_OPERATOR');
  });

  it('gets a context with its name, limits and remaining time', async () => {
    const { answer } = await run('context');
    expect(answer).toMatchObject({ functionName: 'f', memoryLimitInMB: '128' });
    expect(answer.awsRequestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(answer.remaining).toBeGreaterThan(0);
    expect(answer.remaining).toBeLessThanOrEqual(5_000);
  });

  it('may answer through a callback', async () => {
    await start({ handler: 'index.callback' });
    expect((await run('x')).answer).toEqual({ echoed: { do: 'x' } });
  });

  it('keeps its environment between invocations, and after it threw', async () => {
    expect((await run('calls')).answer).toBe(1);
    expect(await run('throw')).toMatchObject({
      failed: 'Unhandled',
      answer: { errorType: 'TypeError', errorMessage: 'no good' },
    });
    expect((await run('calls')).answer).toBe(3);
  });

  it.each(['hang', 'spin'])(
    'that takes too long (%s) is killed, and the next call gets a new environment',
    async (task) => {
      await start({ timeoutSeconds: 1 });
      const { failed, answer } = await run(task);
      expect(failed).toBe('Unhandled');
      expect(answer.errorType).toBe('Sandbox.Timedout');
      expect(answer.errorMessage).toMatch(/Task timed out after 1\.00 seconds$/);
      expect((await run('calls')).answer).toBe(1);
    },
  );

  it('that ends its process fails only its own invocation', async () => {
    const { answer } = await run('exit');
    expect(answer.errorMessage).toMatch(/exit status 3/);
    expect((await run('calls')).answer).toBe(1);
  });

  it('that uses more memory than it has fails only its own invocation', async () => {
    await start({ memoryMb: 64, timeoutSeconds: 30 });
    const { answer } = await run('memory');
    expect(answer.errorType).toBe('Runtime.OutOfMemory');
    expect((await run('calls')).answer).toBe(1);
  });

  it('that answers more than 6 MB fails', async () => {
    expect((await run('large')).answer.errorType).toBe('Function.ResponseSizeTooLarge');
  });

  it('is refused a payload of more than 6 MB', async () => {
    await expect((await start()).invoke(`"${'x'.repeat(6 * 1024 * 1024)}"`)).rejects.toThrow(/too large/);
  });

  it('that cannot be loaded says why', async () => {
    await start({ handler: 'index.missing' });
    expect((await run('x')).answer).toMatchObject({ errorType: 'Runtime.HandlerNotFound' });
    await host?.stop();
    await writeFile(join(directory, 'index.mjs'), 'throw new RangeError("bad setting")');
    await start();
    expect((await run('x')).answer).toMatchObject({ errorType: 'RangeError', errorMessage: 'bad setting' });
  });

  it('never runs more often at once than its reserved concurrency; direct calls beyond it are throttled, pollers wait', async () => {
    const one = await start({ reservedConcurrency: 1 });
    const first = one.invoke('{"do":"wait"}');
    await expect(one.invoke('{"do":"wait"}', 'throttle')).rejects.toThrow('Rate Exceeded');
    const outcomes = await Promise.all([first, one.invoke('{"do":"calls"}')]);
    expect(outcomes[1].payload).toBe('2');
    expect(one.status()).toMatchObject({ environments: 1 });
  });

  it('has its output in the log file and in the log', async () => {
    await run('throw');
    await host?.stop();
    host = undefined;
    const file = await readFile(join(directory, 'log', 'lambda-f.log'), 'utf8');
    expect(file).toContain('handling throw\n');
    expect(file).toContain('no good');
    expect(lines).toContain('handling throw');
  });
});
