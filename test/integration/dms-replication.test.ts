// The DMS twin on a real MariaDB and the Kinesis emulator, with the settings of the template.
import { parse as parseLossless } from 'lossless-json';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { generateSample } from '#sample/generate.ts';
import { loadSample } from '#sample/load-sample.ts';
import { type ProductWrite, productWriter } from '#sample/product-writes.ts';
import { WRITE_KINDS } from '#sample/write-kinds.ts';
import {
  type DmsWorld,
  eventually,
  type Replication,
  rulesFor,
  startDmsWorld,
  TEMPLATE_SETTINGS,
} from './dms-world.ts';

interface Record_ {
  readonly partitionKey: string;
  readonly data?: Record<string, unknown>;
  readonly 'before-image'?: Record<string, unknown>;
  readonly metadata: Readonly<Record<string, string>>;
}

let world: DmsWorld;
let stream: string;
beforeAll(async () => {
  world = await startDmsWorld();
  await world.connection.query('CREATE TABLE pair (a INT, b VARCHAR(20), note TEXT, PRIMARY KEY (a, b))');
});
afterAll(() => world.stop());
beforeEach(async () => {
  stream = await world.createStream();
  await world.connection.query('DELETE FROM pair');
});

/** Records of the stream with every number as its digits. */
async function records(): Promise<Record_[]> {
  return (await world.recordsOn(stream)).map(
    ({ partitionKey, text }) =>
      ({ partitionKey, ...(parseLossless(text, null, (digits) => digits) as object) }) as Record_,
  );
}

const changes = (all: readonly Record_[]): Record_[] =>
  all
    .filter(({ metadata }) => metadata['transaction-id'] !== undefined)
    .sort(
      (one, other) =>
        Number(BigInt(one.metadata['transaction-id'] ?? 0) - BigInt(other.metadata['transaction-id'] ?? 0)) ||
        Number(one.metadata['transaction-record-id']) - Number(other.metadata['transaction-record-id']),
    );

const pairRules = () => rulesFor('lph').map((rule) => JSON.parse(JSON.stringify(rule).replace('"%"', '"pair"')));

async function replicating(replication: Replication): Promise<void> {
  await eventually(replication.status, ({ state }) => state === 'replicating');
}

