/**
 * Invokes a function through the gateway as a given role, so that the role needs `lambda:InvokeFunction` as on AWS. Used by pipes.
 * The request carries the role's access key id and no real signature: the gateway knows callers by that id and checks no secret.
 */
import type { Credentials } from '../local-aws.ts';

export type RemoteOutcome =
  | { readonly kind: 'answered'; readonly payload: string }
  | { readonly kind: 'function-failed'; readonly payload: string }
  /** Not run: throttled, or the service did not answer. */
  | { readonly kind: 'throttled'; readonly message: string }
  /** Not run and will not run: no permission, no such function, payload too large. */
  | { readonly kind: 'refused'; readonly message: string };

export interface InvocationPlace {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: Credentials;
}

export async function invokeThroughGateway(
  functionArn: string,
  payload: string,
  place: InvocationPlace,
  timeoutMs: number,
): Promise<RemoteOutcome> {
  const day = new Date().toISOString().slice(0, 10).replaceAll('-', '');
  const scope = `${place.credentials.accessKeyId}/${day}/${place.region}/lambda/aws4_request`;
  let response: Response;
  let body: string;
  try {
    response = await fetch(`${place.endpoint}/2015-03-31/functions/${encodeURIComponent(functionArn)}/invocations`, {
      method: 'POST',
      headers: {
        authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=local`,
        'content-type': 'application/json',
        'x-amz-invocation-type': 'RequestResponse',
      },
      body: payload,
      signal: AbortSignal.timeout(timeoutMs),
    });
    body = await response.text();
  } catch (error) {
    return { kind: 'throttled', message: `${functionArn} did not answer: ${describe(error)}` };
  }
  if (response.status === 200) {
    return response.headers.has('x-amz-function-error')
      ? { kind: 'function-failed', payload: body }
      : { kind: 'answered', payload: body };
  }
  const message = `invoking ${functionArn} answered ${response.status}: ${body}`;
  return response.status === 429 || response.status >= 500
    ? { kind: 'throttled', message }
    : { kind: 'refused', message };
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}
