import { describe, expect, it } from 'vitest';
import { parseSecretReference, resolveDynamicReferences } from '#local/template/dynamic-references.ts';

const ARN = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:db-x1';

describe('dynamic references', () => {
  it('are answered wherever they stand, everything else is unchanged', () => {
    const value = {
      url: 'mysql://{{resolve:secretsmanager:db:SecretString:user}}@host',
      list: [1, '{{resolve:ssm:/a}}'],
      n: null,
    };
    const resolved = resolveDynamicReferences(value, ({ service, key }) => `<${service} ${key}>`);
    expect(resolved).toEqual({
      url: 'mysql://<secretsmanager db:SecretString:user>@host',
      list: [1, '<ssm /a>'],
      n: null,
    });
  });

  it.each([
    [`${ARN}:SecretString:password::`, { secretId: ARN, jsonKey: 'password' }],
    [`${ARN}:SecretString:::`, { secretId: ARN }],
    [ARN, { secretId: ARN }],
    ['db:SecretString:password', { secretId: 'db', jsonKey: 'password' }],
  ])('the reference %s names its secret', (key, expected) => {
    expect(parseSecretReference(key)).toEqual(expected);
  });
});
