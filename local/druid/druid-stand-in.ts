/**
 * A stand-in for Druid's Router in front of Coordinator and Overlord: their HTTP API for lookups and supervisors on 127.0.0.1, kept in
 * memory. It knows Druid's API and nothing about what is stored through it. Optionally it wants a user, and lacks an extension.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CoordinatorLookups } from './coordinator-lookups.ts';
import { type DruidResponse, error, json, noSuchPath, Refused } from './druid-response.ts';
import { OverlordSupervisors } from './overlord-supervisors.ts';

export interface StandInOptions {
  /** 0 picks a free one. */
  readonly port?: number;
  /** Value that the Authorization header must have. */
  readonly authorization?: string;
  /** Whether the user may read and write configuration and datasources. */
  readonly allowed?: boolean;
  /** Types of supervisor that extensions bring. */
  readonly supervisorTypes?: readonly string[];
  readonly nowMs?: () => number;
}

export interface DruidStandIn {
  readonly url: string;
  readonly lookups: CoordinatorLookups;
  readonly supervisors: OverlordSupervisors;
  stop(): Promise<void>;
}

/** Largest body that is read; a lookup of 20,000 metrics is about one megabyte. */
const BODY_MAX = 64 * 1024 * 1024;

export async function startDruidStandIn(options: StandInOptions = {}): Promise<DruidStandIn> {
  const lookups = new CoordinatorLookups();
  const types = new Set(options.supervisorTypes ?? ['kafka', 'kinesis']);
  const supervisors = new OverlordSupervisors(types, options.nowMs ?? Date.now);
  const server = createServer((request, response) => void exchange(request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lookups,
    supervisors,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };

  async function exchange(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let answer: DruidResponse;
    try {
      answer = answerTo(request, await bodyOf(request));
    } catch (failure) {
      answer = failure instanceof Refused ? failure.response : error(500, String(failure));
    }
    const text = answer.text ?? (answer.body === undefined ? '' : JSON.stringify(answer.body));
    response.writeHead(answer.status, {
      ...(text !== '' && { 'content-type': answer.contentType ?? 'application/json' }),
      ...(answer.status === 401 && { 'www-authenticate': 'Basic realm="druid"' }),
    });
    response.end(text);
  }

  function answerTo({ method = 'GET', url = '/', headers }: IncomingMessage, body: string): DruidResponse {
    const { pathname, searchParams } = new URL(url, 'http://druid');
    // Answered without a user by every service: https://druid.apache.org/docs/latest/api-reference/service-status-api
    if (pathname === '/status/health') return json(true);
    if (options.authorization !== undefined && headers.authorization !== options.authorization) {
      return {
        status: 401,
        text: '<html><body><h2>HTTP ERROR 401 Unauthorized</h2></body></html>',
        contentType: 'text/html',
      };
    }
    const parts = pathname.split('/').slice(1).map(decodeURIComponent);
    const [druid, service, v1, resource, ...path] = parts;
    if (druid !== 'druid' || v1 !== 'v1') return noSuchPath(pathname);
    if (options.allowed === false)
      return { status: 403, text: 'Access-Check-Result: Allowed:false, Message:', contentType: 'text/plain' };
    const isWrite = method === 'POST' && body !== '';
    if (isWrite && !(headers['content-type'] ?? '').includes('json')) {
      return {
        status: 415,
        text: '<html><body><h2>HTTP ERROR 415 Unsupported Media Type</h2></body></html>',
        contentType: 'text/html',
      };
    }
    const found =
      service === 'coordinator' && resource === 'lookups'
        ? lookups.handle(method, path, searchParams, body)
        : service === 'indexer' && resource === 'supervisor'
          ? supervisors.handle(method, path, searchParams, body)
          : undefined;
    return found ?? noSuchPath(pathname);
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > BODY_MAX) throw new Refused(error(413, 'the body is too large'));
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}
