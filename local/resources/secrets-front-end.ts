/**
 * GetSecretValue of Secrets Manager, for functions that read a secret themselves: those that a template makes, and those that whoever starts
 * the runtime brings along because on AWS they would exist already.
 */
import * as z from 'zod';
import type { FrontEnd, FrontEndResponse } from '../local-aws.ts';
import type { LocalSecret } from './secretsmanager-secret.ts';

const request = z.object({ SecretId: z.string() });

/** @param created what providers made, by ARN; see `secretsmanager-secret.ts`. */
export function secretsFrontEnd(created: ReadonlyMap<string, unknown>): FrontEnd {
  return async ({ action, body }) => {
    if (action !== 'GetSecretValue')
      return failure('UnknownOperationException', `${action} is not supported here; supported is GetSecretValue`);
    const parsed = request.safeParse(JSON.parse(body.toString('utf8') || '{}'));
    if (!parsed.success) return failure('ValidationException', 'SecretId is missing');
    const { SecretId } = parsed.data;
    const secret = created.get(SecretId) as LocalSecret | undefined;
    if (secret === undefined)
      return failure('ResourceNotFoundException', `Secrets Manager can't find the specified secret: ${SecretId}`);
    return answer(200, { ARN: SecretId, SecretString: secret.secretString, VersionStages: ['AWSCURRENT'] });
  };
}

function failure(code: string, message: string): FrontEndResponse {
  return answer(400, { __type: code, Message: message });
}

function answer(status: number, body: object): FrontEndResponse {
  return { status, headers: { 'content-type': 'application/x-amz-json-1.1' }, body: JSON.stringify(body) };
}
