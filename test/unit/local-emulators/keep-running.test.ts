import { expect, it } from 'vitest';
import { type KeptRunning, keepRunning, type Server } from '#local/keep-running.ts';

interface Numbered extends Server {
  readonly number: number;
  readonly stopped: () => boolean;
}

/** Servers that end when the test says so, on a clock that the test moves. */
function world(starts: readonly ('ok' | 'fails')[] = []) {
  const clock = { now: 0 };
  const said: string[] = [];
  const givenUp: string[] = [];
  const end: ((reason: string) => void)[] = [];
  let started = 0;
  const kept = keepRunning<Numbered>({
    name: 'The server',
    start: async (onUnexpectedEnd) => {
      const number = started++;
      if (starts[number] === 'fails') throw new Error(`start ${number} failed`);
      end.push(onUnexpectedEnd);
      let stopped = false;
      return {
        number,
        stopped: () => stopped,
        stop: async () => {
          stopped = true;
        },
      };
    },
    say: (message) => said.push(message),
    onGivenUp: (message) => givenUp.push(message),
    now: () => clock.now,
    pause: async (ms) => {
      clock.now += ms;
    },
  });
  const ends = async (reason: string): Promise<void> => {
    end.at(-1)?.(reason);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { clock, said, givenUp, kept, ends };
}

const current = (kept: KeptRunning<Numbered>): number => kept.current.number;

it('a server that ends is started again, and the reason is said', async () => {
  const { kept, ends, said, givenUp } = world();
  const server = await kept;
  await ends('killed');
  expect([current(server), server.restarts]).toEqual([1, 1]);
  expect(said[0]).toContain('killed');
  expect(givenUp).toEqual([]);
});

it('a start that fails is tried again', async () => {
  const { kept, ends } = world(['ok', 'fails', 'fails', 'ok']);
  const server = await kept;
  await ends('killed');
  expect(current(server)).toBe(3);
});

it('a server that ends six times in a minute is given up with one error; one that ends now and then never is', async () => {
  const rare = world();
  const rarely = await rare.kept;
  for (let n = 0; n < 30; n++) {
    rare.clock.now += 13_000;
    await rare.ends('killed');
  }
  expect([rarely.restarts, rare.givenUp]).toEqual([30, []]);

  const often = world();
  const server = await often.kept;
  for (let n = 0; n < 6; n++) {
    often.clock.now += 9_000;
    await often.ends(`end ${n}`);
  }
  expect(server.restarts).toBe(5);
  expect(often.givenUp).toHaveLength(1);
  expect(often.givenUp[0]).toContain('end 5');
});

it('the first start that fails is the error of the caller', async () => {
  await expect(world(['fails']).kept).rejects.toThrow('start 0 failed');
});

it('one that is stopped is not started again', async () => {
  const { kept, ends, said } = world();
  const server = await kept;
  await server.stop();
  expect(server.current.stopped()).toBe(true);
  await ends('stopped');
  expect([server.restarts, said]).toEqual([0, []]);
});
