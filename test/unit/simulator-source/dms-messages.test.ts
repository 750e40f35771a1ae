/** What the simulated DMS puts on the stream, read by the decoder of the product. */
import { describe, expect, test } from 'vitest';
import { decodeDmsRecord } from '#core/change/decode-dms-record.ts';
import type { RowChange } from '#core/change/row-change.ts';
import { SOURCE_TABLES } from '#schemas/source/lph.ts';
import type { StreamEntry } from '#simulator/aws/kinesis.ts';
import { loadEntry } from '#simulator/dms/dms-message.ts';
import { DOCUMENTED_LOAD, LOAD_THEN_CHANGES, SNAPSHOT_LOAD } from '#simulator/dms/full-load-style.ts';
import { seededRandom } from '#simulator/engine/random.ts';
import { writeStep } from '#simulator/source/random-writes.ts';
import { FOREIGN_KEYS } from '#simulator/source/table-constraints.ts';
import { type SourceWorld, sourceWorld } from './source-world.ts';

const TROUBLE = { dmsRestart: 0.05, producerRetry: 0.1, poison: 0.1 };
const seeds = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `source ${index}`);

type Row = ReadonlyMap<string, string | null>;
type Tables = ReadonlyMap<string, Map<string, Row>>;

const rowChanges = ({ bytes }: StreamEntry): readonly RowChange[] => {
  const decoded = decodeDmsRecord(bytes, SOURCE_TABLES);
  return decoded.kind === 'rows' ? decoded.changes : [];
};

function decodes(entry: StreamEntry): boolean {
  try {
    rowChanges(entry);
    return true;
  } catch {
    return false;
  }
}

/** The database's rows in the decoder's canonical text. */
function rowsOf({ database }: SourceWorld): Tables {
  return new Map(
    SOURCE_TABLES.map(({ name }) => {
      const rows = [...database.rows(name).values()].flatMap((row) =>
        rowChanges(loadEntry(name, row, database.lineage, '2026-11-20T12:00:00.000000Z')),
      );
      return [name, new Map(rows.map(({ key, row }) => [key.join('|'), row ?? new Map()]))];
    }),
  );
}

/** A table that does what each record says, and what the foreign keys do with it. */
function applied(stream: readonly StreamEntry[]): Tables {
  const tables = new Map(SOURCE_TABLES.map(({ name }) => [name, new Map<string, Row>()]));
  const rows = (name: string): Map<string, Row> => tables.get(name) ?? new Map();
  for (const change of stream.flatMap(rowChanges)) {
    const key = change.key.join('|');
    const { name } = change.table;
    if (change.row) {
      rows(name).set(key, change.row);
      continue;
    }
    rows(name).delete(key);
    for (const { table, column, onDelete } of FOREIGN_KEYS.filter(({ parent }) => parent === name)) {
      for (const [childKey, child] of rows(table)) {
        if (child.get(column) !== key) continue;
        if (onDelete === 'set null') rows(table).set(childKey, new Map(child).set(column, null));
        else rows(table).delete(childKey);
      }
    }
  }
  return tables;
}

/** Without columns that were added: a row that was read before knows nothing of them. */
function declared(tables: Tables): unknown {
  return SOURCE_TABLES.map(({ name, columns }) => {
    const rows = [...(tables.get(name) ?? [])].map(([key, row]) => [
      key,
      Object.keys(columns).map((column) => row.get(column)),
    ]);
    return [name, rows.sort(([one], [other]) => (String(one) < String(other) ? -1 : 1))];
  });
}

