import { describe, expect, test } from 'vitest';
import { stageConfig } from '#infra/stage-config.ts';

describe('settings', () => {
  test('come from the context as text and become numbers', () => {
    const config = stageConfig({ 'relay:changeStreamShards': '4', 'relay:dmsMultiAz': 'true', 'unrelated:key': 1 });
    expect(config).toMatchObject({ changeStreamShards: 4, dmsMultiAz: true, replicatorBatchSize: 500 });
  });

  test.each([
    [{ 'relay:shards': '4' }, /"shards"/],
    [{ 'relay:graceSeconds': '901' }, /graceSeconds:.*900/],
    [{ 'relay:graceSeconds': 'soon' }, /graceSeconds/],
    [{ 'relay:binlogLineage': "lph'1" }, /binlogLineage: at most 40 of a-z, 0-9 and -/],
    [{ 'relay:dmsMaxCapacityUnits': '3' }, /dmsMaxCapacityUnits: allowed: 1, 2, 4, 8/],
    [{ 'relay:pipeBatchSize': '6' }, /pipeBatchSize/],
    [{ 'relay:changeStreamRetentionHours': '24' }, /changeStreamRetentionHours/],
  ])('%j is refused with the name of the setting', (context, message) => {
    expect(() => stageConfig(context)).toThrow(message);
    expect(() => stageConfig(context)).toThrow(/infra\/stage-config\.ts/);
  });

  test('all wrong settings are named at once', () => {
    const wrong = { 'relay:graceSeconds': '-1', 'relay:fanOutLimit': '0' };
    expect(() => stageConfig(wrong)).toThrow(/graceSeconds[\s\S]*fanOutLimit/);
  });

  test('records behind a stuck one may not expire', () => {
    expect(() => stageConfig({ 'relay:replicatorRecordAgeHours': 100 })).toThrow(
      /replicatorRecordAgeHours: 100 is more than half/,
    );
    expect(stageConfig({ 'relay:replicatorRecordAgeHours': 84 }).replicatorRecordAgeHours).toBe(84);
  });

  test('a deleted row is remembered longer than anything can be replayed or redriven', () => {
    // 7 days in the stream, then 365 in the bucket, then 30 as a deleted object.
    expect(() => stageConfig({ 'relay:tombstoneDays': 402 })).toThrow(
      /tombstoneDays: 402 must be more than the 402 days/,
    );
    expect(stageConfig({ 'relay:tombstoneDays': 403 }).tombstoneDays).toBe(403);
    expect(() =>
      stageConfig({ 'relay:changeStreamRetentionHours': 8760, 'relay:quarantineDays': 30, 'relay:tombstoneDays': 300 }),
    ).toThrow(/tombstoneDays/);
  });

  test('capacity cannot begin above where it ends', () => {
    expect(() => stageConfig({ 'relay:dmsMinCapacityUnits': 16 })).toThrow(/dmsMinCapacityUnits: 16/);
  });
});
