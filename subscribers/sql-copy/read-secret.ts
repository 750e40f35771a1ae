/**
 * Reads one secret with one signed request (GetSecretValue, Signature Version 4), so that a password is neither in the environment nor in the
 * template. An error never holds the answer's body beyond the service's own message.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
import { createHash, createHmac } from 'node:crypto';
import type { LambdaEnvironment } from './environment.ts';

const SERVICE = 'secretsmanager';
const TARGET = 'secretsmanager.GetSecretValue';
const CONTENT_TYPE = 'application/x-amz-json-1.1';

export async function readSecret(arn: string, environment: LambdaEnvironment, now: Date): Promise<string> {
  const url = new URL(environment.AWS_ENDPOINT_URL ?? `https://${SERVICE}.${environment.AWS_REGION}.amazonaws.com`);
  const body = JSON.stringify({ SecretId: arn });
  const headers = signedHeaders(url.host, body, environment, now);
  const answer = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(10_000) });
  const { SecretString, message, Message, __type } = (await answer.json()) as { readonly [member: string]: unknown };
  if (answer.ok && typeof SecretString === 'string') return SecretString;
  throw new Error(
    `The secret ${arn} could not be read: ${String(__type ?? answer.status)} ${String(message ?? Message ?? '')}. The function's ` +
      'role needs secretsmanager:GetSecretValue on it, and its subnets a way to Secrets Manager.',
  );
}

/** All headers of the request but `host`, which is sent by itself. */
export function signedHeaders(
  host: string,
  body: string,
  { AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN }: LambdaEnvironment,
  now: Date,
): Readonly<Record<string, string>> {
  const time = now.toISOString().replace(/[-:]|\.\d{3}/g, '');
  const day = time.slice(0, 8);
  const headers: readonly (readonly [name: string, value: string])[] = [
    ['content-type', CONTENT_TYPE],
    ['host', host],
    ['x-amz-date', time],
    ...(AWS_SESSION_TOKEN === undefined ? [] : [['x-amz-security-token', AWS_SESSION_TOKEN] as const]),
    ['x-amz-target', TARGET],
  ];
  const names = headers.map(([name]) => name).join(';');
  const request = ['POST', '/', '', ...headers.map(([name, value]) => `${name}:${value}`), '', names, hash(body)];
  const scope = `${day}/${AWS_REGION}/${SERVICE}/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', time, scope, hash(request.join('\n'))].join('\n');
  const key = [AWS_REGION, SERVICE, 'aws4_request'].reduce<Buffer>(mac, mac(`AWS4${AWS_SECRET_ACCESS_KEY}`, day));
  const signature = mac(key, toSign).toString('hex');
  return {
    ...Object.fromEntries(headers.filter(([name]) => name !== 'host')),
    authorization: `AWS4-HMAC-SHA256 Credential=${AWS_ACCESS_KEY_ID}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
  };
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');

const mac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
