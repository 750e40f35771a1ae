/**
 * The part of the Lambda API that tools and pipes need: invoke and describe functions, describe, pause and resume event source
 * mappings. It only translates; functions and mappings do the work.
 * https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html
 */
import type { FrontEnd, FrontEndRequest, FrontEndResponse } from '../local-aws.ts';
import { type FunctionHost, PayloadTooLarge, TooManyRequests } from './function-host.ts';
import type { LambdaRegistry, RunningMapping } from './lambda-registry.ts';

/** Limit of an asynchronous invocation. */
const EVENT_PAYLOAD_BYTES_MAX = 1024 * 1024;

export function lambdaFrontEnd(registry: LambdaRegistry): FrontEnd {
  return async (request) => {
    const [, , collection, id, part] = request.path.split('/').map((segment) => decodeURIComponent(segment));
    if (collection === 'functions' && id !== undefined && id !== '') {
      const host = registry.function(id);
      if (host === undefined) return fault(404, 'ResourceNotFoundException', `Function not found: ${id}`);
      if (part === 'invocations' && request.method === 'POST') return invoke(host, request);
      if (request.method === 'GET' && part === undefined) return json(200, { Configuration: configuration(host) });
      if (request.method === 'GET' && part === 'configuration') return json(200, configuration(host));
    }
    if (collection === 'event-source-mappings') {
      if (id === undefined || id === '') {
        if (request.method === 'GET') return listMappings(registry, request);
      } else {
        const mapping = registry.mappings.get(id);
        if (mapping === undefined) {
          return fault(404, 'ResourceNotFoundException', `The resource you requested does not exist: mapping ${id}`);
        }
        if (request.method === 'GET') return json(200, describeMapping(mapping));
        if (request.method === 'PUT') return updateMapping(mapping, request);
      }
    }
    return fault(
      501,
      'NotImplemented',
      `${request.method} ${request.path} is not part of the Lambda API on this machine`,
    );
  };
}

async function invoke(host: FunctionHost, request: FrontEndRequest): Promise<FrontEndResponse> {
  const payload = request.body.length === 0 ? '{}' : request.body.toString('utf8');
  try {
    JSON.parse(payload);
  } catch (error) {
    return fault(
      400,
      'InvalidRequestContentException',
      `Could not parse request body into json: ${error instanceof Error ? error.message : ''}`,
    );
  }
  const type = request.headers['x-amz-invocation-type'] ?? 'RequestResponse';
  if (type === 'DryRun') return { status: 204, body: '' };
  if (type === 'Event') {
    if (request.body.length > EVENT_PAYLOAD_BYTES_MAX) {
      return fault(
        413,
        'RequestTooLargeException',
        `${request.body.length} byte payload is too large for the Event invocation type (limit ${EVENT_PAYLOAD_BYTES_MAX} bytes)`,
      );
    }
    host.invokeInBackground(payload);
    return { status: 202, body: '' };
  }
  try {
    const outcome = await host.invoke(payload, 'throttle');
    return {
      status: 200,
      headers: {
        'content-type': 'application/json',
        'x-amzn-requestid': outcome.requestId,
        'x-amz-executed-version': '$LATEST',
        ...(outcome.functionError === undefined ? {} : { 'x-amz-function-error': outcome.functionError }),
      },
      body: outcome.payload,
    };
  } catch (error) {
    if (error instanceof TooManyRequests) return fault(429, error.name, error.message);
    if (error instanceof PayloadTooLarge) return fault(413, error.name, error.message);
    return fault(500, 'ServiceException', error instanceof Error ? error.message : String(error));
  }
}

function configuration({ settings }: FunctionHost): object {
  return {
    FunctionName: settings.name,
    FunctionArn: settings.arn,
    Role: settings.roleArn,
    Runtime: settings.runtime,
    Handler: settings.handler,
    MemorySize: settings.memoryMb,
    Timeout: settings.timeoutSeconds,
    Version: '$LATEST',
    State: 'Active',
    LastUpdateStatus: 'Successful',
    PackageType: 'Zip',
    Environment: { Variables: settings.variables },
  };
}

function listMappings(registry: LambdaRegistry, request: FrontEndRequest): FrontEndResponse {
  const functionName = request.query.get('FunctionName');
  const sourceArn = request.query.get('EventSourceArn');
  const functionArn = functionName === null ? undefined : registry.function(functionName)?.arn;
  const mappings = [...registry.mappings.values()].filter(
    (mapping) =>
      (functionName === null || mapping.functionArn === functionArn) &&
      (sourceArn === null || mapping.eventSourceArn === sourceArn),
  );
  return json(200, { EventSourceMappings: mappings.map(describeMapping) });
}

async function updateMapping(mapping: RunningMapping, request: FrontEndRequest): Promise<FrontEndResponse> {
  const change = JSON.parse(request.body.toString('utf8') || '{}') as { readonly [member: string]: unknown };
  const others = Object.keys(change).filter((name) => name !== 'Enabled' && name !== 'FunctionName');
  if (others.length > 0) {
    return fault(
      400,
      'InvalidParameterValueException',
      `${others.join(', ')} cannot be changed here: only Enabled can; change the template for the rest`,
    );
  }
  if (typeof change.Enabled === 'boolean') await mapping.setEnabled(change.Enabled);
  return json(202, describeMapping(mapping));
}

function describeMapping(mapping: RunningMapping): object {
  const { batches, lastError } = mapping.status();
  return {
    UUID: mapping.uuid,
    EventSourceMappingArn: mapping.arn,
    EventSourceArn: mapping.eventSourceArn,
    FunctionArn: mapping.functionArn,
    BatchSize: mapping.batchSize,
    MaximumBatchingWindowInSeconds: mapping.windowSeconds,
    State: mapping.enabled() ? 'Enabled' : 'Disabled',
    StateTransitionReason: 'USER_INITIATED',
    LastProcessingResult:
      lastError !== undefined ? `PROBLEM: ${lastError}` : batches > 0 ? 'OK' : 'No records processed',
  };
}

function json(status: number, body: object): FrontEndResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

function fault(status: number, code: string, message: string): FrontEndResponse {
  return {
    status,
    headers: { 'content-type': 'application/json', 'x-amzn-errortype': code },
    body: JSON.stringify({ Type: status < 500 ? 'User' : 'Service', Message: message, message }),
  };
}
