/** `relay metric history`: every version of a metric, oldest first, read with one Query. */
import { type AttributeValue, type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { failed } from '../command-failure.ts';
import { dynamoDb } from '../connection/clients.ts';
import { requireOutput } from '../connection/connection.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { itemToJson, orderAttributes, valueToText } from '../render/exact-json.ts';
import { quoteForShell } from '../render/quote-for-shell.ts';
import { renderTable } from '../render/table.ts';
import { type CommandContext, connectTo, type OutputOptions, type TargetOptions } from './command-context.ts';

type Item = Record<string, AttributeValue>;

export async function metricHistory(
  context: CommandContext,
  name: string,
  options: TargetOptions & OutputOptions,
): Promise<ExitCode> {
  const connection = await connectTo(options);
  const client = dynamoDb(connection.clientConfig);
  try {
    const items = await queryAll(client, requireOutput(connection, 'MetricsTable'), name);
    if (items.length === 0)
      throw failed(`There is no metric "${name}" in the table.`, 'Names are exact, upper and lower case included.');
    const versions = byVersion(items).filter((item) => item.version?.S !== '0');
    const current = items.find((item) => item.version?.S === '0');
    if (options.json) {
      context.terminal.out(
        `[${byVersion(items)
          .map((item) => itemToJson(orderAttributes(item)))
          .join(',')}]`,
      );
    } else {
      context.terminal.out(renderVersions(versions));
    }
    const renamedTo = current?.renamedTo?.S;
    if (renamedTo !== undefined) {
      context.terminal.say(
        `"${name}" is now called "${renamedTo}": npx relay metric history ${quoteForShell(renamedTo)}`,
      );
    }
    return EXIT.ok;
  } finally {
    client.destroy();
  }
}

async function queryAll(client: DynamoDBClient, table: string, name: string): Promise<Item[]> {
  const items: Item[] = [];
  let from: Item | undefined;
  do {
    const { Items = [], LastEvaluatedKey } = await client.send(
      new QueryCommand({
        TableName: table,
        KeyConditionExpression: '#name = :name',
        ExpressionAttributeNames: { '#name': 'name' },
        ExpressionAttributeValues: { ':name': { S: name } },
        ConsistentRead: true,
        ExclusiveStartKey: from,
      }),
    );
    items.push(...Items);
    from = LastEvaluatedKey;
  } while (from !== undefined);
  return items;
}

/** The sort key is text ("10" < "9"); people count. */
export function byVersion(items: readonly Item[]): Item[] {
  const number = (item: Item): bigint => (/^\d+$/.test(item.version?.S ?? '') ? BigInt(item.version?.S ?? '') : -1n);
  return [...items].sort((a, b) => (number(a) < number(b) ? -1 : number(a) > number(b) ? 1 : 0));
}

const COLUMNS = [
  'version',
  'updatedAt',
  'updatedBy',
  'aggregationStyle',
  'aggregationParam',
  'hybridFormula',
  'deprecatedAt',
];

/** Columns without a value in any version are left out. */
export function renderVersions(items: readonly Item[]): string {
  const attributes = items.map((item) => new Map(Object.entries(item)));
  const columns = COLUMNS.filter((column) => attributes.some((item) => item.has(column)));
  const rows = attributes.map((item) =>
    columns.map((column) => {
      const value = item.get(column);
      return value === undefined ? '' : valueToText(value);
    }),
  );
  return columns.length === 0 ? 'No versions.' : renderTable(columns, rows);
}
