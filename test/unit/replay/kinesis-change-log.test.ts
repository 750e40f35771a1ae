import type { KinesisClient } from '@aws-sdk/client-kinesis';
import { describe, expect, test } from 'vitest';
import { LogThrottled, PlaceExpired, ShardExpired } from '#core/replay/change-log.ts';
import { KinesisChangeLog } from '#core/replay/kinesis-change-log.ts';

const SHARD = 'shardId-000000000003';

/** A client whose every request is answered, or refused with an error of the given name, and written down. */
function rig(answer: object | string, message = '') {
  const asked: { readonly command: string; readonly input: unknown }[] = [];
  const client = {
    async send(command: { readonly input: unknown }) {
      asked.push({ command: command.constructor.name, input: command.input });
      if (typeof answer === 'string') throw Object.assign(new Error(message), { name: answer });
      return answer;
    },
  };
  return { log: new KinesisChangeLog(client as unknown as KinesisClient, 'changes'), asked };
}

describe('the stream as a change log', () => {
  test('refuses a shard that expired between the listing and the reading, says so, and is not tried again', async () => {
    const { log } = rig('ResourceNotFoundException', `Shard ${SHARD} in stream changes does not exist`);
    const refused = {
      name: 'ReplayRefused',
      message: expect.stringMatching(
        /^shardId-000000000003 has left the stream .* cannot be wholly replayed.*relay reload/,
      ),
    };
    await expect(log.open(SHARD, { kind: 'time', ms: 0 })).rejects.toMatchObject(refused);
    await expect(log.open(SHARD, { kind: 'after', sequenceNumber: '7' })).rejects.toMatchObject(refused);
    await expect(log.read(SHARD, 'iterator', 10)).rejects.toMatchObject(refused);
    await expect(log.read(SHARD, 'iterator', 10)).rejects.toBeInstanceOf(ShardExpired);
  });

  test.each(['ProvisionedThroughputExceededException', 'LimitExceededException', 'KMSThrottlingException'])(
    'takes %s for a reason to wait',
    async (name) => {
      await expect(rig(name).log.read(SHARD, 'iterator', 10)).rejects.toBeInstanceOf(LogThrottled);
      await expect(rig(name).log.open(SHARD, { kind: 'time', ms: 0 })).rejects.toBeInstanceOf(LogThrottled);
    },
  );

  test('tells an expired iterator from everything else that goes wrong, which stays as it is', async () => {
    await expect(rig('ExpiredIteratorException').log.read(SHARD, 'iterator', 10)).rejects.toBeInstanceOf(PlaceExpired);
    await expect(rig('AccessDeniedException', 'no').log.read(SHARD, 'iterator', 10)).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: 'no',
    });
  });

  test('asks for the shards that may hold records since a time, and knows the closed ones', async () => {
    const { log, asked } = rig({
      Shards: [
        { ShardId: 'a', SequenceNumberRange: { StartingSequenceNumber: '1', EndingSequenceNumber: '2' } },
        { ShardId: 'b', ParentShardId: 'a', SequenceNumberRange: { StartingSequenceNumber: '3' } },
      ],
    });
    expect(await log.shards(5_000)).toEqual([
      { shardId: 'a', parents: [], closed: true },
      { shardId: 'b', parents: ['a'], closed: false },
    ]);
    const filter = { Type: 'FROM_TIMESTAMP', Timestamp: new Date(5_000) };
    expect(asked).toEqual([{ command: 'ListShardsCommand', input: { StreamName: 'changes', ShardFilter: filter } }]);
  });
});
