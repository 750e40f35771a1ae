import { describe, expect, it } from 'vitest';
import { replicationSettings } from '#infra/dms/replication-settings.ts';
import { tableMappings } from '#infra/dms/table-mappings.ts';
import { readKinesisSettings } from '#local/dms/endpoint-settings.ts';
import { readReplicationSettings } from '#local/dms/replication-settings.ts';
import { readTableMappings } from '#local/dms/table-mappings.ts';
import { LINEAGE_COLUMN, SOURCE_SCHEMA, SOURCE_TABLES } from '#schemas/source/lph.ts';

const mappings = JSON.parse(
  JSON.stringify(
    tableMappings({ schema: SOURCE_SCHEMA, tables: SOURCE_TABLES, lineageColumn: LINEAGE_COLUMN, lineage: 'lph-1' }),
  ),
);

describe("the template's own settings", () => {
  it('need nothing that the twin does not do, as JSON or as text', () => {
    const problems: string[] = [];
    readTableMappings(mappings, problems);
    readTableMappings(JSON.stringify(mappings), problems);
    readReplicationSettings(JSON.parse(JSON.stringify(replicationSettings())), problems);
    readReplicationSettings(JSON.stringify(replicationSettings()), problems);
    expect(problems).toEqual([]);
  });

  it('load every table, parents of a metric first, with the lineage on every row and 64-bit numbers as text', () => {
    const read = readTableMappings(mappings, []);
    for (const { name, columns, loadOrder } of SOURCE_TABLES) {
      const plan = read.planOf(SOURCE_SCHEMA, name);
      expect(plan?.loadOrder).toBe(loadOrder);
      expect(plan?.partitionKeyType).toBe('primary-key');
      expect(plan?.addedColumns).toEqual([expect.objectContaining({ name: LINEAGE_COLUMN, json: '"lph-1"' })]);
      const texts = Object.keys(columns).filter((column) => plan?.isText(column));
      expect(texts).toEqual(
        Object.entries(columns)
          .filter(([, { sqlType }]) => /^(BIGINT|DECIMAL)/.test(sqlType))
          .map(([column]) => column),
      );
    }
    expect(read.planOf(SOURCE_SCHEMA, 'another_table')).toBeUndefined();
    expect(read.planOf('another_schema', 'metrics')).toBeUndefined();
  });
});

describe('settings that are wrong', () => {
  it('are all listed, each with what is implemented', () => {
    const problems: string[] = [];
    readKinesisSettings({ MessageFormat: 'xml', UseLargeIntegerValue: true }, problems);
    readReplicationSettings(
      { TargetMetadata: { FullLobMode: true }, BeforeImageSettings: { EnableBeforeImage: true, ColumnFilter: 'some' } },
      problems,
    );
    readTableMappings(
      {
        rules: [
          { 'rule-type': 'transformation', 'rule-name': 'e', 'rule-action': 'add-column', expression: 'upper($x)' },
        ],
      },
      problems,
    );
    expect(problems.join('\n')).toMatch(/UseLargeIntegerValue[\s\S]*StreamArn|StreamArn[\s\S]*UseLargeIntegerValue/);
    for (const part of ['xml', 'FullLobMode', 'ColumnFilter', 'upper($x)', 'selects no table'])
      expect(problems.join('\n')).toContain(part);
  });
});
