/**
 * One loopback port for HTTP/1.1 and for HTTP/2 in the clear with prior knowledge (the SDK's Kinesis client speaks nothing
 * else to an http endpoint). The first bytes of a connection tell which of the two it is; the socket is then handed to
 * Node's own server for it. It knows nothing of AWS.
 */
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import {
  constants,
  createServer as createHttp2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type Handle, LOST, type WireRequest, type WireResponse } from './wire.ts';

export interface Listener {
  readonly port: number;
  stop(): Promise<void>;
}

/** `PRI * HTTP/2.0`: no HTTP/1.1 method begins like this (RFC 9113, section 3.4). */
const HTTP2_PREFACE = Buffer.from('PRI');
/** A client that keeps connections must never find one closed just as it sends; ours are few and all local. */
const KEEP_ALIVE_MS = 3_600_000;

/** Listens on 127.0.0.1; port 0 picks a free one. Rejects with a message that names a port already in use. */
export async function listen(port: number, handle: Handle): Promise<Listener> {
  const http1 = createHttpServer(
    { keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: 0 },
    (request, response) => void exchange(request, response, handle),
  );
  const http2 = createHttp2Server((request, response) => void exchange(request, response, handle));
  http2.on('sessionError', () => {}); // A client that vanished; its requests are aborted by their own streams.
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
    handOver(socket, (isHttp2) => (isHttp2 ? http2 : http1).emit('connection', socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? portInUse(port, error) : error),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      http1.close();
      http2.close();
      await closed;
    },
  };
}

function handOver(socket: Socket, toServer: (isHttp2: boolean) => void): void {
  let seen = Buffer.alloc(0);
  const look = (chunk: Buffer) => {
    seen = Buffer.concat([seen, chunk]);
    if (seen.length < HTTP2_PREFACE.length) return;
    socket.off('data', look);
    socket.pause();
    socket.unshift(seen);
    const isHttp2 = seen.subarray(0, HTTP2_PREFACE.length).equals(HTTP2_PREFACE);
    toServer(isHttp2);
    // An HTTP/2 session takes what was read from the paused socket itself; flowing, it would be lost.
    if (!isHttp2) socket.resume();
  };
  socket.on('data', look);
}

async function exchange(
  request: IncomingMessage | Http2ServerRequest,
  response: ServerResponse | Http2ServerResponse,
  handle: Handle,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  try {
    const body = await bodyOf(request);
    const answer = await handle(wireRequest(request, body, gone.signal));
    if (answer === LOST) cut(response);
    else send(request, response, answer);
  } catch {
    // Only a request that broke off ends here: the handler turns its own failures into answers.
    cut(response);
  }
}

function bodyOf(request: IncomingMessage | Http2ServerRequest): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    request.once('error', reject);
    request.once('aborted', () => reject(new Error('the client broke off')));
  });
}

function wireRequest(request: IncomingMessage | Http2ServerRequest, body: Buffer, gone: AbortSignal): WireRequest {
  const headers: Record<string, string | undefined> = Object.create(null);
  for (const [name, value] of Object.entries(request.headers)) {
    if (!name.startsWith(':')) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  const authority = request.headers[':authority'];
  if (typeof authority === 'string') headers.host ??= authority;
  return { method: request.method ?? 'GET', url: request.url ?? '/', headers, body, gone };
}

function send(
  request: IncomingMessage | Http2ServerRequest,
  response: ServerResponse | Http2ServerResponse,
  answer: WireResponse,
): void {
  if (response.destroyed || response.writableEnded) return;
  response.statusCode = answer.status;
  for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value);
  const bodiless = request.method === 'HEAD' || answer.status === 204 || answer.status === 304;
  if (!bodiless) response.setHeader('content-length', answer.body.length);
  if (bodiless) response.end();
  else response.end(answer.body);
}

function cut(response: ServerResponse | Http2ServerResponse): void {
  if ('stream' in response) response.stream?.close(constants.NGHTTP2_INTERNAL_ERROR);
  else response.socket?.destroy();
}

function portInUse(port: number, cause: Error): Error {
  return new Error(
    `port ${port} on 127.0.0.1 is already in use (EADDRINUSE); stop the program that holds it (\`ss -ltnp\` names it), ` +
      'choose another port, or leave the port out so that a free one is picked',
    { cause },
  );
}
