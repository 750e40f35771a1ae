/**
 * The yardstick of a replay: a loop of GetRecords over the same shards and the same stretch of time, side by side, which does nothing with
 * what it reads. Unpaced it takes whatever the emulator gives; paced it takes no more than Kinesis gives the readers of a shard.
 */
import { KinesisClient } from '@aws-sdk/client-kinesis';
import type { ClientConfig } from '#cli/connection/client-config.ts';
import { KinesisChangeLog } from '#core/replay/kinesis-change-log.ts';
import { ReadPace } from '#core/replay/read-pace.ts';
import { ARRIVAL_SLACK_MS, type ReplayWindow } from '#core/replay/replay-window.ts';

/** Before the first answer tells the mean size of a record. */
const FIRST_BYTES = 1024;

export interface ReadReport {
  readonly records: number;
  readonly bytes: number;
  readonly calls: number;
  readonly ms: number;
}

/** Reads what a replay of the window reads: the slack at both ends included. */
export async function bareLoop(
  clientConfig: ClientConfig,
  streamName: string,
  window: ReplayWindow,
  /** Of the limits of each shard; Infinity for none. */
  share: number,
): Promise<ReadReport> {
  const client = new KinesisClient(clientConfig);
  const log = new KinesisChangeLog(client, streamName);
  try {
    const shards = await log.shards(window.fromMs - ARRIVAL_SLACK_MS);
    const startedAtMs = performance.now();
    const reports = await Promise.all(shards.map(({ shardId }) => readShard(log, shardId, window, share)));
    const sum = (of: 'records' | 'bytes' | 'calls'): number => reports.reduce((total, one) => total + one[of], 0);
    const ms = performance.now() - startedAtMs;
    return { records: sum('records'), bytes: sum('bytes'), calls: sum('calls'), ms };
  } finally {
    client.destroy();
  }
}

async function readShard(log: KinesisChangeLog, shardId: string, window: ReplayWindow, share: number) {
  const overAtMs = window.toMs + ARRIVAL_SLACK_MS;
  const pace = new ReadPace(share);
  const read = { records: 0, bytes: 0, calls: 0 };
  let place: string | undefined = await log.open(shardId, { kind: 'time', ms: window.fromMs - ARRIVAL_SLACK_MS });
  while (place !== undefined) {
    const waitMs = pace.waitMs(Date.now());
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    const calledAtMs = Date.now();
    const { records, next, behindMs } = await log.read(
      shardId,
      place,
      pace.recordsFor(read.records > 0 ? read.bytes / read.records : FIRST_BYTES),
    );
    const bytes = records.reduce((total, record) => total + record.bytes.byteLength, 0);
    pace.spent(calledAtMs, bytes);
    read.records += records.length;
    read.bytes += bytes;
    read.calls += 1;
    if (behindMs === 0 || records.some(({ arrivedAtMs }) => arrivedAtMs >= overAtMs)) break;
    place = next;
  }
  return read;
}
