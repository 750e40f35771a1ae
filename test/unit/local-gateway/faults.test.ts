import { expect, test } from 'vitest';
import { type FaultSettings, faultPlan } from '#local/gateway/faults.ts';

const call = { accessKeyId: 'K', service: 'dynamodb', operation: 'PutItem', path: '/', query: new URLSearchParams() };
const strikes = (settings: FaultSettings, times = 1000) => {
  const plan = faultPlan(settings);
  return Array.from({ length: times }, () => plan(call, 'writer').throttle);
};

test('the same seed strikes the same requests, another seed others', () => {
  const settings = (seed: number): FaultSettings => ({ seed, rules: [{ fault: 'throttle', rate: 0.5 }] });

  expect(strikes(settings(7))).toEqual(strikes(settings(7)));
  expect(strikes(settings(7))).not.toEqual(strikes(settings(8)));
});

test('the rate is the share of requests that are struck', () => {
  const struck = strikes({ seed: 3, rules: [{ fault: 'throttle', rate: 0.1 }] }, 10_000).filter(Boolean).length;

  expect(struck).toBeGreaterThan(900);
  expect(struck).toBeLessThan(1100);
});

test('a rule strikes only its service, operation and principal', () => {
  const plan = faultPlan({
    seed: 1,
    rules: [{ service: 'dynamodb', operation: 'PutItem', principal: 'writer', fault: 'lost-response', rate: 1 }],
  });

  expect(plan(call, 'writer').loseResponse).toBe(true);
  expect(plan(call, 'reader').loseResponse).toBe(false);
  expect(plan({ ...call, operation: 'GetItem' }, 'writer').loseResponse).toBe(false);
  expect(plan({ ...call, service: 'kinesis' }, 'writer').loseResponse).toBe(false);
});

test('nothing happens without rules, and a rate beyond one is refused', () => {
  expect(faultPlan(undefined)(call, 'writer')).toEqual({ throttle: false, loseResponse: false, latencyMs: 0 });
  expect(() => faultPlan({ seed: 1, rules: [{ fault: 'throttle', rate: 2 }] })).toThrow(
    'the rate of a fault is 2; allowed is 0 to 1',
  );
});
