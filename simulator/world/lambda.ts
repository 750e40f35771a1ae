/**
 * Runs a handler as Lambda does: with a time-out, and with a death that may come at any of its requests. Of a dead invocation nothing is heard
 * again, but a request that was under way may still be carried out. It decides no retry.
 */
import type { Context } from 'aws-lambda';
import type { Weather } from '../engine/faults.ts';
import type { Random } from '../engine/random.ts';
import type { VirtualTime } from '../engine/virtual-time.ts';
import type { Handler } from './functions.ts';
import { never } from './never.ts';
import { invocation, type Requester } from './sdk.ts';

export interface Services {
  readonly dynamodb: (command: string, input: object) => Promise<unknown>;
  readonly sqs: (command: string, input: object) => Promise<unknown>;
  readonly s3: (command: string, input: object) => Promise<unknown>;
  readonly kinesis: (command: string, input: object) => Promise<unknown>;
}

export type Invoked = { readonly answer: unknown } | { readonly functionError: 'Unhandled'; readonly message: string };

export class SimulatedLambda {
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #weather: Weather;
  readonly #services: Services;
  #invocations = 0;
  /** Invocations that died or ran out of time. */
  deaths = 0;
  /** Invocations that have not ended. */
  running = 0;

  constructor(time: VirtualTime, random: Random, weather: Weather, services: Services) {
    this.#time = time;
    this.#random = random;
    this.#weather = weather;
    this.#services = services;
  }

  invoke(name: string, handler: Handler, event: unknown, timeoutMs: number): Promise<Invoked> {
    const time = this.#time;
    const number = ++this.#invocations;
    const endMs = time.nowMs() + timeoutMs;
    this.running += 1;
    return new Promise((resolve) => {
      let isOver = false;
      const end = (outcome: Invoked): void => {
        if (isOver) return;
        isOver = true;
        cancelTimeout();
        this.running -= 1;
        resolve(outcome);
      };
      const die = (message: string): void => {
        if (isOver) return;
        this.deaths += 1;
        end({ functionError: 'Unhandled', message });
      };
      const cancelTimeout = time.after(timeoutMs, () => die(`${name} timed out after ${timeoutMs} ms`));
      const requester: Requester = {
        request: (service, command, input) => {
          if (isOver) return never();
          if (this.#random.chance(this.#weather.faults.crash)) {
            if (this.#random.chance(0.5)) this.#services[service](command, input).catch(() => {});
            die(`${name} was killed at ${command}`);
            return never();
          }
          return this.#services[service](command, input).then(
            (answer) => (isOver ? never() : answer),
            (error: unknown) => (isOver ? never() : Promise.reject(error)),
          );
        },
        pause: async (ms) => {
          await time.sleep(ms);
          if (isOver) await never();
        },
        random: () => this.#random.next(),
      };
      const context = lambdaContext(name, number, () => endMs - time.nowMs());
      invocation.run(requester, () => {
        handler(event, context).then(
          (answer) => end({ answer }),
          (error: unknown) => end({ functionError: 'Unhandled', message: String(error) }),
        );
      });
    });
  }
}

function lambdaContext(name: string, number: number, getRemainingTimeInMillis: () => number): Context {
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: name,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
    memoryLimitInMB: '1024',
    awsRequestId: `${name}-${number}`,
    logGroupName: `/aws/lambda/${name}`,
    logStreamName: 'simulated',
    getRemainingTimeInMillis,
    done: () => {},
    fail: () => {},
    succeed: () => {},
  };
}
