/** One DMS message as bytes, with every member replaceable, so that a test can say what is wrong with it and nothing else. */

import { type DecodedRecord, decodeDmsRecord } from '#core/change/decode-dms-record.ts';
import type { RowChange } from '#core/change/row-change.ts';
import { SOURCE_TABLES } from '#schemas/source/lph.ts';

/** A raw JSON value: written into the message as it stands, so 20-digit numbers stay what they are. */
export class Raw {
  readonly json: string;
  constructor(json: string) {
    this.json = json;
  }
}

type Member = string | null | Raw | undefined;
export type Members = Readonly<Record<string, Member>>;

export interface MessageParts {
  readonly data?: Members | Raw;
  readonly before?: Members | Raw;
  readonly metadata?: Members;
}

const VERSION_ROW: Members = {
  metric_id: new Raw('42'),
  version: new Raw('3'),
  aggregation_style: 'SUM',
  aggregation_param: null,
  hybrid_formula: null,
  created_at: '2018-02-15T18:23:45.500000Z',
  created_by: 'ada',
  deprecated_at: null,
  deprecated_by: null,
  deprecated_reason: null,
  relay_lineage: 'lph-1',
};

const METADATA: Members = {
  timestamp: '2026-11-20T12:00:01.000000Z',
  'record-type': 'data',
  operation: 'update',
  'partition-key-type': 'primary-key',
  'schema-name': 'lph',
  'table-name': 'metric_versions',
  'transaction-id': new Raw('21474836480'),
  'transaction-record-id': new Raw('1'),
  'commit-timestamp': '2026-11-20T12:00:00Z',
};

/** An update of version 3 of metric 42, unless told otherwise. A member that is `undefined` is left out. */
export function message(parts: MessageParts = {}): string {
  const data = parts.data instanceof Raw ? parts.data.json : objectText({ ...VERSION_ROW, ...parts.data });
  const before = parts.before instanceof Raw ? parts.before.json : objectText(parts.before ?? {});
  const metadata = objectText({ ...METADATA, ...parts.metadata });
  return `{"data":${data},"metadata":${metadata},"before-image":${before}}`;
}

function objectText(members: Members): string {
  const entries = Object.entries(members).flatMap(([name, value]) => {
    if (value === undefined) return [];
    return [`${JSON.stringify(name)}:${value instanceof Raw ? value.json : JSON.stringify(value)}`];
  });
  return `{${entries.join(',')}}`;
}

export const decode = (text: string | Uint8Array): DecodedRecord =>
  decodeDmsRecord(typeof text === 'string' ? Buffer.from(text) : text, SOURCE_TABLES);

/** The row changes of a message that must be decodable. */
export function changesOf(text: string): readonly RowChange[] {
  const decoded = decode(text);
  if (decoded.kind !== 'rows') throw new Error(`expected rows, got a ${decoded.kind} record`);
  return decoded.changes;
}

/** The only change of a message. */
export function changeOf(text: string): RowChange {
  const [change, ...others] = changesOf(text);
  if (!change || others.length > 0) throw new Error('expected one change');
  return change;
}
