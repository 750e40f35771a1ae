import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FunctionHost } from '#local/lambda/function-host.ts';
import { lambdaFrontEnd } from '#local/lambda/lambda-front-end.ts';
import { LambdaRegistry } from '#local/lambda/lambda-registry.ts';
import type { FrontEnd } from '#local/local-aws.ts';
import { eventually } from './platform-rig.ts';

const HANDLER = `
let failures = 2;
export const handler = async (event) => {
  if (event.fail) throw new Error('no');
  if (event.flaky && failures-- > 0) throw new Error('not yet');
  if (event.hold) await new Promise((resolve) => setTimeout(resolve, 500));
  return { got: event };
};`;

let directory: string;
let host: FunctionHost;
let frontEnd: FrontEnd;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lambda-front-end-'));
  await writeFile(join(directory, 'index.mjs'), HANDLER);
  host = new FunctionHost({
    name: 'f',
    arn: 'arn:aws:lambda:us-east-1:000000000000:function:f',
    roleArn: 'role',
    assetDirectory: directory,
    handler: 'index.handler',
    runtime: 'nodejs24.x',
    memoryMb: 128,
    timeoutSeconds: 5,
    reservedConcurrency: 1,
    variables: {},
    endpoint: 'http://127.0.0.1:1',
    region: 'us-east-1',
    credentials: { accessKeyId: 'KEY', secretAccessKey: 'SECRET' },
    dataDirectory: directory,
    log: () => {},
  });
  const registry = new LambdaRegistry();
  registry.addFunction(host);
  frontEnd = lambdaFrontEnd(registry);
});
afterAll(async () => {
  await host.stop();
  await rm(directory, { recursive: true });
});

const ask = async (method: string, path: string, body = '', headers: Record<string, string> = {}) => {
  const answer = await frontEnd({ method, path, query: new URLSearchParams(), headers, body: Buffer.from(body) });
  return { ...answer, body: answer.body.length === 0 ? undefined : JSON.parse(answer.body.toString()) };
};
const invoke = (body: string, headers = {}, name = 'f') =>
  ask('POST', `/2015-03-31/functions/${encodeURIComponent(name)}/invocations`, body, headers);

describe('the Lambda API', () => {
  it('invokes by name and by ARN and answers what the function answers', async () => {
    for (const name of ['f', host.arn, `${host.arn}:$LATEST`]) {
      const answer = await invoke('{"a":1}', {}, name);
      expect(answer).toMatchObject({ status: 200, body: { got: { a: 1 } } });
      expect(answer.headers).not.toHaveProperty('x-amz-function-error');
    }
  });

  it('answers 200 with the error header when the function fails', async () => {
    const answer = await invoke('{"fail":true}');
    expect(answer).toMatchObject({ status: 200, body: { errorType: 'Error', errorMessage: 'no' } });
    expect(answer.headers).toMatchObject({ 'x-amz-function-error': 'Unhandled' });
  });

  it('refuses a payload that is no JSON, and an unknown function', async () => {
    expect(await invoke('{')).toMatchObject({ status: 400 });
    expect(await invoke('{}', {}, 'other')).toMatchObject({ status: 404 });
  });

  it('throttles a direct call when the reserved concurrency is used up', async () => {
    const first = invoke('{"hold":true}');
    await eventually(
      () => host.status(),
      (status) => status.running === 1,
    );
    expect(await invoke('{}')).toMatchObject({ status: 429 });
    expect((await first).status).toBe(200);
  });

  it('takes an event at once and tries it up to three times', async () => {
    const before = Number(host.status().invocations);
    expect(await invoke('{"flaky":true}', { 'x-amz-invocation-type': 'Event' })).toMatchObject({ status: 202 });
    await eventually(
      () => host.status(),
      (status) => status.invocations === before + 3 && status.running === 0,
    );
  });

  it('describes a function', async () => {
    const answer = await ask('GET', '/2015-03-31/functions/f');
    expect(answer.body.Configuration).toMatchObject({
      FunctionArn: host.arn,
      MemorySize: 128,
      Timeout: 5,
      State: 'Active',
    });
  });
});
