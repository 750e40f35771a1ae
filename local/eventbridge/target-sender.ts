/**
 * Sends to the targets of rules through the gateway: queues and functions in the name of EventBridge itself, streams with the role of the
 * target, as AWS does. It speaks plain HTTP instead of using SDK clients because the outbox does the retrying, and a client that
 * retries by itself would hide it; signatures are not checked on this machine.
 */
import { Agent, request as httpRequest } from 'node:http';
import { serviceCredentials } from '../gateway/principals.ts';
import type { Credentials } from '../local-aws.ts';
import { valueAt } from './json-path.ts';
import type { SendOutcome, TargetSender } from './outbox.ts';
import { kindOf, type RuleTarget } from './rule.ts';

export interface SenderOptions {
  readonly endpoint: string;
  readonly region: string;
  readonly accountId: string;
  credentialsOf(roleArn: string): Credentials;
  /** Puts an event that is already in its envelope on another bus; false when there is no such bus. */
  forward(busArn: string, event: string): boolean;
}

interface Call {
  readonly service: string;
  readonly path?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly credentials: Credentials;
}

const TIMEOUT_MS = 60_000;
const NO_PERMISSION = /AccessDenied|NotAuthorized|UnrecognizedClient|InvalidClientTokenId/;
const NO_RESOURCE = /QueueDoesNotExist|NonExistentQueue|ResourceNotFound/;
/** The same payload would be refused again. */
const NOT_ACCEPTABLE = /InvalidMessageContents|RequestTooLarge|InvalidParameterValue|InvalidArgument|MessageTooLong/;

export function targetSender(options: SenderOptions): TargetSender {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 32 });
  const stopped = new AbortController();
  const { hostname, port } = new URL(options.endpoint);
  const eventBridge = serviceCredentials('events');

  function send(target: RuleTarget, payload: string, event: string): Promise<SendOutcome> {
    const credentials = target.RoleArn === undefined ? eventBridge : options.credentialsOf(target.RoleArn);
    switch (kindOf(target)) {
      case 'queue':
        return sendMessage(target.Arn, payload, credentials, messageGroup(target, event));
      case 'function':
        return call({
          service: 'lambda',
          path: `/2015-03-31/functions/${encodeURIComponent(target.Arn)}/invocations`,
          headers: { 'content-type': 'application/json', 'x-amz-invocation-type': 'Event' },
          body: payload,
          credentials,
        });
      case 'stream': {
        const path = target.KinesisParameters?.PartitionKeyPath ?? '$.id';
        const key: unknown = valueAt(path, JSON.parse(event));
        const input = {
          StreamName: target.Arn.replace(/^.*:stream\//, ''),
          Data: Buffer.from(payload).toString('base64'),
          PartitionKey: typeof key === 'string' ? key : JSON.stringify(key ?? ''),
        };
        return call({
          service: 'kinesis',
          headers: json('1.1', 'Kinesis_20131202.PutRecord'),
          body: JSON.stringify(input),
          credentials,
        });
      }
      case 'bus':
        return Promise.resolve(
          options.forward(target.Arn, event)
            ? { kind: 'taken' }
            : { kind: 'failed', lasting: true, code: 'NO_RESOURCE', message: `there is no event bus ${target.Arn}` },
        );
    }
  }

  function sendMessage(queueArn: string, body: string, credentials: Credentials, more: object): Promise<SendOutcome> {
    const QueueUrl = `${options.endpoint}/${options.accountId}/${queueArn.split(':').pop()}`;
    const input = { QueueUrl, MessageBody: body, ...more };
    return call({
      service: 'sqs',
      headers: json('1.0', 'AmazonSQS.SendMessage'),
      body: JSON.stringify(input),
      credentials,
    });
  }

  function call({ service, path = '/', headers, body, credentials }: Call): Promise<SendOutcome> {
    const authorization = `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/20260101/${options.region}/${service}/aws4_request, SignedHeaders=host, Signature=0`;
    return new Promise((resolve) => {
      const failed = (error: Error) =>
        resolve({ kind: 'failed', lasting: false, code: 'SDK_CLIENT_ERROR', message: error.message });
      const outgoing = httpRequest(
        {
          agent,
          hostname,
          port,
          path,
          method: 'POST',
          timeout: TIMEOUT_MS,
          signal: stopped.signal,
          headers: {
            ...headers,
            authorization,
            // The Kinesis emulator refuses a signature without the time that it was made at.
            'x-amz-date': new Date().toISOString().replace(/[-:]|\.\d{3}/g, ''),
            'content-length': Buffer.byteLength(body),
          },
        },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.once('error', failed);
          incoming.once('end', () => {
            const functionError = incoming.headers['x-amz-function-error'];
            resolve(
              outcomeOf(
                incoming.statusCode ?? 502,
                Buffer.concat(chunks).toString('utf8'),
                functionError !== undefined,
              ),
            );
          });
        },
      );
      outgoing.once('timeout', () => outgoing.destroy(new Error(`no answer in ${TIMEOUT_MS} ms`)));
      outgoing.once('error', failed);
      outgoing.end(body);
    });
  }

  return {
    send,
    sendToDeadLetterQueue(queueArn, body, attributes) {
      const MessageAttributes = Object.fromEntries(
        Object.entries(attributes).map(([name, text]) => [name, { DataType: 'String', StringValue: text }]),
      );
      return sendMessage(queueArn, body, eventBridge, { MessageAttributes });
    },
    stop() {
      stopped.abort();
      agent.destroy();
    },
  };
}

/** A path is resolved in the event, other text is the group of all. A path that leads nowhere stays text: the event is delivered all the same. */
function messageGroup({ SqsParameters }: RuleTarget, event: string): { readonly MessageGroupId?: string } {
  const group = SqsParameters?.MessageGroupId;
  if (group === undefined) return {};
  const found: unknown = group.startsWith('$.') ? valueAt(group, JSON.parse(event)) : undefined;
  return { MessageGroupId: found === undefined ? group : typeof found === 'string' ? found : JSON.stringify(found) };
}

function json(version: '1.0' | '1.1', target: string): Record<string, string> {
  return { 'content-type': `application/x-amz-json-${version}`, 'x-amz-target': target };
}

/** Error codes as AWS puts them on a dead-lettered event. */
function outcomeOf(status: number, body: string, functionError: boolean): SendOutcome {
  if (status < 300 && !functionError) return { kind: 'taken' };
  const type = /"__type"\s*:\s*"([^"]+)"/.exec(body)?.[1] ?? '';
  const message = /"[Mm]essage"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(body)?.[1] ?? body.slice(0, 200);
  if (NO_PERMISSION.test(type)) return { kind: 'failed', lasting: true, code: 'NO_PERMISSIONS', message };
  if (NO_RESOURCE.test(type) || status === 404) return { kind: 'failed', lasting: true, code: 'NO_RESOURCE', message };
  if (NOT_ACCEPTABLE.test(type)) return { kind: 'failed', lasting: true, code: 'INVALID_PARAMETER', message };
  return {
    kind: 'failed',
    lasting: false,
    code: status === 429 || /Thrott/.test(type) ? 'THROTTLING' : 'SDK_CLIENT_ERROR',
    message,
  };
}
