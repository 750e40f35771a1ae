/**
 * The one door to this machine's AWS: takes every request of functions, providers and commands, finds out who asks for what, refuses
 * what the caller's policies do not allow, injects the faults that were asked for, hands the request to an emulator or to one
 * of our front ends, and counts it. It must never change the body of a request, nor let an unknown key through.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Credentials, FrontEnd, FrontEndRequest, Log } from '../local-aws.ts';
import { ledger, type OperationCount } from './accounting.ts';
import { type Backend, backend } from './backend.ts';
import { type FaultSettings, faultPlan, throttleResponse } from './faults.ts';
import { authorize, refusal } from './iam.ts';
import { neededPermissions } from './iam-request.ts';
import type { PolicyStatement } from './iam-statement.ts';
import { listen } from './listener.ts';
import { type Principal, principalStore } from './principals.ts';
import { withQueueUrlsAt } from './queue-urls.ts';
import { identify, type ServiceCall } from './service-call.ts';
import { errorResponse, type Handle, LOST, type WireRequest, type WireResponse } from './wire.ts';

export interface GatewayOptions {
  /** Absent or 0: any free port. */
  readonly port?: number;
  readonly region: string;
  readonly accountId: string;
  /** Where the emulators listen, each `http://127.0.0.1:PORT`. Asked for with every request: a restarted emulator listens elsewhere. */
  readonly backends: { readonly dynamodb: string; readonly kinesis: string; readonly sqs: string; readonly s3: string };
  readonly log: Log;
  readonly faults?: FaultSettings;
}

export interface Gateway {
  readonly endpoint: string;
  /** Allowed everything. */
  readonly operatorCredentials: Credentials;
  /** Keys for a role; until `setPrincipal` gives it policies, everything is denied. */
  newCredentials(principalName: string): Credentials;
  /** Throws one error listing every part of the statements that cannot be enforced. */
  setPrincipal(
    accessKeyId: string,
    principal: { roleArn: string; name: string; statements: readonly PolicyStatement[] },
  ): void;
  registerFrontEnd(signingName: string, frontEnd: FrontEnd): void;
  /** A path, and everything below it, that is answered without a signature. */
  registerPath(path: string, frontEnd: FrontEnd): void;
  /** Replaces the faults in force; no argument ends them. */
  setFaults(faults?: FaultSettings): void;
  counts(): readonly OperationCount[];
  stop(): Promise<void>;
}

const BACKENDS = ['dynamodb', 'kinesis', 'sqs', 's3'] as const;

