/**
 * Which permissions a call needs: action names and resource ARNs, read from its operation and body as the Service Authorization
 * Reference lists them. A batch or a transaction needs the permission of each of its parts. What is not known here needs an
 * action of its own name on `*`, so that it is denied rather than let through.
 */
import { type AccessRequest, inOneRegion } from './iam-statement.ts';
import type { ServiceCall } from './service-call.ts';

export interface Place {
  readonly region: string;
  readonly accountId: string;
}

type Members = { readonly [member: string]: unknown };

/** `body` is the parsed JSON of the request, or undefined for a service without JSON bodies. */
export function neededPermissions(call: ServiceCall, body: unknown, place: Place): readonly AccessRequest[] {
  const input = members(body);
  const arn = (service: string, resource: string) =>
    `arn:aws:${service}:${place.region}:${place.accountId}:${resource}`;
  switch (call.service) {
    case 'dynamodb':
      return dynamodb(call.operation, input, place);
    case 'kinesis':
      return [kinesis(call.operation, input, arn)];
    case 'sqs':
      return [sqs(call.operation, input, arn)];
    case 's3':
      return [s3(call)];
    case 'events':
      return events(call.operation, input, arn);
    case 'secretsmanager':
      return [{ action: `secretsmanager:${call.operation}`, resource: text(input.SecretId) || '*' }];
    case 'lambda':
      return [{ action: `lambda:${call.operation}`, resource: lambdaResource(call.path, arn) }];
    case 'pipes': {
      const name = /^\/v1\/pipes\/([^/]+)/.exec(call.path)?.[1];
      return [
        {
          action: `pipes:${call.operation}`,
          resource: name === undefined ? '*' : arn('pipes', `pipe/${decode(name)}`),
        },
      ];
    }
    case 'states': {
      const named = input.stateMachineArn ?? input.executionArn;
      return [{ action: `states:${call.operation}`, resource: typeof named === 'string' ? named : '*' }];
    }
    default:
      return [{ action: `${call.service}:${call.operation}`, resource: '*' }];
  }
}

function dynamodb(operation: string, input: Members, place: Place): AccessRequest[] {
  const table = (name: unknown) =>
    typeof name === 'string' && name.startsWith('arn:')
      ? inOneRegion(name, place.region)
      : `arn:aws:dynamodb:${place.region}:${place.accountId}:table/${text(name)}`;
  if (operation === 'BatchGetItem' || operation === 'BatchWriteItem')
    return Object.keys(members(input.RequestItems)).map((name) => ({
      action: `dynamodb:${operation}`,
      resource: table(name),
    }));
  if (operation === 'TransactWriteItems' || operation === 'TransactGetItems') {
    const actions = new Map([
      ['Put', 'PutItem'],
      ['Update', 'UpdateItem'],
      ['Delete', 'DeleteItem'],
      ['ConditionCheck', 'ConditionCheckItem'],
      ['Get', 'GetItem'],
    ]);
    return distinct(
      list(input.TransactItems).flatMap((part) =>
        Object.entries(members(part)).map(([kind, one]) => ({
          action: `dynamodb:${actions.get(kind) ?? kind}`,
          resource: table(members(one).TableName),
        })),
      ),
    );
  }
  if (operation === 'GetRecords') return [{ action: 'dynamodb:GetRecords' }];
  if (typeof input.StreamArn === 'string')
    return [{ action: `dynamodb:${operation}`, resource: inOneRegion(input.StreamArn, place.region) }];
  if (operation === 'ExecuteStatement' || operation === 'BatchExecuteStatement' || operation === 'ExecuteTransaction') {
    const statements = [input, ...list(input.Statements), ...list(input.TransactStatements)].map(
      (one) => members(one).Statement,
    );
    return distinct(statements.filter((one) => typeof one === 'string').map((one) => partiQl(one, table)));
  }
  if (input.TableName === undefined) return [{ action: `dynamodb:${operation}`, resource: '*' }];
  const resource = table(input.TableName);
  const index = typeof input.IndexName === 'string' ? `/index/${input.IndexName}` : '';
  return [{ action: `dynamodb:${operation}`, resource: resource + index }];
}

