// The kit as other teams get it, and docs/consuming-events.md as they read it: the package is installed from its tarball into a folder outside the
// repository, the page's code is type-checked there, and runs there against DynamoDB Local and MariaDB.
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { delivered, inEventBridge } from '#consumer/sample-events.ts';
import { stateOfItem } from '#consumer/stores/dynamodb.ts';
import { startPrivateDatabase } from '#local/database/private-database.ts';
import type { MetricChanged } from '#schemas/metric-changed.ts';
import { tableMetrics, worldOf } from '../support/consumer-world.ts';
import { startRealDynamoDb } from '../support/real-dynamodb.ts';
import { newTeam, ROOT, type Team } from './consumer-team.ts';

let team: Team;
beforeAll(async () => {
  team = await newTeam();
});
afterAll(() => team.remove());

/** Metrics of many histories: real events under ids that no other history has, and the tables they came from as one. */
async function manyHistories(
  histories: number,
): Promise<{ events: readonly MetricChanged[]; table: ReadonlyMap<string, unknown> }> {
  const events: MetricChanged[] = [];
  const table = new Map<string, unknown>();
  for (let seed = 1; seed <= histories; seed++) {
    const world = await worldOf(seed, 16);
    const idOf = (metricId: string): string => `${seed}0${metricId}`;
    for (const { metadata, data } of world.events()) {
      const metricId = idOf(data.metricId);
      const metric = data.metric && { ...data.metric, metricId: Number(metricId) };
      const eventId = `${metricId}:${data.revision}`;
      events.push({ metadata: { ...metadata, eventId }, data: { ...data, metricId, ...(metric && { metric }) } });
    }
    for (const [metricId, metric] of tableMetrics(world.tables.table('Metrics').values()))
      table.set(idOf(metricId), { ...metric, metricId: Number(idOf(metricId)) });
  }
  return { events, table };
}

/** A program of the team; its last line on stdout is JSON. */
async function answerOf(program: string, environment: Readonly<Record<string, string>> = {}): Promise<unknown> {
  await writeFile(join(team.folder, 'program.ts'), program);
  const output = await team.run(process.execPath, ['program.ts'], environment);
  return JSON.parse(output.trim().split('\n').at(-1) ?? '');
}

async function deliver(events: readonly MetricChanged[]): Promise<void> {
  await writeFile(join(team.folder, 'events.json'), JSON.stringify(events.map(inEventBridge)));
}

async function typeCheck(settings: {
  readonly files: readonly string[];
  readonly compilerOptions: object;
}): Promise<void> {
  const tsconfig = { extends: join(ROOT, 'tsconfig.json'), include: [], ...settings };
  await writeFile(join(team.folder, 'tsconfig.json'), JSON.stringify(tsconfig));
  await team.run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', '.']);
}

const READ = `import { readFileSync } from 'node:fs';
  const events = JSON.parse(readFileSync('events.json', 'utf8'));
  const batches = [];
  for (let from = 0; from < events.length; from += 10)
    batches.push({ Records: events.slice(from, from + 10).map((event, index) => ({ messageId: 'm' + index, body: JSON.stringify(event) })) });
  const say = (value) => console.log(JSON.stringify(value));
`;

