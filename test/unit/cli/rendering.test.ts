import { describe, expect, it } from 'vitest';
import { byVersion, renderVersions } from '#cli/commands/metric-history.ts';
import { camelCase, outputEntries } from '#cli/commands/outputs.ts';
import { quoteForShell } from '#cli/render/quote-for-shell.ts';
import { renderReadyBlock, sqlCommand } from '#cli/render/ready-block.ts';
import { renderTable } from '#cli/render/table.ts';

describe('a table', () => {
  it('pads columns by what is seen and has no spaces at the end', () => {
    expect(
      renderTable(
        ['name', 'updatedAt'],
        [
          ['çäñ', '1'],
          ['b', ''],
        ],
      ),
    ).toBe('NAME  UPDATED AT\nçäñ   1\nb');
  });
});

describe('the SQL client command', () => {
  it('connects over TCP with what the URL says, decoded and quoted for a shell', () => {
    expect(sqlCommand('mysql://relay:se%27cret%20word@127.0.0.1:3307/lph', 'mariadb')).toBe(
      `mariadb --host=127.0.0.1 --port=3307 --user=relay --password='se'\\''cret word' lph`,
    );
  });

  it('takes the standard port and leaves an empty password out', () => {
    expect(sqlCommand('mysql://root@[::1]/lph', 'mysql')).toBe('mysql --host=::1 --port=3306 --user=root lph');
  });
});

describe('the ready block', () => {
  const block = {
    endpoint: 'http://127.0.0.1:4000',
    sourceUrl: 'mysql://relay:x@127.0.0.1:3307/lph',
    sqlClient: 'mariadb',
    dataDirFlag: ' --data-dir /tmp/second',
    bold: (text: string) => text,
  };

  it('gives every other command the data directory it needs', () => {
    const text = renderReadyBlock({ ...block, metric: { id: '7', version: '3', name: 'cpu' } });
    for (const line of text.split('\n').filter((one) => one.includes('npx relay'))) {
      expect(line).toContain('--data-dir /tmp/second');
    }
    expect(text).toContain('WHERE metric_id = 7 AND version = 3;');
  });

  it('offers no statement for a database without metrics', () => {
    expect(renderReadyBlock(block)).not.toContain('UPDATE');
  });
});

describe('the outputs object', () => {
  it('begins with how to reach the pipeline and has the stack outputs in camel case', () => {
    const local = {
      pid: 1,
      endpoint: 'http://127.0.0.1:1',
      sourceUrl: 'mysql://x',
      dataDirectory: '/x',
      accessKeyId: 'id',
      secretAccessKey: 'key',
    };
    const outputs = new Map([['MetricsTable', 'Metrics']]);
    const connection = { clientConfig: { maxAttempts: 1 }, region: 'us-east-1', outputs };
    expect(Object.fromEntries(outputEntries({ ...connection, local }))).toEqual({
      sourceUrl: 'mysql://x',
      endpoint: 'http://127.0.0.1:1',
      region: 'us-east-1',
      accessKeyId: 'id',
      secretAccessKey: 'key',
      metricsTable: 'Metrics',
    });
    expect(outputEntries(connection)).toEqual([
      ['region', 'us-east-1'],
      ['metricsTable', 'Metrics'],
    ]);
    expect(camelCase('ReplicationConfigArn')).toBe('replicationConfigArn');
  });
});

describe('the history of a metric', () => {
  const item = (version: string) => ({ version: { S: version }, aggregationStyle: { S: 'SUM' } });

  it('counts versions as numbers, not as text', () => {
    const versions = byVersion([item('10'), item('9'), item('2')]).map(({ version }) => version?.S);
    expect(versions).toEqual(['2', '9', '10']);
  });

  it('leaves out columns that no version has', () => {
    expect(renderVersions([item('1')])).toBe('VERSION  AGGREGATION STYLE\n1        SUM');
  });
});

describe('a name in a command line', () => {
  it('is quoted only when a shell would not take it as it is', () => {
    expect(quoteForShell('packages_delivered')).toBe('packages_delivered');
    expect(quoteForShell("it's 5 €")).toBe(`'it'\\''s 5 €'`);
    expect(quoteForShell('$(rm)')).toBe(`'$(rm)'`);
  });
});