describe('change capture', () => {
  it('gives every row of a transaction its place, and links each record to the one before', async () => {
    const replication = await world.startReplication(stream, { rules: pairRules() });
    await replicating(replication);
    const { connection } = world;
    await connection.beginTransaction();
    await connection.query("INSERT INTO pair VALUES (1, 'x', 'one'), (2, 'y', NULL)");
    await connection.query("UPDATE pair SET note = 'two' WHERE a = 2");
    await connection.commit();
    await connection.query('UPDATE pair SET a = 3 WHERE a = 2');
    await connection.query('DELETE FROM pair WHERE a = 1');
    const all = changes(await eventually(records, (found) => changes(found).length === 5));
    await replication.resource.stop?.();

    const told = all.map(({ metadata, data, ...rest }) => [
      metadata.operation,
      metadata['partition-key-value'],
      metadata['transaction-record-id'],
      data,
      rest['before-image'],
    ]);
    expect(told).toEqual([
      ['insert', 'lph.pair.1.x', '1', { a: '1', b: 'x', note: 'one' }, undefined],
      ['insert', 'lph.pair.2.y', '2', { a: '2', b: 'y', note: null }, undefined],
      ['update', 'lph.pair.2.y', '3', { a: '2', b: 'y', note: 'two' }, {}],
      ['update', 'lph.pair.3.y', '1', { a: '3', b: 'y', note: 'two' }, { a: '2', b: 'y' }],
      ['delete', 'lph.pair.1.x', '1', { a: '1', b: 'x', note: 'one' }, undefined],
    ]);
    expect(new Set(all.map(({ metadata }) => metadata['transaction-id'])).size).toBe(3);
    for (const [index, { metadata, partitionKey }] of all.entries()) {
      expect(partitionKey).toBe(metadata['partition-key-value']);
      expect(metadata['prev-transaction-id']).toBe(all[index - 1]?.metadata['transaction-id']);
      expect(metadata['prev-transaction-record-id']).toBe(all[index - 1]?.metadata['transaction-record-id']);
      expect(metadata['commit-timestamp']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
      expect(metadata['partition-key-type']).toBe('primary-key');
    }
    // The transaction-id is the binlog coordinate of the transaction's begin.
    const begin = BigInt(all[0]?.metadata['transaction-id'] ?? 0);
    const [events] = await connection.query({ sql: 'SHOW BINLOG EVENTS', rowsAsArray: true });
    const gtids = (events as unknown[][])
      .filter((event) => event[2] === 'Gtid')
      .map((event) => BigInt(String(event[1])));
    expect(begin >> 32n).toBe(1n);
    expect(gtids).toContain(begin & 0xffffffffn);
  });

  it('carries without transaction details and null columns what DMS carries by default', async () => {
    const replication = await world.startReplication(stream, { rules: pairRules().slice(0, 1), kinesisSettings: {} });
    await replicating(replication);
    await world.connection.query("INSERT INTO pair VALUES (1, 'x', NULL), (2, '', 'n')");
    const found = await eventually(records, (all) => changes(all).length === 2);
    await replication.resource.stop?.();
    const [first, second] = found.filter(({ metadata }) => metadata.operation === 'insert');
    expect(first?.data).toEqual({ a: '1', b: 'x' });
    expect(second?.data).toEqual({ a: '2', note: 'n' });
    expect(Object.keys(first?.metadata ?? {})).toEqual([
      'timestamp',
      'record-type',
      'operation',
      'partition-key-type',
      'schema-name',
      'table-name',
      'transaction-id',
    ]);
    expect(first?.metadata['partition-key-type']).toBe('schema-table');
    expect(first?.partitionKey).toBe('lph.pair');
  });

  it('tells of altered columns by control records, and says aloud what it does not capture', async () => {
    await world.connection.query('CREATE TABLE altered (id INT PRIMARY KEY, a INT)');
    const replication = await world.startReplication(stream, { rules: rulesFor('lph') });
    await replicating(replication);
    await world.connection.query('INSERT INTO altered VALUES (1, 1)');
    await world.connection.query('ALTER TABLE altered ADD COLUMN b VARCHAR(5)');
    await world.connection.query("INSERT INTO altered VALUES (2, 2, 'new')");
    await world.connection.query('TRUNCATE TABLE altered');
    await eventually(replication.status, ({ notCaptured }) => notCaptured === 1);
    const found = await eventually(records, (all) => all.some(({ metadata }) => metadata.operation === 'add-column'));
    await replication.resource.stop?.();
    await world.connection.query('DROP TABLE altered');
    const rows = changes(found).filter(({ metadata }) => metadata['table-name'] === 'altered');
    expect(rows.map(({ data }) => data)).toEqual([
      { id: '1', a: '1' },
      { id: '2', a: '2', b: 'new' },
    ]);
    expect(replication.logged.some((line) => line.includes('TRUNCATE TABLE lph.altered is not replicated'))).toBe(true);
  });

  it('goes on after a restart from its checkpoint: every change arrives, none is skipped', async () => {
    const first = await world.startReplication(stream, { rules: pairRules() });
    await replicating(first);
    await world.connection.query("INSERT INTO pair VALUES (1, 'before', NULL)");
    await eventually(records, (all) => changes(all).length === 1);
    await eventually(
      () => [...first.checkpoints.values()],
      ([checkpoint]) => JSON.stringify(checkpoint)?.includes('"last"') === true,
    );
    await first.resource.stop?.();
    await world.connection.query("INSERT INTO pair VALUES (2, 'while stopped', NULL)");
    const second = await world.startReplication(stream, { rules: pairRules(), checkpoints: first.checkpoints });
    await replicating(second);
    await world.connection.query("INSERT INTO pair VALUES (3, 'after', NULL)");
    const found = await eventually(records, (all) => changes(all).length >= 3);
    await second.resource.stop?.();
    expect(new Set(changes(found).map(({ data }) => data?.b))).toEqual(new Set(['before', 'while stopped', 'after']));
    expect(found.filter(({ metadata }) => metadata.operation === 'load')).toEqual([]);
    const after = changes(found).find(({ data }) => data?.b === 'while stopped');
    expect(after?.metadata['prev-transaction-id']).toBe(changes(found)[0]?.metadata['transaction-id']);
  });

  it('survives chaos: restarts, doubled requests and a late shard lose nothing and keep the order of a row', async () => {
    const chaos = { seed: 7, restart: 0.1, duplicate: 0.3, delayedSixteenth: 3, delayMs: 300 };
    const replication = await world.startReplication(stream, {
      rules: pairRules(),
      local: { checkpointLagMs: 500, chaos },
    });
    await replicating(replication);
    for (let n = 1; n <= 25; n++) {
      await world.connection.query('REPLACE INTO pair VALUES (?, ?, ?)', [n % 5, 'x', String(n)]);
    }
    const missing = (all: readonly Record_[]) => {
      const seen = new Set(all.map(({ data }) => String(data?.note)));
      return Array.from({ length: 25 }, (_, index) => String(index + 1)).filter((note) => !seen.has(note));
    };
    const found = await eventually(records, (all) => missing(changes(all)).length === 0);
    await replication.resource.stop?.();
    expect(changes(found).length).toBeGreaterThan(25);
    expect(Number(replication.status().restarts)).toBeGreaterThan(0);
    // Within one delivery of a row's history no later change stands before an earlier one, unless it is a repetition.
    for (const row of new Set(found.map(({ partitionKey }) => partitionKey))) {
      const notes = found
        .filter(({ partitionKey, metadata }) => partitionKey === row && metadata['transaction-id'] !== undefined)
        .map(({ data }) => Number(data?.note));
      let highest = 0;
      for (const note of notes) {
        expect(note <= highest || note - highest <= 5).toBe(true);
        highest = Math.max(highest, note);
      }
    }
  });

  it('fails for good, saying how to load again, when the binlog of its checkpoint was purged', async () => {
    const first = await world.startReplication(stream, { rules: pairRules() });
    await replicating(first);
    await eventually(
      () => [...first.checkpoints.values()],
      ([checkpoint]) => JSON.stringify(checkpoint)?.includes('"cdc"') === true,
    );
    await first.resource.stop?.();
    for (const [key, value] of first.checkpoints)
      first.checkpoints.set(key, { ...(value as object), file: 'binlog.000000', offset: 4 });
    const second = await world.startReplication(stream, { rules: pairRules(), checkpoints: first.checkpoints });
    const status = await eventually(second.status, ({ state }) => state === 'failed');
    expect(String(status.lastError)).toContain('reload-target');
    await second.resource.stop?.();
  });

  it('lists everything in the template that it does not implement in one error', async () => {
    const rule = {
      'rule-type': 'transformation',
      'rule-name': 'low',
      'rule-action': 'convert-lowercase',
      'rule-target': 'table',
      'object-locator': {},
    };
    const start = world.startReplication(stream, {
      rules: [...pairRules(), rule],
      replicationSettings: { TargetMetadata: { BatchApplyEnabled: true }, NewThing: {} },
    });
    await expect(start).rejects.toThrow(/convert-lowercase[\s\S]*BatchApplyEnabled[\s\S]*NewThing/);
    await expect(
      world.startReplication(stream, { rules: [], kinesisSettings: { ...TEMPLATE_SETTINGS, Colour: 1 } }),
    ).rejects.toThrow('KinesisSettings.Colour');
  });
});

describe('the LPH sample', () => {
  it('is loaded completely from a consistent snapshot while writes go on, and every write of every kind follows', async () => {
    await world.connection.query('DROP TABLE pair');
    const sample = { primitives: 60, hybrids: 8, dimensions: 12 };
    await loadSample(world.connection, sample);
    const writer = productWriter(world.connection, 11);
    const replication = await world.startReplication(stream, { rules: rulesFor('lph') });
    const writes: ProductWrite[] = [];
    for (const { kind } of WRITE_KINDS) writes.push(await writer.write(kind));
    for (let n = 0; n < 60; n++) writes.push(await writer.write());
    await eventually(replication.status, ({ state, lagMs }) => state === 'replicating' && lagMs === 0);
    const last = writes.at(-1)?.transactions.at(-1);
    const found = await eventually(records, (all) =>
      changes(all).some(
        ({ metadata }) => BigInt(metadata['transaction-id'] ?? 0) > (writes.at(-2)?.endPosition ?? 0n) - 1n,
      ),
    );
    const statistics = (await replication.call('DescribeReplicationTableStatistics', {
      ReplicationConfigArn: replication.resource.ref,
    })) as {
      ReplicationTableStatistics: {
        TableName: string;
        FullLoadRows: number;
        Inserts: number;
        Updates: number;
        Deletes: number;
        TableState: string;
      }[];
    };
    await replication.resource.stop?.();
    await world.connection.query('CREATE TABLE pair (a INT, b VARCHAR(20), note TEXT, PRIMARY KEY (a, b))');

    // A row is in the load or in the changes, and what happened before the snapshot is in the load alone.
    const captured = changes(found);
    const first = BigInt(captured[0]?.metadata['transaction-id'] ?? 0);
    const expectedRows = writes
      .flatMap(({ transactions }) => transactions)
      .filter(({ endPosition }) => endPosition > first);
    expect(captured.length).toBe(expectedRows.reduce((sum, { rows }) => sum + rows, 0));
    expect(last?.rows).toBe(
      captured.filter(({ metadata }) => metadata['transaction-id'] === captured.at(-1)?.metadata['transaction-id'])
        .length,
    );
    const generated = new Map(generateSample(sample).map(({ table, rows }) => [table, rows.length]));
    for (const { TableName, FullLoadRows, TableState } of statistics.ReplicationTableStatistics) {
      expect(TableState).toBe('Table completed');
      expect(
        found.filter(({ metadata }) => metadata.operation === 'load' && metadata['table-name'] === TableName).length,
      ).toBe(FullLoadRows);
      expect(FullLoadRows).toBeGreaterThan((generated.get(TableName) ?? 0) * 0.5);
    }
    const timestamps = found.map(({ metadata }) => metadata.timestamp);
    expect(new Set(timestamps).size).toBe(timestamps.length);
  });
});

describe('a database that goes away', () => {
  it('shows as a failed replication with its error, and replication goes on by itself when it is back', async () => {
    const own = await startDmsWorld();
    try {
      await own.connection.query('CREATE TABLE pair (a INT, b VARCHAR(20), note TEXT, PRIMARY KEY (a, b))');
      stream = await own.createStream();
      const replication = await own.startReplication(stream, { rules: pairRules() });
      await replicating(replication);
      await own.connection.query("INSERT INTO pair VALUES (1, 'before', NULL)");
      await own.restartDatabase(async () => {
        const { lastError } = await eventually(replication.status, ({ state }) => state === 'failed');
        expect(String(lastError)).not.toBe('');
      });
      await replicating(replication);
      await own.connection.query("INSERT INTO pair VALUES (2, 'after', NULL)");
      const texts = await eventually(
        () => own.recordsOn(stream),
        (all) => all.some(({ text }) => text.includes('"after"')),
      );
      expect(texts.some(({ text }) => text.includes('"before"'))).toBe(true);
      expect(replication.status().lastError).toBeUndefined();
      await replication.resource.stop?.();
    } finally {
      await own.stop();
    }
  });
});
