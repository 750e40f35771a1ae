/**
 * Replaces `{{resolve:secretsmanager:…}}` in resolved values. Which services exist and what they answer is asked of a callback, so
 * that a secret is read at the moment its user is created and is never part of the plan.
 */
import type { Json } from '../resources/resource-provider.ts';
import { isJsonObject } from './template.ts';

export interface DynamicReference {
  /** `secretsmanager`, `ssm`, `ssm-secure`. */
  readonly service: string;
  /** What stands after the service, as it is. */
  readonly key: string;
}

const DYNAMIC_REFERENCE = /\{\{resolve:([a-z-]+):([^{}]+)\}\}/g;

export function resolveDynamicReferences(value: Json, answer: (reference: DynamicReference) => string): Json {
  if (typeof value === 'string') {
    return value.replace(DYNAMIC_REFERENCE, (_whole, service: string, key: string) => answer({ service, key }));
  }
  if (Array.isArray(value)) return value.map((element: Json) => resolveDynamicReferences(element, answer));
  if (!isJsonObject(value)) return value;
  const resolved = Object.entries(value).map(
    ([name, member]) => [name, resolveDynamicReferences(member, answer)] as const,
  );
  return Object.fromEntries(resolved);
}

export interface SecretReference {
  readonly secretId: string;
  /** Member of the secret's JSON; absent for the whole secret. */
  readonly jsonKey?: string;
}

/** `arn:aws:secretsmanager:…:secret:name:SecretString:jsonKey:versionStage:versionId`, or the same with a plain name. */
export function parseSecretReference(key: string): SecretReference {
  const match = /^(arn:[^:]+:secretsmanager:[^:]*:[^:]*:secret:[^:]+|[^:]+)(?::SecretString(?::([^:]*))?.*)?$/.exec(
    key,
  );
  if (match?.[1] === undefined) {
    throw new Error(
      `{{resolve:secretsmanager:${key}}} is no reference to a secret; needed is SECRET-ID:SecretString:JSON-KEY`,
    );
  }
  return { secretId: match[1], ...(match[2] ? { jsonKey: match[2] } : {}) };
}
