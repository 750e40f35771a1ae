import { describe, expect, it } from 'vitest';
import { eventsTestPattern } from '#cli/commands/events-test-pattern.ts';
import { goldenEvents } from '#cli/events/contract-files.ts';
import { parseGivenEvents } from '#cli/events/given-events.ts';
import { mismatches } from '#cli/events/pattern-explanation.ts';
import { EXIT } from '#cli/exit-code.ts';
import { exampleEnvelope } from '#schemas/contract/event-envelope.ts';

const event = {
  source: 'metric-relay',
  'detail-type': 'MetricChanged',
  detail: {
    metadata: { replay: false },
    data: {
      change: 'UPDATED',
      name: 'packages',
      changedAttributes: ['aggregationStyle'],
      lines: [
        { a: 1, b: 2 },
        { a: 2, b: 1 },
      ],
    },
  },
};
const detail = (data: object) => ({ detail: { data } });

describe('why a pattern does not match', () => {
  it('is nothing when it does', () => {
    expect(mismatches(detail({ change: ['UPDATED'] }), event)).toEqual([]);
  });

  it('names every field that found nothing it allows, and what stood there', () => {
    expect(
      mismatches({ source: ['other'], ...detail({ change: ['DELETED'], name: [{ prefix: 'pack' }] }) }, event),
    ).toEqual([
      { field: 'source', allowed: ['other'], found: 'metric-relay' },
      { field: 'detail.data.change', allowed: ['DELETED'], found: 'UPDATED' },
    ]);
  });

  it('says where a field is that the pattern looks for in the wrong place', () => {
    expect(mismatches({ data: { change: ['UPDATED'] } }, event)).toEqual([
      { field: 'data.change', allowed: ['UPDATED'], found: undefined, didYouMean: 'detail.data.change' },
    ]);
  });

  it.each([
    ['detail.change', { detail: { change: ['renamed'] } }, 'detail.data.change'],
    ['detail.metadata.change', { detail: { metadata: { change: ['renamed'] } } }, 'detail.data.change'],
    ['detail.name', { detail: { name: ['packages'] } }, 'detail.data.name'],
    ['detailType', { detailType: ['MetricChanged'] }, 'detail-type'],
  ])('says it also of %s, a level too few, a wrong one, or another spelling', (field, pattern, didYouMean) => {
    const withMetric = { ...event, detail: { ...event.detail, data: { ...event.detail.data, metric: { name: 'm' } } } };
    expect(mismatches(pattern, withMetric)).toMatchObject([{ field, didYouMean }]);
  });

  it('says nothing of another place when there are two, or none', () => {
    expect(mismatches({ nowhere: ['x'] }, event)).toEqual([{ field: 'nowhere', allowed: ['x'], found: undefined }]);
    const twice = { here: { key: 1 }, there: { key: 1 } };
    expect(mismatches({ key: [2] }, twice)).toEqual([{ field: 'key', allowed: [2], found: undefined }]);
  });

  it('shows all alternatives of a $or of which none holds, and what the fields hold that they ask for', () => {
    const $or = [{ name: ['a'] }, { previousName: ['a'] }];
    expect(mismatches(detail({ $or }), event)).toEqual([
      { field: 'detail.data.$or', allowed: $or, found: { name: 'packages' } },
    ]);
  });

  it('says so when every field matches, but not in one element', () => {
    const [only] = mismatches(detail({ lines: { a: [1], b: [1] } }), event);
    expect(only?.found).toContain('not in the same array element');
  });
});

describe('given events', () => {
  it('may be one, an array, or one a line, in their envelope or as a bare detail', () => {
    const text = JSON.stringify(event);
    expect(parseGivenEvents(text, '-')).toEqual([event]);
    expect(parseGivenEvents(`[${text},${text}]`, '-')).toHaveLength(2);
    expect(parseGivenEvents(`${text}\n\n${text}\n`, '-')).toHaveLength(2);
    expect(parseGivenEvents(JSON.stringify(event.detail), 'a.json')[0]).toMatchObject({
      source: 'metric-relay',
      detail: event.detail,
    });
  });

  it('that cannot be read are refused with their place', () => {
    expect(() => parseGivenEvents(`${JSON.stringify(event)}\nnonsense`, 'a.json')).toThrow(
      /Line 2 of a.json is not JSON/,
    );
    expect(() => parseGivenEvents('[1]', '-')).toThrow(/Event 1 of stdin is 1, which is no JSON object/);
    for (const content of ['nonsense', '[1]'])
      expect(() => parseGivenEvents(content, '-')).toThrow(expect.objectContaining({ exitCode: EXIT.usage }));
  });
});

describe('relay events test-pattern', () => {
  const run = async (pattern: string, more: { json?: boolean; event?: string } = {}) => {
    const lines: string[] = [];
    const terminal = {
      out: (line: string) => void lines.push(line),
      say: (line: string) => void lines.push(line),
      progress: () => {},
      style: (_: unknown, text: string) => text,
      styleData: (_: unknown, text: string) => text,
      interactive: false,
    };
    const interruption = { signal: new AbortController().signal, stop: () => {}, requested: false };
    // A stack that is not there: what needs no bus must not ask one.
    const code = await eventsTestPattern({ terminal, interruption }, { pattern, ...more });
    return { code, lines };
  };

  it('answers 0 when an example matches and 3 when none does', async () => {
    const renamed = await run('{"detail":{"data":{"change":["RENAMED"]}}}', { json: true });
    expect(renamed.code).toBe(0);
    const verdicts = JSON.parse(renamed.lines[0] ?? '') as { event: string; matches: boolean; mismatches: object[] }[];
    expect(verdicts.map(({ matches }) => matches)).toEqual([false, false, false, false, true, false]);
    expect(verdicts[0]?.mismatches).toEqual([{ field: 'detail.data.change', allowed: ['RENAMED'], found: 'CREATED' }]);
    expect((await run('{"source":["nobody"]}')).code).toBe(3);
  });

  it('says once which field no example has, and where they have it', async () => {
    const { code, lines } = await run('{"detail":{"change":["RENAMED"],"nowhere":["x"]}}');
    expect(code).toBe(3);
    expect(lines.slice(1)).toEqual([
      '0 of 6 examples match.',
      'No example has detail.change; there is detail.data.change.',
      'No example has detail.nowhere.',
    ]);
    // Only one example has it: that it is not in the others is no mistake of the pattern.
    expect((await run('{"detail":{"data":{"previousName":["nobody"]}}}')).lines.slice(1)).toEqual([
      '0 of 6 examples match.',
    ]);
  });

  it('has an example of every change, each as the contract has it', () => {
    expect(
      goldenEvents()
        .map(exampleEnvelope)
        .map(({ detail }) => detail.data.change),
    ).toHaveLength(6);
  });

  it('refuses what is no pattern, with the place and what is allowed there', async () => {
    await expect(run('{"detail":{"data":{"change":"DELETED"}}}')).rejects.toThrow(
      /at detail.data.change is not valid: expected an object or an array, found "DELETED"/,
    );
    await expect(run('{"source":[{"begins":"metric"}]}')).rejects.toThrow(/"begins" is not an operator; allowed are/);
    await expect(run('nonsense')).rejects.toThrow(/is not a JSON object/);
  });
});