/** `SELECT … FROM "table"`, `INSERT INTO "table"`, `UPDATE "table"`, `DELETE FROM "table"`. */
function partiQl(statement: string, table: (name: string) => string): AccessRequest {
  const verb = /^\s*(select|insert|update|delete)\b/i.exec(statement)?.[1]?.toLowerCase() ?? 'select';
  const name = (verb === 'update' ? /\bupdate\s+"?([\w.-]+)/i : /\b(?:from|into)\s+"?([\w.-]+)/i).exec(statement)?.[1];
  return { action: `dynamodb:PartiQL${verb.charAt(0).toUpperCase()}${verb.slice(1)}`, resource: table(name ?? '') };
}

function kinesis(operation: string, input: Members, arn: Arn): AccessRequest {
  const action = `kinesis:${operation}`;
  // An iterator comes from GetShardIterator, which was checked against its stream; the iterator itself is opaque.
  if (operation === 'GetRecords') return { action };
  if (typeof input.StreamARN === 'string') return { action, resource: input.StreamARN };
  if (typeof input.StreamName === 'string') return { action, resource: arn('kinesis', `stream/${input.StreamName}`) };
  if (typeof input.ConsumerARN === 'string') return { action, resource: input.ConsumerARN };
  return operation === 'ListShards' && input.NextToken !== undefined ? { action } : { action, resource: '*' };
}

function sqs(operation: string, input: Members, arn: Arn): AccessRequest {
  const action = `sqs:${operation.replace(/Batch$/, '')}`;
  const name = typeof input.QueueUrl === 'string' ? input.QueueUrl.split('/').pop() : input.QueueName;
  return { action, resource: typeof name === 'string' ? arn('sqs', name) : '*' };
}

/** Only a listing has a prefix to ask about; one without the parameter has none, and no condition on it holds. */
function s3({ operation, path, query }: ServiceCall): AccessRequest {
  const permission = { action: `s3:${operation}`, resource: s3Resource(path) };
  const prefix = operation === 'ListBucket' ? query.get('prefix') : null;
  return prefix === null ? permission : { ...permission, keys: new Map([['s3:prefix', prefix]]) };
}

function s3Resource(path: string): string {
  const [bucket = '', ...key] = path.split('/').slice(1).map(decode);
  return bucket === '' ? '*' : `arn:aws:s3:::${bucket}${key.join('/') === '' ? '' : `/${key.join('/')}`}`;
}

function events(operation: string, input: Members, arn: Arn): AccessRequest[] {
  const action = `events:${operation}`;
  const busName = (name: unknown) => (typeof name === 'string' ? name.replace(/^arn:.*:event-bus\//, '') : 'default');
  if (operation === 'PutEvents')
    return distinct(
      list(input.Entries).map((entry) => ({
        action,
        resource: arn('events', `event-bus/${busName(members(entry).EventBusName)}`),
      })),
    );
  const rule = input.Rule ?? (operation.endsWith('Rule') ? input.Name : undefined);
  if (typeof rule === 'string') {
    const bus = busName(input.EventBusName);
    return [{ action, resource: arn('events', bus === 'default' ? `rule/${rule}` : `rule/${bus}/${rule}`) }];
  }
  if (typeof input.Name === 'string') return [{ action, resource: arn('events', `event-bus/${busName(input.Name)}`) }];
  return [{ action, resource: '*' }];
}

function lambdaResource(path: string, arn: Arn): string {
  const name = /^\/2015-03-31\/functions\/([^/]+)/.exec(path)?.[1];
  if (name !== undefined)
    return decode(name).startsWith('arn:') ? decode(name) : arn('lambda', `function:${decode(name)}`);
  const mapping = /^\/2015-03-31\/event-source-mappings\/([^/]+)/.exec(path)?.[1];
  return mapping === undefined ? '*' : arn('lambda', `event-source-mapping:${decode(mapping)}`);
}

type Arn = (service: string, resource: string) => string;

function distinct(requests: readonly AccessRequest[]): AccessRequest[] {
  return [...new Map(requests.map((request) => [`${request.action} ${request.resource}`, request])).values()];
}

function members(value: unknown): Members {
  return typeof value === 'object' && value !== null ? (value as Members) : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