export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { region, log } = options;
  const principals = principalStore(options);
  const books = ledger();
  const backends = new Map<string, Backend>(
    BACKENDS.map((service) => [service, backend(service, () => options.backends[service], region)]),
  );
  const frontEnds = new Map<string, FrontEnd>();
  const paths = new Map<string, FrontEnd>();
  let plan = faultPlan(options.faults);

  const handle: Handle = async (request) => {
    const call = identify(request, (service) => backends.has(service) || frontEnds.has(service));
    if (call === undefined) return unsigned(request);
    const principal = principals.find(call.accessKeyId);
    if (principal === undefined) return unknownKey(call);
    const input = jsonOf(request);
    const answer = await answerFor(call, principal, request, input);
    books.record({
      principal: principal.name,
      service: call.service,
      operation: /^[A-Za-z]+$/.test(call.operation) ? call.operation : 'other',
      input,
      requestBytes: request.body.length,
      status: answer.status,
      answer: answer.body,
    });
    return answer.lost ? LOST : answer;
  };

  async function answerFor(
    call: ServiceCall,
    principal: Principal,
    request: WireRequest,
    input: unknown,
  ): Promise<WireResponse & { lost?: boolean }> {
    const refused = refuse(call, principal, input);
    if (refused !== undefined) return refused;
    const faults = plan(call, principal.name);
    if (faults.latencyMs > 0) await delay(faults.latencyMs);
    if (faults.throttle) return throttleResponse(call.service);
    const answer = await carryOut(call, request);
    return faults.loseResponse ? { ...answer, lost: true } : answer;
  }

  function refuse(call: ServiceCall, principal: Principal, input: unknown): WireResponse | undefined {
    if (principal.rules === 'all') return undefined;
    for (const permission of neededPermissions(call, input, options)) {
      const decision = authorize(principal.rules, permission);
      if (decision === 'allowed') continue;
      const message = refusal(principal.arn, permission, decision);
      log('gateway', 'denied', {
        principal: principal.name,
        action: permission.action,
        resource: permission.resource ?? '*',
        message,
      });
      const isS3 = call.service === 's3';
      return errorResponse(call.service, isS3 ? 403 : 400, isS3 ? 'AccessDenied' : 'AccessDeniedException', message);
    }
    return undefined;
  }

  async function carryOut(call: ServiceCall, request: WireRequest): Promise<WireResponse> {
    const frontEnd = frontEnds.get(call.service);
    if (frontEnd !== undefined) return askFrontEnd(frontEnd, call.service, request, call);
    const emulator = backends.get(call.service);
    if (emulator !== undefined) {
      const answer = await emulator.send(request);
      return call.service === 'sqs' ? withQueueUrlsAt(listener.port, call.operation, answer) : answer;
    }
    const known = [...backends.keys(), ...frontEnds.keys()].join(', ');
    return errorResponse(
      call.service,
      501,
      'NotImplemented',
      `there is no ${call.service} on this machine; there are ${known}`,
    );
  }

  async function askFrontEnd(
    frontEnd: FrontEnd,
    service: string,
    request: WireRequest,
    call: Pick<ServiceCall, 'path' | 'query' | 'action'>,
  ) {
    const asked: FrontEndRequest = {
      method: request.method,
      path: call.path,
      query: call.query,
      headers: request.headers,
      body: request.body,
      ...(call.action === undefined ? {} : { action: call.action }),
    };
    try {
      const { status, headers = {}, body } = await frontEnd(asked);
      return { status, headers, body: Buffer.from(body) };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      log('gateway', 'front end failed', { service, action: call.action ?? call.path, message });
      return errorResponse(service, 500, 'InternalFailure', message);
    }
  }

  async function unsigned(request: WireRequest): Promise<WireResponse> {
    const { pathname, searchParams } = new URL(request.url, 'http://127.0.0.1');
    for (const [path, frontEnd] of paths) {
      if (pathname === path || pathname.startsWith(`${path.replace(/\/$/, '')}/`))
        return askFrontEnd(frontEnd, path, request, { path: pathname, query: searchParams });
    }
    return errorResponse(
      '',
      403,
      'MissingAuthenticationToken',
      'the request is not signed; use the credentials that `relay outputs --json` prints',
    );
  }

  function unknownKey(call: ServiceCall): WireResponse {
    log('gateway', 'unknown access key id', {
      accessKeyId: call.accessKeyId,
      service: call.service,
      operation: call.operation,
    });
    const message = `The security token included in the request is invalid: access key id ${call.accessKeyId} is not known here; use the credentials that \`relay outputs --json\` prints`;
    if (call.service === 's3') return errorResponse('s3', 403, 'InvalidAccessKeyId', message);
    if (call.service === 'sqs') return errorResponse('sqs', 403, 'InvalidClientTokenId', message);
    return errorResponse(
      call.service,
      call.service === 'dynamodb' || call.service === 'kinesis' ? 400 : 403,
      'UnrecognizedClientException',
      message,
    );
  }

  const listener = await listen(options.port ?? 0, async (request) => {
    try {
      return await handle(request);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      log('gateway', 'request failed', { method: request.method, message });
      return errorResponse('', 500, 'InternalFailure', message);
    }
  });

  return {
    endpoint: `http://127.0.0.1:${listener.port}`,
    operatorCredentials: principals.operator,
    newCredentials: principals.issue,
    setPrincipal: principals.set,
    registerFrontEnd: (signingName, frontEnd) => void frontEnds.set(signingName, frontEnd),
    registerPath: (path, frontEnd) => void paths.set(path, frontEnd),
    setFaults(faults) {
      plan = faultPlan(faults);
    },
    counts: books.counts,
    async stop() {
      await listener.stop();
      for (const one of backends.values()) one.stop();
    },
  };
}

/** Bodies of the JSON protocols; anything else needs no look inside. A broken body is left for the service to refuse. */
function jsonOf(request: WireRequest): unknown {
  if (request.headers['x-amz-target'] === undefined || request.body.length === 0) return undefined;
  try {
    return JSON.parse(request.body.toString('utf8'));
  } catch {
    return undefined;
  }
}
