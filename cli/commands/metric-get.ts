/** `relay metric get`: one GetItem, as a reader of the table does it. A redirect left by a rename is shown and said, not hidden. */
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { failed, usageError } from '../command-failure.ts';
import { dynamoDb } from '../connection/clients.ts';
import { requireOutput } from '../connection/connection.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { itemToJson, orderAttributes, valueToText } from '../render/exact-json.ts';
import { quoteForShell } from '../render/quote-for-shell.ts';
import { renderTable } from '../render/table.ts';
import { type CommandContext, connectTo, type OutputOptions, type TargetOptions } from './command-context.ts';

export interface MetricGetOptions extends TargetOptions, OutputOptions {
  readonly version?: string;
}

export async function metricGet(context: CommandContext, name: string, options: MetricGetOptions): Promise<ExitCode> {
  const version = options.version ?? '0';
  // Version keys are decimal text without padding, so "01" names no item and is more likely a mistake than a question.
  if (!/^(0|[1-9]\d*)$/.test(version)) {
    throw usageError(`--version "${version}" is not a version. Allowed: 0 (the current state), 1, 2, …`);
  }
  const connection = await connectTo(options);
  const client = dynamoDb(connection.clientConfig);
  try {
    const { Item } = await client.send(
      new GetItemCommand({
        TableName: requireOutput(connection, 'MetricsTable'),
        Key: { name: { S: name }, version: { S: version } },
        ConsistentRead: true,
      }),
    );
    if (Item === undefined) {
      const wanted = version === '0' ? `metric "${name}"` : `version ${version} of metric "${name}"`;
      const history = `npx relay metric history ${quoteForShell(name)}`;
      throw failed(
        `There is no ${wanted} in the table.`,
        version === '0'
          ? 'Names are exact, upper and lower case included.'
          : `See which versions there are: ${history}`,
      );
    }
    const attributes = orderAttributes(Item);
    const text = options.json
      ? itemToJson(attributes)
      : renderTable(
          ['attribute', 'value'],
          attributes.map(([attribute, value]) => [attribute, valueToText(value)]),
        );
    context.terminal.out(text);
    const renamedTo = Item.renamedTo?.S;
    if (renamedTo !== undefined) {
      context.terminal.say(`"${name}" is now called "${renamedTo}": npx relay metric get ${quoteForShell(renamedTo)}`);
    }
    return EXIT.ok;
  } finally {
    client.destroy();
  }
}
