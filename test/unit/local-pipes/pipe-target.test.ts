import type { EventBridgeClient, PutEventsCommand, PutEventsCommandOutput } from '@aws-sdk/client-eventbridge';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RemoteOutcome } from '#local/lambda/lambda-invocation.ts';
import { jsonArrayElements } from '#local/pipes/json-elements.ts';
import { pipeTarget } from '#local/pipes/pipe-target.ts';
import { record } from '#test/unit/local-stream/memory-stream.ts';

type Answer = { readonly refused?: readonly number[]; readonly error?: Error };

function rig(enrichment: RemoteOutcome | string | undefined, ...answers: Answer[]) {
  const published: { Source?: string; DetailType?: string; Detail?: string }[][] = [];
  const enriched: string[] = [];
  const send = async (command: PutEventsCommand): Promise<Partial<PutEventsCommandOutput>> => {
    const entries = command.input.Entries ?? [];
    published.push(entries as { Detail?: string }[]);
    const answer = answers.shift() ?? {};
    if (answer.error !== undefined) throw answer.error;
    const results = entries.map((_, index) =>
      answer.refused?.includes(index) ? { ErrorCode: 'ThrottlingException', ErrorMessage: 'slow' } : { EventId: 'e' },
    );
    return { FailedEntryCount: answer.refused?.length ?? 0, Entries: results };
  };
  const target = pipeTarget({
    events: { send } as unknown as Pick<EventBridgeClient, 'send'>,
    busArn: 'arn:aws:events:us-east-1:000000000000:event-bus/b',
    source: 'src',
    detailType: 'type',
    resources: [],
    ...(enrichment === undefined
      ? {}
      : {
          enrich: async (payload: string): Promise<RemoteOutcome> => {
            enriched.push(payload);
            return typeof enrichment === 'string' ? { kind: 'answered', payload: enrichment } : enrichment;
          },
        }),
  });
  return { target, published, enriched };
}

const batch = [record('1'), record('2'), record('3')];
const details = (published: { Detail?: string }[][]) => published.map((one) => one.map((entry) => entry.Detail));

describe('a pipe', () => {
  it('sends the whole batch to the enrichment as an array and each element it answers to the bus', async () => {
    const { target, published, enriched } = rig('[{"n":1},{"n":2}]');
    expect(await target.deliver(batch)).toEqual({ kind: 'delivered' });
    expect(enriched).toEqual([`[${batch.map((one) => one.json).join(',')}]`]);
    expect(details(published)).toEqual([['{"n":1}', '{"n":2}']]);
    expect(published[0]?.[0]).toMatchObject({ Source: 'src', DetailType: 'type' });
  });

  it('keeps numbers beyond 2^53 and decimals as the enrichment wrote them', async () => {
    const { target, published } = rig('[ {"id":18446744073709551615,"p":1.10} ]');
    await target.deliver(batch);
    expect(details(published)).toEqual([['{"id":18446744073709551615,"p":1.10}']]);
  });

  it.each(['', '""', '{}', '[]', 'null'])(
    'is done without invoking the target when the enrichment answers %j',
    async (answer) => {
      const { target, published } = rig(answer);
      expect(await target.deliver(batch)).toEqual({ kind: 'delivered' });
      expect(published).toEqual([]);
    },
  );

  it('fails without invoking the target when the enrichment answers more than the bus takes', async () => {
    const { target, published } = rig(JSON.stringify(Array.from({ length: 11 }, (_, n) => ({ n }))));
    expect(await target.deliver(batch)).toMatchObject({ kind: 'failed' });
    expect(published).toEqual([]);
  });

  it('fails when the enrichment fails or is forbidden, and waits when it is throttled', async () => {
    const failed = rig({ kind: 'function-failed', payload: '{"errorType":"E"}' });
    expect(await failed.target.deliver(batch)).toMatchObject({ kind: 'failed' });
    const refused = rig({ kind: 'refused', message: 'AccessDenied' });
    expect(await refused.target.deliver(batch)).toMatchObject({ kind: 'failed' });
    const throttled = rig({ kind: 'throttled', message: 'busy' });
    expect(await throttled.target.deliver(batch)).toMatchObject({ kind: 'throttled' });
    expect([...failed.published, ...refused.published, ...throttled.published]).toEqual([]);
  });

  it('names the records whose events the bus refused', async () => {
    const { target } = rig('[{},{},{}]', { refused: [0, 2] });
    expect(await target.deliver(batch)).toMatchObject({ kind: 'items-failed', identifiers: ['1', '3'] });
  });

  it('fails as a whole when it cannot tell whose events were refused', async () => {
    const { target } = rig('[{},{}]', { refused: [1] });
    expect(await target.deliver(batch)).toMatchObject({ kind: 'failed' });
  });

  it('never counts an answer that did not come as an attempt', async () => {
    const { target } = rig(undefined, { error: new Error('connection reset') });
    expect(await target.deliver(batch)).toMatchObject({ kind: 'throttled' });
  });
});

describe('the elements of a JSON array', () => {
  it('are what JSON.parse sees, for every array and every spacing', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), fc.constantFrom(undefined, 1, '\t'), (value, space) => {
        const elements = jsonArrayElements(` ${JSON.stringify(value, null, space)}\n`);
        expect(elements?.map((one) => JSON.parse(one))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('do not exist for another value', () => {
    expect(jsonArrayElements('{"a":[1]}')).toBeUndefined();
    expect(jsonArrayElements('"[1,2]"')).toBeUndefined();
  });
});