describe('the messages of a history', { timeout: 60_000 }, () => {
  test('decode to rows and control records, all but the poisoned ones, which nobody can decode', async () => {
    let poisoned = 0;
    for (const seed of seeds(200)) {
      const { stream, dms } = await sourceWorld({ seed, writes: 12, faults: TROUBLE, refused: 0.1, unanswered: 0.1 });
      const poison = new Set(dms.poisoned);
      poisoned += poison.size;
      const wrong = stream.filter((entry) => decodes(entry) === poison.has(entry));
      expect(
        wrong.map(({ bytes }) => Buffer.from(bytes).toString()),
        `${seed}: decoded although poisoned, or refused although good`,
      ).toEqual([]);
      const onStream = new Set(stream);
      expect(
        dms.poisoned.filter((entry) => !onStream.has(entry)),
        `${seed}: poison that was lost`,
      ).toEqual([]);
    }
    expect(poisoned).toBeGreaterThan(50);
  });

  test.each([LOAD_THEN_CHANGES, SNAPSHOT_LOAD])(
    'applied in their order give the rows of the database (style %o)',
    async (style) => {
      for (const seed of seeds(60)) {
        const world = await sourceWorld({ seed, style });
        expect(declared(applied(world.stream)), seed).toEqual(declared(rowsOf(world)));
      }
    },
  );

  test('applied in their order do not always give them as the user guide has it: a child can be read before and built after its parent died', async () => {
    let wrong = 0;
    for (const seed of seeds(100)) {
      const world = await sourceWorld({ seed, style: DOCUMENTED_LOAD });
      if (JSON.stringify(declared(applied(world.stream))) !== JSON.stringify(declared(rowsOf(world)))) wrong += 1;
    }
    expect(wrong).toBeGreaterThan(0);
  });

  test('hold every change at its place in the binlog at least once, whatever was refused, lost or begun again', async () => {
    let repeated = 0;
    for (const seed of seeds(60)) {
      const { stream, dms, database, loadedCommits } = await sourceWorld({
        seed,
        writesBefore: 0,
        faults: TROUBLE,
        refused: 0.2,
        unanswered: 0.2,
        reload: 0.1,
      });
      const poison = new Set(dms.poisoned);
      const seen = new Set<string>();
      const changes = stream.filter((entry) => !poison.has(entry)).flatMap(rowChanges);
      for (const { moment, commit, key, table } of changes) {
        if (!moment.position) continue;
        const { lineage, transactionId, recordId } = moment.position;
        seen.add(`${lineage} ${transactionId} ${recordId} ${table.name} ${key}`);
        if (commit.transactionId !== String(transactionId))
          throw new Error(`${seed}: ${commit.transactionId} is told as the transaction, not ${transactionId}`);
      }
      for (const { lineage, transactionId, changes: written } of database.commits.slice(loadedCommits)) {
        for (const [place, { table, row }] of written.entries()) {
          const key = SOURCE_TABLES.find(({ name }) => name === table)?.key.map((column) => row.get(column));
          expect(seen, seed).toContain(`${lineage} ${transactionId} ${place + 1} ${table} ${key}`);
        }
      }
      repeated += changes.length - seen.size;
    }
    expect(repeated).toBeGreaterThan(500);
  });

  test('of a restart reach no further back than where its checkpoint had caught up', async () => {
    let sentTwice = 0;
    for (const seed of seeds(20)) {
      const { dms, database, stream, time } = await sourceWorld({ seed, faults: { dmsRestart: 0.3 } });
      const [commits, records] = [database.commits.length, stream.length];
      dms.catchUp();
      for (let write = 0; write < 5; write++) {
        writeStep(database, seededRandom(`${seed}/${write}`), time.nowMs());
        await time.runUntil(() => dms.idle, 3_600_000, 'the write is on the stream');
      }
      const allowed = new Set(database.commits.slice(commits).map(({ transactionId }) => transactionId));
      const sent = stream.slice(records).flatMap(rowChanges);
      const positions = sent.flatMap(({ moment }) => moment.position ?? []);
      for (const { transactionId } of positions) expect(allowed.has(transactionId), seed).toBe(true);
      const places = positions.map(({ transactionId, recordId }) => `${transactionId}/${recordId}`);
      sentTwice += places.length - new Set(places).size;
    }
    expect(sentTwice, 'there were restarts').toBeGreaterThan(0);
  });

  test('are built at times that never go back in the order of sending', async () => {
    for (const seed of seeds(50)) {
      const { stream } = await sourceWorld({ seed });
      const builtAt = stream.map(({ bytes }) => /"timestamp":"([^"]*)"/.exec(Buffer.from(bytes).toString())?.[1] ?? '');
      expect(builtAt).toEqual([...new Set(builtAt)].sort());
    }
  });

  test('are keyed by schema, table and key, and those of a changed key by the new one', async () => {
    for (const seed of seeds(50)) {
      const { stream } = await sourceWorld({ seed });
      for (const entry of stream) {
        const change = rowChanges(entry).at(-1);
        if (change) expect(entry.partitionKey).toBe(`lph.${change.table.name}.${change.key.join('.')}`);
      }
    }
  });

  test('are the same for the same seed', async () => {
    const options = { seed: 'twice', faults: TROUBLE, refused: 0.2, unanswered: 0.2, reload: 0.1 };
    const [one, other] = [await sourceWorld(options), await sourceWorld(options)];
    expect(other.stream.map(({ bytes }) => Buffer.from(bytes).toString())).toEqual(
      one.stream.map(({ bytes }) => Buffer.from(bytes).toString()),
    );
  });
});
