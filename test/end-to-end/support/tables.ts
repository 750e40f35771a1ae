/** What lies in the pipeline's tables, read through the gateway with the SDK as any reader does. */
import {
  type AttributeValue,
  BatchWriteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  paginateScan,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import type { Reach } from './reach.ts';

export type Item = Record<string, AttributeValue>;

export class Tables {
  readonly #client: DynamoDBClient;
  readonly #reach: Reach;

  constructor(reach: Reach) {
    this.#client = new DynamoDBClient(reach.client);
    this.#reach = reach;
  }

  async metric(name: string, version = '0'): Promise<Item | undefined> {
    const key = { name: { S: name }, version: { S: version } };
    return this.#get('MetricsTable', key);
  }

  /** All items under a name, "0" first. */
  async metricVersions(name: string): Promise<Item[]> {
    const { Items = [] } = await this.#client.send(
      new QueryCommand({
        TableName: this.#reach.output('MetricsTable'),
        KeyConditionExpression: '#name = :name',
        ExpressionAttributeNames: { '#name': 'name' },
        ExpressionAttributeValues: { ':name': { S: name } },
        ConsistentRead: true,
      }),
    );
    return Items;
  }

  async sourceRow(pk: string, sk: string): Promise<Item | undefined> {
    return this.#get('SourceRowsTable', { pk: { S: pk }, sk: { S: sk } });
  }

  async all(output: 'MetricsTable' | 'SourceRowsTable' | 'QuarantineTable'): Promise<Item[]> {
    const items: Item[] = [];
    const request = { TableName: this.#reach.output(output), ConsistentRead: true };
    for await (const { Items = [] } of paginateScan({ client: this.#client }, request)) items.push(...Items);
    return items;
  }

  /** Last revision of every metric that ever was, deleted ones included. */
  async revisions(): Promise<Map<string, bigint>> {
    const request = {
      TableName: this.#reach.output('SourceRowsTable'),
      ConsistentRead: true,
      FilterExpression: 'sk = :head',
      ExpressionAttributeValues: { ':head': { S: 'head' } },
      ProjectionExpression: 'pk, revision',
    };
    const revisions = new Map<string, bigint>();
    for await (const { Items = [] } of paginateScan({ client: this.#client }, request)) {
      for (const { pk, revision } of Items) {
        revisions.set((pk?.S ?? '').replace('metric#', ''), BigInt(revision?.N ?? '0'));
      }
    }
    return revisions;
  }

  /** Takes items away as a disaster would. Answers how many. */
  async lose(
    output: 'MetricsTable' | 'SourceRowsTable',
    isLost: (item: Item) => boolean = () => true,
  ): Promise<number> {
    const key = output === 'MetricsTable' ? ['name', 'version'] : ['pk', 'sk'];
    const lost = (await this.all(output)).filter(isLost);
    for (let from = 0; from < lost.length; from += 25) {
      const requests = lost.slice(from, from + 25).map((item) => {
        const Key = Object.fromEntries(key.flatMap((name) => (item[name] ? [[name, item[name]]] : [])));
        return { DeleteRequest: { Key } };
      });
      const request = new BatchWriteItemCommand({ RequestItems: { [this.#reach.output(output)]: requests } });
      const { UnprocessedItems = {} } = await this.#client.send(request);
      if (Object.keys(UnprocessedItems).length > 0) throw new Error(`not all items of ${output} were taken away`);
    }
    return lost.length;
  }

  close(): void {
    this.#client.destroy();
  }

  async #get(output: string, Key: Item): Promise<Item | undefined> {
    const TableName = this.#reach.output(output);
    return (await this.#client.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }))).Item;
  }
}
