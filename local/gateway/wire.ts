/**
 * One HTTP exchange as the gateway sees it, whatever the HTTP version, and the errors that it answers itself in the three
 * dialects of the services behind it. Bodies are whole buffers: metadata records are small, and permissions, faults and
 * accounting all need to see them.
 */
import { randomUUID } from 'node:crypto';

export interface WireRequest {
  readonly method: string;
  /** Path with its query, as the client sent it. */
  readonly url: string;
  /** Names in lower case, without HTTP/2 pseudo headers. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  /** Aborted when the client has gone, so that a long poll at a backend ends with it. */
  readonly gone: AbortSignal;
}

export interface WireResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** The exchange was carried out, but its answer must not reach the client: the connection is cut instead. */
export const LOST = Symbol('lost response');

export type Handle = (request: WireRequest) => Promise<WireResponse | typeof LOST>;

/** An error in the dialect of the service: XML for S3, JSON for all others. `code` is the AWS error code. */
export function errorResponse(service: string, status: number, code: string, message: string): WireResponse {
  const requestId = randomUUID();
  if (service === 's3') {
    const xml =
      `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${escapeXml(code)}</Code><Message>${escapeXml(message)}</Message>` +
      `<RequestId>${requestId}</RequestId></Error>`;
    return {
      status,
      headers: { 'content-type': 'application/xml', 'x-amz-request-id': requestId },
      body: Buffer.from(xml),
    };
  }
  return {
    status,
    headers: {
      'content-type':
        service === 'dynamodb' || service === 'sqs' ? 'application/x-amz-json-1.0' : 'application/x-amz-json-1.1',
      'x-amzn-requestid': requestId,
      'x-amzn-errortype': code,
    },
    // Some clients read `message`, some `Message`; AWS itself is not consistent.
    body: Buffer.from(JSON.stringify({ __type: code, message, Message: message })),
  };
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
