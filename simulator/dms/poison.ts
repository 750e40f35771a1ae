/** Records that nobody can apply, made from a good one where there is one: cut off, no JSON, no UTF-8, a table, a column or a position that is wrong. */
import type { StreamEntry } from '../aws/kinesis.ts';
import type { Random } from '../engine/random.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A message as long as the good one's metadata needs to be; `data` is text of JSON. */
const message = (data: string, table: string, more = ''): Uint8Array =>
  encode(
    `{"data":${data},"metadata":{"timestamp":"2026-11-20T12:00:00.000001Z","record-type":"data","operation":"insert","schema-name":"lph","table-name":"${table}"${more}}}\n`,
  );

const POSITION = ',"transaction-id":8589934596,"transaction-record-id":1';

const POISONS: readonly ((random: Random, good: StreamEntry | undefined) => Uint8Array)[] = [
  () => encode('no JSON at all'),
  () => encode('{"metadata":{}}'),
  () => encode('[]'),
  () => new Uint8Array(0),
  () => new Uint8Array([0xff, 0xfe, 0x00, 0x80]),
  (random, good) => (good ? good.bytes.slice(0, 1 + random.below(good.bytes.length - 3)) : encode('{"data":{')),
  () => message('{"id":"7","name":"stray","relay_lineage":"lph-1"}', 'no_such_table', POSITION),
  () => message('{"id":"7","name":"half","relay_lineage":"lph-1"}', 'dimensions', POSITION),
  () => message('{"dimension_id":"1","metric_group_id":"1"}', 'dimensions_metric_groups', POSITION),
  () => message('{"dimension_id":"1","metric_group_id":"1","relay_lineage":"lph-1"}', 'dimensions_metric_groups'),
  () =>
    message(
      '{"dimension_id":"one","metric_group_id":"1","relay_lineage":"lph-1"}',
      'dimensions_metric_groups',
      POSITION,
    ),
  () =>
    message(
      '{"dimension_id":{"of":"1"},"metric_group_id":null,"relay_lineage":"lph-1"}',
      'dimensions_metric_groups',
      POSITION,
    ),
  () =>
    message(
      '{"consumed_metric_id":"1","consumer_metric_id":1e3,"relay_lineage":"lph-1"}',
      'metric_relationships',
      POSITION,
    ),
  () => message('"text"', 'metrics', POSITION),
];

/** Under the key of the good record, so that it lies among records that must not wait for it. */
export function poisonEntry(random: Random, good: StreamEntry | undefined): StreamEntry {
  const bytes = random.pick(POISONS)(random, good);
  return { partitionKey: good && random.chance(0.8) ? good.partitionKey : 'lph.no_such_table.7', bytes };
}