describe('the page', () => {
  it('holds code that compiles against the installed package, under the strictest settings', async () => {
    const files = team.files.filter((file) => file.endsWith('.ts'));
    await typeCheck({ files, compilerOptions: { types: ['node'], skipLibCheck: true } });
    expect(team.files.length).toBeGreaterThanOrEqual(9);
  });

  it('has tests of a consumer that pass', async () => {
    const output = await team.run(process.execPath, ['--test', 'consumer-test.ts', 'golden-events-test.ts']);
    expect(output).toMatch(/fail 0/);
    expect(output).toMatch(/pass [78]/);
  });

  it('has a rule that is a valid template', async () => {
    const template = await answerOf(`import { App, Stack } from 'aws-cdk-lib';
      import { Template } from 'aws-cdk-lib/assertions';
      import { Code, Function, Runtime } from 'aws-cdk-lib/aws-lambda';
      import { followMetrics } from './subscription.ts';
      const stack = new Stack(new App(), 'Team');
      followMetrics(stack, new Function(stack, 'Worker', {
        runtime: Runtime.NODEJS_22_X, handler: 'index.handler', code: Code.fromInline('exports.handler = () => {}'),
      }));
      console.log(JSON.stringify(Template.fromStack(stack).toJSON()));`);
    expect(JSON.stringify(template)).toContain('"FunctionResponseTypes":["ReportBatchItemFailures"]');
    expect(JSON.stringify(template)).toContain('"detail-type":["MetricChanged"]');
  });

  it('has a consumer without the kit that ends equal to the table after 10,000 shuffled, duplicated events', async () => {
    const { events, table } = await manyHistories(250);
    const copies: MetricChanged[] = [];
    for (let at = 0; events.length + copies.length < 10_000; at += 7)
      copies.push(...events.slice(at % events.length, (at % events.length) + 1));
    const shuffled = shuffle([...events, ...copies]);
    expect(shuffled.length).toBe(10_000);
    await deliver(shuffled);
    const metrics = await answerOf(`${READ}
      import { apply, metrics } from './without-the-kit.mjs';
      for (const event of events) apply(JSON.stringify(event));
      say(metrics().map(([metricId, { metric }]) => [metricId, metric]));`);
    expect(new Map(metrics as [string, unknown][])).toEqual(table);
    expect(table.size).toBeGreaterThan(250);
  });

  it('has a Lambda target and workers that end equal to the table, on DynamoDB, MariaDB and in memory', async () => {
    const { events, table } = await manyHistories(12);
    await deliver(delivered(events, 5));
    const directory = await mkdtemp(join(tmpdir(), 'consumer-page-'));
    const dynamoDb = await startRealDynamoDb();
    const database = await startPrivateDatabase({ dataDirectory: directory, log: () => {} });
    try {
      await dynamoDb.client.send(
        new CreateTableCommand({
          TableName: 'MetricCopy',
          BillingMode: 'PAY_PER_REQUEST',
          AttributeDefinitions: [{ AttributeName: 'metricId', AttributeType: 'S' }],
          KeySchema: [{ AttributeName: 'metricId', KeyType: 'HASH' }],
        }),
      );
      const endpoint = await dynamoDb.client.config.endpoint?.();
      const environment = {
        AWS_ENDPOINT_URL_DYNAMODB: `http://${endpoint?.hostname}:${endpoint?.port}`,
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
        DATABASE_URL: database.url,
      };
      const answer = await answerOf(
        `${READ}
        import { handler as target } from './lambda-target.ts';
        import { handler as worker, pool, store } from './sqs-worker.ts';
        import { handler as middyWorker, store as memory } from './middy-worker.ts';
        const outcomes = {};
        for (const event of events) { const outcome = await target(event); outcomes[outcome] = (outcomes[outcome] ?? 0) + 1; }
        await store.createTable();
        const failures = [];
        for (const batch of batches) failures.push((await worker(batch)).batchItemFailures, (await middyWorker(batch, {})).batchItemFailures);
        const [rows] = await pool.query('SELECT metric_id, metric, value_type FROM metric_copy WHERE deleted = 0');
        await pool.end();
        say({ outcomes, failures: failures.flat(), sql: rows.map((row) => [row.metric_id, JSON.parse(row.metric)]),
          memory: memory.live().map(({ metricId, metric }) => [metricId, metric]) });`,
        environment,
      );
      const { outcomes, failures, sql, memory } = answer as Record<string, [string, unknown][]>;
      expect(failures).toEqual([]);
      expect(Object.keys(outcomes ?? {}).sort()).toEqual(['applied', 'duplicate', 'stale']);
      const { Items } = await dynamoDb.client.send(new ScanCommand({ TableName: 'MetricCopy', ConsistentRead: true }));
      const states = (Items ?? []).map(stateOfItem);
      const copy = states.flatMap((state) => (state.deleted ? [] : [[state.metricId, state.metric] as const]));
      for (const [where, metrics] of Object.entries({ copy, sql, memory }))
        expect(new Map(metrics), where).toEqual(table);
    } finally {
      await database.stop();
      await dynamoDb.stop();
      await rm(directory, { recursive: true, force: true });
    }
  });

  it('has effects that tell what happened, once, and nothing for a republished event', async () => {
    const told = await answerOf(`import { inEventBridge, lifeOfAMetric } from 'metric-relay/consumer/sample-events';
      import { handler, told } from './effects.ts';
      for (const event of lifeOfAMetric()) { await handler(inEventBridge(event)); await handler(inEventBridge(event)); }
      console.log(JSON.stringify(told));`);
    expect(told).toEqual(['metric_42 is deprecated: ', 'metric_42 is called parcels now', 'parcels is gone']);
  });

  it('has a transaction that writes state and outbox together', async () => {
    const answer = await answerOf(`import { DatabaseSync } from 'node:sqlite';
      import { delivered, inEventBridge, lifeOfAMetric } from 'metric-relay/consumer/sample-events';
      import { SqlMetricStore } from 'metric-relay/consumer/stores/sql';
      import { apply } from './one-transaction.ts';
      const database = new DatabaseSync(':memory:');
      const execute = async (sql, parameters) => {
        const statement = database.prepare(sql);
        if (sql.startsWith('SELECT')) return { rows: statement.all(...parameters), affectedRows: 0 };
        return { rows: [], affectedRows: Number(statement.run(...parameters).changes) };
      };
      await new SqlMetricStore({ execute, dialect: 'sqlite' }).createTable();
      database.exec('CREATE TABLE outbox (place INTEGER PRIMARY KEY, metric_id TEXT, revision INTEGER)');
      let crashes = 3;
      const transaction = async (work) => {
        database.exec('BEGIN');
        try {
          await work(execute);
          if (crashes-- > 0) throw new Error('crash');
          database.exec('COMMIT');
        } catch (error) { database.exec('ROLLBACK'); throw error; }
      };
      const waiting = [...delivered(lifeOfAMetric(), 3)];
      for (let event = waiting.shift(); event; event = waiting.shift())
        await apply(inEventBridge(event), transaction).catch(() => waiting.push(event));
      console.log(JSON.stringify({ outbox: database.prepare('SELECT revision FROM outbox ORDER BY place').all(),
        copy: database.prepare('SELECT revision FROM metric_copy').all() }));`);
    const { outbox, copy } = answer as Record<string, { revision: number }[]>;
    expect(copy).toEqual([{ revision: 7 }]);
    const told = (outbox ?? []).map(({ revision }) => revision);
    expect(told.at(-1)).toBe(7);
    expect(told).toEqual([...new Set(told)].sort());
  });
});

