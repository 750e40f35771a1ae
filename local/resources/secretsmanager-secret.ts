/**
 * Secrets of the template, held in this process so that `{{resolve:secretsmanager:…}}` can be answered. A generated password is kept
 * with the checkpoints: the database that was given it must still know it after a restart.
 */
import { randomBytes } from 'node:crypto';
import type { LocalAws } from '../local-aws.ts';
import { type DynamicReference, parseSecretReference } from '../template/dynamic-references.ts';
import { physicalName } from './physical-name.ts';
import { readInteger, readObject } from './property-reader.ts';
import type { Json, ResourceProvider } from './resource-provider.ts';

/** What stands under the secret's ARN in `aws.created`. */
export interface LocalSecret {
  readonly secretString: string;
}

export const secretsmanagerSecretProvider: ResourceProvider = {
  type: 'AWS::SecretsManager::Secret',
  properties: ['Name', 'Description', 'SecretString', 'GenerateSecretString', 'KmsKeyId', 'Tags'],
  async create(resource, aws) {
    const name = physicalName(resource, { property: 'Name', longest: 500 });
    const arn = `arn:aws:secretsmanager:${aws.region}:${aws.accountId}:secret:${name}-local0`;
    const given = resource.properties.SecretString;
    const secret: LocalSecret = {
      secretString:
        typeof given === 'string' ? given : await generatedSecret(arn, resource.properties.GenerateSecretString, aws),
    };
    aws.created.set(arn, secret);
    return { ref: arn, attributes: { Id: arn, Arn: arn } };
  },
};

async function generatedSecret(arn: string, generate: Json | undefined, aws: LocalAws): Promise<string> {
  const key = `secret/${arn}`;
  const kept = aws.checkpoints.get(key);
  if (typeof kept === 'string') return kept;
  const settings = readObject(generate, 'GenerateSecretString');
  const length = readInteger(settings.PasswordLength, 'GenerateSecretString.PasswordLength') ?? 32;
  const password = randomBytes(length).toString('base64url').slice(0, length);
  const member = settings.GenerateStringKey;
  const secret =
    typeof member === 'string'
      ? JSON.stringify({ ...JSON.parse(String(settings.SecretStringTemplate ?? '{}')), [member]: password })
      : password;
  await aws.checkpoints.set(key, secret);
  return secret;
}

/** The value that a dynamic reference in a property stands for. */
export function secretValue({ service, key }: DynamicReference, aws: LocalAws): string {
  const written = `{{resolve:${service}:${key}}}`;
  if (service !== 'secretsmanager') {
    throw new Error(`${written} is not supported on this machine; only secretsmanager references are`);
  }
  const { secretId, jsonKey } = parseSecretReference(key);
  const secret = aws.created.get(secretId) as LocalSecret | undefined;
  if (secret === undefined) throw new Error(`${written} names a secret that no template of this assembly creates`);
  if (jsonKey === undefined) return secret.secretString;
  const value = new Map(Object.entries(JSON.parse(secret.secretString) as object)).get(jsonKey);
  if (typeof value !== 'string')
    throw new Error(`${written}: the secret has no text member ${JSON.stringify(jsonKey)}`);
  return value;
}
