/**
 * Reads from the headers of a request which service and operation it is for and which key it was signed with. The signing
 * name in the SigV4 credential scope decides; X-Amz-Target helps where it is unknown. Signatures are not checked: this is
 * one machine, and the access key id alone names the caller.
 */
import type { WireRequest } from './wire.ts';

export interface ServiceCall {
  readonly accessKeyId: string;
  /** Signing name: dynamodb, kinesis, sqs, s3, events, lambda… */
  readonly service: string;
  /** The operation's name in IAM's and the API's spelling where it can be told, else `METHOD /path`. */
  readonly operation: string;
  /** The part of X-Amz-Target after the dot. */
  readonly action?: string;
  readonly path: string;
  readonly query: URLSearchParams;
}

const TARGET_PREFIXES = new Map([
  ['DynamoDB_20120810', 'dynamodb'],
  ['DynamoDBStreams_20120810', 'dynamodb'],
  ['Kinesis_20131202', 'kinesis'],
  ['AmazonSQS', 'sqs'],
  ['AWSEvents', 'events'],
  ['AmazonDMSv20160101', 'dms'],
  ['AWSStepFunctions', 'states'],
  ['secretsmanager', 'secretsmanager'],
]);

/** The call, or undefined for a request that is not signed. `knows` tells which signing names have somebody behind them. */
export function identify(request: WireRequest, knows: (service: string) => boolean): ServiceCall | undefined {
  const questionMark = request.url.indexOf('?');
  const path = questionMark === -1 ? request.url : request.url.slice(0, questionMark);
  const query = new URLSearchParams(questionMark === -1 ? '' : request.url.slice(questionMark + 1));
  const scope = credentialScope(request.headers.authorization, query);
  if (scope === undefined) return undefined;
  const target = request.headers['x-amz-target'];
  const dot = target?.lastIndexOf('.') ?? -1;
  const action = target === undefined ? undefined : target.slice(dot + 1);
  const byTarget = target === undefined || dot === -1 ? undefined : TARGET_PREFIXES.get(target.slice(0, dot));
  const service = knows(scope.service) ? scope.service : (byTarget ?? scope.service);
  const operation = action ?? restOperation(service, request.method, path, query, request);
  const call = { accessKeyId: scope.accessKeyId, service, operation, path, query };
  return action === undefined ? call : { ...call, action };
}

function credentialScope(authorization: string | undefined, query: URLSearchParams) {
  const credential = /Credential=([^,\s]+)/.exec(authorization ?? '')?.[1] ?? query.get('X-Amz-Credential');
  const [accessKeyId, , , service] = credential?.split('/') ?? [];
  return accessKeyId === undefined || service === undefined ? undefined : { accessKeyId, service };
}

function restOperation(
  service: string,
  method: string,
  path: string,
  query: URLSearchParams,
  request: WireRequest,
): string {
  if (service === 's3') return s3Operation(method, path, query, request);
  if (service === 'lambda') return lambdaOperation(method, path);
  if (service === 'pipes') {
    const verbs: Record<string, string> = {
      GET: 'DescribePipe',
      POST: 'CreatePipe',
      PUT: 'UpdatePipe',
      DELETE: 'DeletePipe',
    };
    if (/^\/v1\/pipes\/?$/.test(path)) return 'ListPipes';
    if (/^\/v1\/pipes\/[^/]+\/(start|stop)$/.test(path)) return path.endsWith('start') ? 'StartPipe' : 'StopPipe';
    if (/^\/v1\/pipes\/[^/]+$/.test(path)) return verbs[method] ?? `${method} ${path}`;
  }
  // The query protocol of CloudFormation and STS names its operation in a form.
  if (request.headers['content-type']?.startsWith('application/x-www-form-urlencoded'))
    return new URLSearchParams(request.body.toString('utf8')).get('Action') ?? `${method} ${path}`;
  return `${method} ${path}`;
}

function lambdaOperation(method: string, path: string): string {
  if (method === 'POST' && /^\/2015-03-31\/functions\/[^/]+\/invocations$/.test(path)) return 'InvokeFunction';
  if (/^\/2015-03-31\/event-source-mappings\/?$/.test(path))
    return method === 'POST' ? 'CreateEventSourceMapping' : 'ListEventSourceMappings';
  if (/^\/2015-03-31\/event-source-mappings\/[^/]+$/.test(path))
    return (
      { GET: 'GetEventSourceMapping', PUT: 'UpdateEventSourceMapping', DELETE: 'DeleteEventSourceMapping' }[method] ??
      `${method} ${path}`
    );
  if (method === 'GET' && /^\/2015-03-31\/functions\/?$/.test(path)) return 'ListFunctions';
  if (method === 'GET' && /^\/2015-03-31\/functions\/[^/]+$/.test(path)) return 'GetFunction';
  if (method === 'GET' && /^\/2015-03-31\/functions\/[^/]+\/configuration$/.test(path))
    return 'GetFunctionConfiguration';
  return `${method} ${path}`;
}

/** S3 names permissions, not operations: HeadObject needs s3:GetObject, and listing needs s3:ListBucket. */
function s3Operation(method: string, path: string, query: URLSearchParams, request: WireRequest): string {
  const hasKey = path.indexOf('/', 1) !== -1 && path.indexOf('/', 1) < path.length - 1;
  if (path === '/') return 'ListAllMyBuckets';
  if (hasKey) {
    const multipart = query.has('uploads') || query.has('uploadId');
    if (method === 'DELETE') return multipart ? 'AbortMultipartUpload' : 'DeleteObject';
    if (method === 'PUT' || method === 'POST') return query.has('tagging') ? 'PutObjectTagging' : 'PutObject';
    return query.has('tagging') ? 'GetObjectTagging' : 'GetObject';
  }
  if (method === 'POST' && query.has('delete')) return 'DeleteObject';
  if (method === 'GET' && query.has('location')) return 'GetBucketLocation';
  if (method === 'GET' || method === 'HEAD') return 'ListBucket';
  if (method === 'DELETE') return 'DeleteBucket';
  const setting = [...query.keys()].find((name) => name !== 'x-id');
  if (method === 'PUT' && setting === undefined) return 'CreateBucket';
  return `${request.method} ${path}?${setting ?? ''}`;
}
