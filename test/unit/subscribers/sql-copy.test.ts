import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { MetricState } from '#consumer/metric-state.ts';
import { secretsFrontEnd } from '#local/resources/secrets-front-end.ts';
import { COPY_COLUMNS } from '#subscribers/sql-copy/copy-columns.ts';
import { databaseAddress } from '#subscribers/sql-copy/database-address.ts';
import { readSecret, signedHeaders } from '#subscribers/sql-copy/read-secret.ts';

const ARN = 'arn:aws:secretsmanager:us-east-1:111122223333:secret:copy-AbCdEf';
const ENVIRONMENT = {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
};
const NOW = new Date('2026-11-21T08:00:00.123Z');

describe('the row of a metric', () => {
  const columnsOf = (state: MetricState) => new Map(COPY_COLUMNS.map(({ name, value }) => [name, value(state)]));
  const of = { metricId: '42', revision: 7, name: 'packages', occurredAt: '2026-11-20T12:00:00Z' };

  it('holds dates as SQL writes them, decimals digit by digit, sets as JSON, and NULL for what is absent', () => {
    const row = columnsOf({
      ...of,
      deleted: false,
      metric: {
        name: 'packages',
        version: '0',
        metricId: 42,
        revision: 7,
        valueType: 'SCALAR',
        createdAt: '2018-02-15T18:23:45.5Z',
        aggregationParam: '1234567890.0123456789',
        relatedDimensions: ['city', 'country'],
      },
    });
    expect(row.get('created_at')).toBe('2018-02-15 18:23:45.5');
    expect(row.get('aggregation_param')).toBe('1234567890.0123456789');
    expect(row.get('related_dimensions')).toBe('["city","country"]');
    expect(row.get('consumed_metrics')).toBeNull();
    expect(row.get('deprecated_at')).toBeNull();
  });

  it('of a deleted metric holds nothing of it', () => {
    expect([...columnsOf({ ...of, deleted: true }).values()].filter((value) => value !== null)).toEqual([]);
  });
});

describe('the address of the database', () => {
  const secret = { host: 'db', port: '3307', username: 'copy', password: 'hush', dbname: 'metrics' };

  it('is what RDS writes into a secret, with TLS unless it says none', () => {
    expect(databaseAddress(JSON.stringify(secret))).toMatchObject({
      host: 'db',
      port: 3307,
      user: 'copy',
      database: 'metrics',
      ssl: 'Amazon RDS',
    });
    expect(databaseAddress(JSON.stringify({ ...secret, tls: 'none' }))).not.toHaveProperty('ssl');
  });

  it('that is not usable is refused by the names of its members, never by its values', () => {
    const refusal = (text: string) => {
      try {
        databaseAddress(text);
      } catch (error) {
        return (error as Error).message;
      }
      return 'accepted';
    };
    expect(refusal(JSON.stringify({ ...secret, dbname: undefined, tls: 'maybe' }))).toContain('look at dbname, tls');
    expect(refusal('hush')).toContain('not usable');
    expect(refusal(JSON.stringify({ ...secret, host: 1 }))).not.toContain('hush');
  });
});

describe('the secret', () => {
  // The signature is what @smithy/signature-v4 makes of the same request.
  it('is asked for with a request that is signed for its service, Region and time, and for every header', () => {
    const { authorization = '', ...headers } = signedHeaders(
      'secretsmanager.us-east-1.amazonaws.com',
      '{}',
      { ...ENVIRONMENT, AWS_SESSION_TOKEN: 'session' },
      NOW,
    );
    expect(headers).toMatchObject({ 'x-amz-date': '20261121T080000Z', 'x-amz-security-token': 'session' });
    expect(authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/20261121\/us-east-1\/secretsmanager\/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, Signature=e961f4c9c635adb40815482019ad371e5607fd89c9fa6994fe3eea72d3a62a93$/,
    );
  });

  it('is read from what answers in place of AWS, and an error says what to allow', async () => {
    const frontEnd = secretsFrontEnd(new Map([[ARN, { secretString: '{"host":"db"}' }]]));
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', async () => {
        const action = String(request.headers['x-amz-target']).split('.')[1] ?? '';
        const answer = await frontEnd({
          method: 'POST',
          path: '/',
          query: new URLSearchParams(),
          action,
          headers: {},
          body: Buffer.concat(chunks),
        });
        response.writeHead(answer.status).end(answer.body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const AWS_ENDPOINT_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      expect(await readSecret(ARN, { ...ENVIRONMENT, AWS_ENDPOINT_URL }, NOW)).toBe('{"host":"db"}');
      await expect(readSecret(`${ARN}x`, { ...ENVIRONMENT, AWS_ENDPOINT_URL }, NOW)).rejects.toThrow(
        /ResourceNotFoundException.*needs secretsmanager:GetSecretValue/s,
      );
    } finally {
      server.close();
    }
  });
});
