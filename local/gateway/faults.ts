/**
 * Faults on request: a throttle instead of an answer, an answer lost after the work was done, a delay. Off unless rules are given.
 * The choice depends only on the seed and the order of the requests, so that a failing run can be repeated.
 */
import type { ServiceCall } from './service-call.ts';
import { errorResponse, type WireResponse } from './wire.ts';

export interface FaultRule {
  /** Signing name, operation and principal name that the rule is about; absent means any. */
  readonly service?: string;
  readonly operation?: string;
  readonly principal?: string;
  /** `lost-response`: the request is carried out, then the connection is cut. */
  readonly fault: 'throttle' | 'lost-response' | 'latency';
  /** Share of the requests it strikes, from 0 to 1. */
  readonly rate: number;
  /** For `latency`. */
  readonly latencyMs?: number;
}

export interface FaultSettings {
  readonly seed: number;
  readonly rules: readonly FaultRule[];
}

export interface PlannedFaults {
  readonly throttle: boolean;
  readonly loseResponse: boolean;
  readonly latencyMs: number;
}

const NONE: PlannedFaults = { throttle: false, loseResponse: false, latencyMs: 0 };

export function faultPlan(
  settings: FaultSettings | undefined,
): (call: ServiceCall, principal: string) => PlannedFaults {
  if (settings === undefined || settings.rules.length === 0) return () => NONE;
  for (const rule of settings.rules) {
    if (!(rule.rate >= 0 && rule.rate <= 1)) throw new Error(`the rate of a fault is ${rule.rate}; allowed is 0 to 1`);
  }
  const random = mulberry32(settings.seed);
  return (call, principal) => {
    const struck = settings.rules.filter(
      (rule) =>
        (rule.service ?? call.service) === call.service &&
        (rule.operation ?? call.operation) === call.operation &&
        (rule.principal ?? principal) === principal &&
        random() < rule.rate,
    );
    return {
      throttle: struck.some((rule) => rule.fault === 'throttle'),
      loseResponse: struck.some((rule) => rule.fault === 'lost-response'),
      latencyMs: struck.reduce((sum, rule) => sum + (rule.fault === 'latency' ? (rule.latencyMs ?? 0) : 0), 0),
    };
  };
}

/** What each service says when it throttles; the SDKs retry all of these. */
export function throttleResponse(service: string): WireResponse {
  switch (service) {
    case 'dynamodb':
    case 'kinesis':
      return errorResponse(
        service,
        400,
        'ProvisionedThroughputExceededException',
        'The level of configured throughput was exceeded (injected fault).',
      );
    case 's3':
      return errorResponse(service, 503, 'SlowDown', 'Please reduce your request rate (injected fault).');
    case 'lambda':
      return errorResponse(service, 429, 'TooManyRequestsException', 'Rate exceeded (injected fault).');
    default:
      return errorResponse(service, 400, 'ThrottlingException', 'Rate exceeded (injected fault).');
  }
}

/** A small generator with 32 bits of state; good enough to choose victims. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
