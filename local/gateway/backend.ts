/**
 * Passes a request on to an emulator over kept connections and brings its answer back unchanged. It re-labels the caller: DynamoDB
 * Local keeps a database per access key, the Kinesis emulator takes twelve digits for an account, and all callers of this
 * machine must meet in one. It repeats a request only when a kept connection proves to have been closed before the answer began,
 * as the SDKs do themselves.
 */
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { errorResponse, type WireRequest, type WireResponse } from './wire.ts';

export interface Backend {
  send(request: WireRequest): Promise<WireResponse>;
  stop(): void;
}

/** Letters and digits only: DynamoDB Local refuses any other key id. */
export const BACKEND_ACCESS_KEY_ID = 'metricrelay';

/** Headers that speak of one connection only (RFC 9110, section 7.6.1), and those that are set anew. */
const OF_ONE_CONNECTION = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'te',
  'upgrade',
  'http2-settings',
  'expect',
  'content-length',
]);

/** @param address where the emulator listens now. */
export function backend(service: string, address: () => string, region: string): Backend {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 64 });
  const authorization =
    `AWS4-HMAC-SHA256 Credential=${BACKEND_ACCESS_KEY_ID}/20260101/${region}/${service}/aws4_request, ` +
    'SignedHeaders=host, Signature=0000000000000000000000000000000000000000000000000000000000000000';

  async function send(request: WireRequest): Promise<WireResponse> {
    try {
      return await once(request);
    } catch (error) {
      if (request.gone.aborted) return errorResponse(service, 499, 'ClientClosedRequest', 'the caller has gone');
      const why = error instanceof Error ? error.message : String(error);
      return errorResponse(
        service,
        503,
        service === 's3' || service === 'sqs' ? 'ServiceUnavailable' : 'InternalFailure',
        `the ${service} emulator at ${address()} does not answer (${why}); \`relay doctor\` shows which parts run`,
      );
    }
  }

  function once(request: WireRequest, retried = false): Promise<WireResponse> {
    return new Promise((resolve, reject) => {
      const { hostname, port } = new URL(address());
      const headers: Record<string, string | number> = {};
      for (const [name, value] of Object.entries(request.headers)) {
        if (value !== undefined && !OF_ONE_CONNECTION.has(name)) headers[name] = value;
      }
      headers.authorization = authorization;
      if (request.body.length > 0 || (request.method !== 'GET' && request.method !== 'HEAD'))
        headers['content-length'] = request.body.length;
      const outgoing = httpRequest(
        { agent, hostname, port, method: request.method, path: request.url, headers, signal: request.gone },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.once('end', () =>
            resolve({ status: incoming.statusCode ?? 502, headers: kept(incoming), body: Buffer.concat(chunks) }),
          );
          incoming.once('error', reject);
        },
      );
      let answered = false;
      outgoing.once('response', () => {
        answered = true;
      });
      outgoing.once('error', (error: NodeJS.ErrnoException) => {
        // The emulator closed an idle connection just as we took it.
        const stale = outgoing.reusedSocket && error.code === 'ECONNRESET' && !answered && !retried;
        if (stale && !request.gone.aborted) once(request, true).then(resolve, reject);
        else reject(error);
      });
      outgoing.end(request.body);
    });
  }

  return { send, stop: () => agent.destroy() };
}

function kept(incoming: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value === undefined || OF_ONE_CONNECTION.has(name)) continue;
    headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  // A HEAD answer has no body, and its length header is the whole answer.
  const length = incoming.headers['content-length'];
  if (incoming.statusCode !== 204 && length !== undefined) headers['content-length'] = length;
  return headers;
}
