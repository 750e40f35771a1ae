/** What the client makes of answers that Druid itself does not give, but something in front of it may. */
import { describe, expect, test } from 'vitest';
import { DruidClient, druidAddress } from '#druid/druid-client.ts';

const answering = (body: string, contentType = 'text/html') =>
  new DruidClient(
    druidAddress('http://druid'),
    async () => new Response(body, { status: 200, headers: { 'content-type': contentType } }),
  );

describe('an answer that is no JSON', () => {
  test.each([
    ['a supervisor', (client: DruidClient) => client.readSupervisor('facts')],
    ['a lookup', (client: DruidClient) => client.readLookup('__default', 'metric_name')],
    ['the list of supervisors', (client: DruidClient) => client.supervisorIds()],
  ])('to the question for %s says that no Druid answers there: a page to log in is a 200 as well', async (_, ask) => {
    await expect(ask(answering('<html><title>Log in</title></html>'))).rejects.toMatchObject({
      code: 'no-such-api',
      message: expect.stringMatching(/^The (supervisor|lookup).*could not be (read|listed): http:\/\/druid answers/),
      next: expect.stringContaining('DRUID_URL must be the Router'),
    });
  });

  test('is told the same when it is JSON and no document', async () => {
    await expect(answering('[1]', 'application/json').readSupervisor('facts')).rejects.toMatchObject({
      code: 'no-such-api',
    });
    await expect(answering('{}', 'application/json').supervisorIds()).rejects.toMatchObject({ code: 'no-such-api' });
  });
});
