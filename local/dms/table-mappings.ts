/**
 * The TableMappings of a replication: which tables are copied, in which load order, what is added to their rows, which columns
 * become text and by what the records are partitioned. A rule that the twin does not do is listed, never ignored.
 * Source: docs.aws.amazon.com/dms/latest/userguide/CHAP_Tasks.CustomizingTasks.TableMapping.html
 */
import type { Json } from '../resources/resource-provider.ts';
import { isMembers, type Members } from './endpoint-settings.ts';
import { type JsonText, jsonString } from './json-text.ts';

export type PartitionKeyType = 'primary-key' | 'schema-table';

/** What the rules say about one table. */
export interface TablePlan {
  readonly loadOrder: number;
  readonly addedColumns: readonly { readonly name: string; readonly json: JsonText }[];
  /** Whether a `change-data-type` rule makes the column text. */
  isText(column: string): boolean;
  /** Partition key type that an object mapping gives, or undefined for DMS's default. */
  readonly partitionKeyType: PartitionKeyType | undefined;
}

export interface TableMappings {
  /** The plan for a table, or undefined when no selection rule includes it. */
  planOf(schema: string, table: string): TablePlan | undefined;
}

interface Locator {
  matches(schema: string, table: string): boolean;
  matchesColumn(column: string): boolean;
}

/** DMS patterns: `%` stands for any characters; case counts as in the source. */
function pattern(text: Json | undefined): RegExp {
  const source = String(text ?? '%')
    .split('%')
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${source.join('.*')}$`, 's');
}

function locatorOf(rule: Members): Locator {
  const locator = isMembers(rule['object-locator']) ? rule['object-locator'] : {};
  const [schema, table, column] = [
    pattern(locator['schema-name']),
    pattern(locator['table-name']),
    pattern(locator['column-name']),
  ];
  return { matches: (s, t) => schema.test(s) && table.test(t), matchesColumn: (c) => column.test(c) };
}

/** The one form of expression that is understood: a literal, `'lph-1'` (SQLite, as DMS has it). */
function literal(expression: Json | undefined): JsonText | undefined {
  const match = /^\s*'((?:[^']|'')*)'\s*$/.exec(String(expression ?? ''));
  return match === null ? undefined : jsonString((match[1] ?? '').replaceAll("''", "'"));
}

/** @param mappings as text or as JSON; @param problems receives one line for each rule that is wrong or not implemented. */
export function readTableMappings(mappings: Json | undefined, problems: string[]): TableMappings {
  let parsed: Json | undefined = mappings;
  if (typeof mappings === 'string') {
    try {
      parsed = JSON.parse(mappings) as Json;
    } catch (error) {
      problems.push(`TableMappings is no JSON: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const rules = isMembers(parsed) && Array.isArray(parsed.rules) ? parsed.rules.filter(isMembers) : [];
  const included: { locator: Locator; loadOrder: number }[] = [];
  const excluded: Locator[] = [];
  const added: { locator: Locator; name: string; json: JsonText }[] = [];
  const texts: Locator[] = [];
  const partitions: { locator: Locator; type: PartitionKeyType }[] = [];

  for (const rule of rules) {
    const locator = locatorOf(rule);
    const label = `TableMappings rule ${JSON.stringify(rule['rule-name'] ?? rule['rule-id'])}`;
    const action = `${rule['rule-type']} ${rule['rule-action']}`;
    if (action === 'selection include' || action === 'selection exclude') {
      if (Array.isArray(rule.filters) && rule.filters.length > 0)
        problems.push(`${label}: filters are not implemented`);
      if (action === 'selection exclude') excluded.push(locator);
      else included.push({ locator, loadOrder: Number(rule['load-order'] ?? 0) });
    } else if (action === 'transformation add-column') {
      const json = literal(rule.expression);
      if (json === undefined)
        problems.push(
          `${label}: expression ${JSON.stringify(rule.expression)} is not implemented, only a literal such as "'text'"`,
        );
      else added.push({ locator, name: String(rule.value), json });
    } else if (action === 'transformation change-data-type') {
      const type = isMembers(rule['data-type']) ? rule['data-type'].type : undefined;
      if (type === 'string') texts.push(locator);
      else problems.push(`${label}: change-data-type to ${JSON.stringify(type)} is not implemented, only to "string"`);
    } else if (action === 'object-mapping map-record-to-record') {
      const parameters = isMembers(rule['mapping-parameters']) ? rule['mapping-parameters'] : {};
      const type = parameters['partition-key-type'];
      const others = Object.keys(parameters).filter((name) => name !== 'partition-key-type');
      if (others.length > 0) problems.push(`${label}: mapping-parameters ${others.join(', ')} are not implemented`);
      if (type === 'primary-key' || type === 'schema-table') partitions.push({ locator, type });
      else if (type !== undefined) {
        problems.push(
          `${label}: partition-key-type ${JSON.stringify(type)} is not implemented, only primary-key and schema-table`,
        );
      }
    } else {
      problems.push(`${label}: "${action}" is not implemented`);
    }
  }
  if (included.length === 0) problems.push('TableMappings selects no table');

  return {
    planOf(schema, table) {
      const here = ({ matches }: Locator): boolean => matches(schema, table);
      const selections = included.filter(({ locator }) => here(locator));
      if (selections.length === 0 || excluded.some(here)) return undefined;
      const textRules = texts.filter(here);
      return {
        loadOrder: Math.max(...selections.map(({ loadOrder }) => loadOrder)),
        addedColumns: added.filter(({ locator }) => here(locator)),
        isText: (column) => textRules.some((locator) => locator.matchesColumn(column)),
        partitionKeyType: partitions.find(({ locator }) => here(locator))?.type,
      };
    },
  };
}