describe('the package', () => {
  it('has declarations that are right in themselves, without the settings or the types of this repository', async () => {
    const kit = await readdir(join(team.folder, 'node_modules/metric-relay/consumer'), { recursive: true });
    const modules = kit.filter((file) => file.endsWith('.js')).map((file) => file.replace(/\.js$/, ''));
    const imports = modules.map((module, index) => `export * as m${index} from 'metric-relay/consumer/${module}';`);
    await writeFile(join(team.folder, 'all.ts'), imports.join('\n'));
    await typeCheck({ files: ['all.ts'], compilerOptions: { types: ['node'], skipLibCheck: false } });
    expect(modules.length).toBeGreaterThan(15);
    const answer = await answerOf(`import * as all from './all.ts'; console.log(Object.keys(all).length);`);
    expect(answer).toBe(modules.length);
  });
});

describe('the repository as a dependency', () => {
  it('can be imported as it is by a package beside it, with the types stripped by Node', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'metric-relay-beside-'));
    try {
      await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
      await team.run('npm', ['install', '--offline', '--no-audit', '--no-fund', '--no-save', '--prefix', folder, ROOT]);
      const code = `import { applyIfNewer } from 'metric-relay/consumer/apply-if-newer'; console.log(typeof applyIfNewer);`;
      await writeFile(join(folder, 'program.mjs'), code);
      expect((await team.run(process.execPath, [join(folder, 'program.mjs')])).trim()).toBe('function');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

/** The same order every time. */
function shuffle<T>(all: T[]): T[] {
  let state = 1;
  for (let last = all.length - 1; last > 0; last--) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const other = state % (last + 1);
    const [a, b] = [all[last], all[other]];
    if (a !== undefined && b !== undefined) [all[last], all[other]] = [b, a];
  }
  return all;
}
