/**
 * How fast a caught-up replay is where nothing but waiting takes time: in virtual time, with requests to DynamoDB of four milliseconds on average
 * and the read limits of a Kinesis shard. What a machine needs to compute is left out on purpose; `npm run bench:replay` shows that.
 */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { expect, test } from 'vitest';
import { DynamoDbItemStore } from '#core/platform/dynamodb-item-store.ts';
import type { ChangeLog } from '#core/replay/change-log.ts';
import { ReadPace } from '#core/replay/read-pace.ts';
import { EVERYTHING } from '#core/replay/record-filter.ts';
import { ReplayJournal } from '#core/replay/replay-journal.ts';
import { replaySlice } from '#core/replay/replay-slice.ts';
import { replicateBatch } from '#core/replication/replicate-batch.ts';
import { SimulatedDynamoDb } from '../../simulator/aws/dynamodb.ts';
import { NO_FAULTS } from '../../simulator/engine/faults.ts';
import { seededRandom } from '../../simulator/engine/random.ts';
import { VirtualTime } from '../../simulator/engine/virtual-time.ts';
import { MemoryChangeLog } from '../support/memory-change-log.ts';
import { metricRow, SourceStory, versionRow } from '../support/source-story.ts';
import { changeRecord, testContext } from '../support/test-context.ts';

const SHARD = 'shardId-000000000000';
const METRICS = 2_500;
/** Far below the template's, so that the window is many batches, as a window of hours is. */
const BATCH_RECORDS = 1_000;
const READ_MS = 20;
const HOUR_MS = 3_600_000;

/** As the product creates metrics: five rows each, and each in a group of its own. */
function messages(): readonly string[] {
  const told = new SourceStory();
  told.transaction(() => told.insert('dimensions', { id: '1', name: 'country' }));
  for (let id = 1; id <= METRICS; id++) {
    told.transaction(() => {
      told.insert('metric_groups', { id: `${id}`, name: `group ${id}` });
      told.insert('dimensions_metric_groups', { dimension_id: '1', metric_group_id: `${id}` });
      told.insert('metrics', metricRow(`${id}`, `metric_${id}`, { metric_group_id: `${id}` }));
      told.insert('metric_versions', versionRow(`${id}`, '1'));
    });
    told.transaction(() => told.update('metric_versions', [`${id}`, '1'], { deprecated_reason: 'later' }));
  }
  return told.messages;
}

/** A world that has applied everything, and ways to let time pass in it. */
async function caughtUpWorld() {
  const time = new VirtualTime();
  const database = new SimulatedDynamoDb(
    time,
    seededRandom('throughput'),
    { faults: NO_FAULTS },
    {
      Metrics: { partitionKey: 'name', sortKey: 'version', stream: true },
      SourceRows: { partitionKey: 'pk', sortKey: 'sk' },
      Quarantine: { partitionKey: 'pk', sortKey: 'sk' },
      Replays: { partitionKey: 'pk', sortKey: 'sk' },
    },
  );
  const requests = new Map<string, number>();
  const send = (command: { constructor: { name: string }; input: object }): Promise<object> => {
    const name = command.constructor.name.replace(/Command$/, '');
    requests.set(name, (requests.get(name) ?? 0) + 1);
    return database.request(name, command.input);
  };
  const sleep = (ms: number): Promise<void> => time.sleep(ms);
  const store = new DynamoDbItemStore({ send } as unknown as DynamoDBClient, () => sleep(100));
  const failures: unknown[] = [];
  const context = testContext({
    store,
    nowMs: time.nowMs,
    send: async () => {},
    failed: (error) => void failures.push(error),
  });
  const arrivedAtMs = time.nowMs();
  const records = messages().map((message, index) => changeRecord(message, index + 1, arrivedAtMs));
  const log = new MemoryChangeLog(time.nowMs).shard(SHARD).put(SHARD, records);
  const slowLog: ChangeLog = {
    retentionHours: () => log.retentionHours(),
    shards: (fromMs) => log.shards(fromMs),
    open: (shardId, from) => log.open(shardId, from),
    read: (shardId, place, recordsMax) => time.sleep(READ_MS).then(() => log.read(shardId, place, recordsMax)),
  };
  /** Virtual milliseconds that the work takes. */
  const timed = async <T>(work: Promise<T>): Promise<{ readonly value: T; readonly ms: number }> => {
    const startedAtMs = time.nowMs();
    let isOver = false;
    const over = work.finally(() => {
      isOver = true;
    });
    over.catch(() => {}); // told by the await below
    await time.runUntil(() => isOver, HOUR_MS, 'the work is done');
    return { value: await over, ms: time.nowMs() - startedAtMs };
  };
  for (let from = 0; from < records.length; from += BATCH_RECORDS)
    await timed(replicateBatch(context, records.slice(from, from + BATCH_RECORDS)));
  expect(failures).toEqual([]);
  return { time, sleep, store, context, log: slowLog, records, requests, timed, arrivedAtMs };
}

test('reads at nine tenths of what a loop does that reads only, though each batch is looked up in DynamoDB', async () => {
  const { time, sleep, store, context, log, records, requests, timed, arrivedAtMs } = await caughtUpWorld();

  const pace = new ReadPace(1);
  const bytes = records.reduce((sum, record) => sum + record.bytes.byteLength, 0);
  const bareLoop = async (): Promise<number> => {
    let seen = 0;
    let place: string | undefined = await log.open(SHARD, { kind: 'time', ms: 0 });
    while (place !== undefined && seen < records.length) {
      await sleep(pace.waitMs(time.nowMs()));
      const calledAtMs = time.nowMs();
      const answer = await log.read(SHARD, place, pace.recordsFor(bytes / records.length));
      pace.spent(
        calledAtMs,
        answer.records.reduce((sum, record) => sum + record.bytes.byteLength, 0),
      );
      seen += answer.records.length;
      place = answer.next;
    }
    return seen;
  };
  const bare = await timed(bareLoop());
  expect(bare.value).toBe(records.length);

  time.skip(60_000); // a window that is over has nothing to wait for
  const journal = new ReplayJournal(store, 'Replays', time.nowMs);
  const window = { fromMs: arrivedAtMs, toMs: arrivedAtMs + 1 };
  const request = { source: 'stream', window, filter: EVERYTHING, allowGap: false, readShare: 1 } as const;
  await timed(
    journal.putRun({
      replayId: 'r1',
      request: { ...request, generations: [[SHARD]] },
      execution: 'r1-1',
      startedAtMs: time.nowMs(),
      stopped: false,
    }),
  );
  requests.clear();
  const replay = await timed(
    replaySlice(
      {
        replication: context,
        journal,
        logOf: () => log,
        batchRecords: BATCH_RECORDS,
        writer: 'slice',
        nowMs: time.nowMs,
        sleep,
        remainingMs: () => HOUR_MS,
      },
      { replayId: 'r1', shardId: SHARD, execution: 'r1-1', checkpoint: undefined },
    ),
  );
  expect(replay.value).toMatchObject({ done: true, counts: { received: records.length, applied: 0, quarantined: 0 } });
  expect([...requests.keys()].sort()).toEqual(['BatchGetItem', 'GetItem', 'PutItem', 'Query']);
  expect(bare.ms / replay.ms).toBeGreaterThan(0.9);
});
