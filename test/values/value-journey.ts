/**
 * Follows every value from stage to stage and says where it came out as another one: record → row → register → item → event.
 * The projection here is the smallest one: each column becomes an attribute, as text or as a number.
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { decodeDmsRecord } from '#core/change/decode-dms-record.ts';
import type { Row } from '#core/change/row-change.ts';
import { plainJson } from '#core/event/plain-json.ts';
import { keyItem, rowMirrorKey } from '#core/mirror/mirror-key.ts';
import { storedRegister } from '#core/mirror/register-item.ts';
import type { Item, ItemStore } from '#core/platform/item-store.ts';
import type { SourceTable } from '#schemas/source/source-table.ts';
import type { ValueColumn } from './value-case.ts';
import { type Answer, type ColumnSet, caseAt, WAYS, type Way } from './value-source.ts';

/** Text of the members of `data` as they stand in the record: a number as its digits, a text as JSON. */
export function recordMembers(text: string): ReadonlyMap<string, string> {
  const asWritten = (_: string, value: unknown, context: { readonly source?: string }): unknown =>
    typeof value === 'number' ? { digits: context.source } : value;
  const parsed = JSON.parse(text, asWritten as (this: unknown, key: string, value: unknown) => unknown) as {
    data: Record<string, unknown>;
  };
  return new Map(
    Object.entries(parsed.data).map(([name, value]) => [
      name,
      value !== null && typeof value === 'object' && 'digits' in value ? String(value.digits) : JSON.stringify(value),
    ]),
  );
}

export interface Expected {
  /** JSON in the record. */
  readonly json: string;
  /** Text of the row and of the item; null is a column that is NULL and an attribute that is not there. */
  readonly text: string | null;
}

/** @param answer the server's; @returns a sentence where generator and server disagree, because then nobody knows what is right. */
export function expectationOf(column: ValueColumn, row: number, answer: Answer | undefined): Expected | string {
  const { means, cut, sql } = caseAt(column, row) ?? { means: null };
  if (!answer || sql === undefined)
    return answer && answer.inItem !== null ? 'a row without a case is not NULL' : asExpected(column, null, null);
  if (cut) return asExpected(column, means ?? null, means ?? null);
  if (means !== undefined && means !== answer.inItem)
    return `the generator means ${show(means)}, the server says ${show(answer.inItem)}`;
  return asExpected(column, answer.inRecord, answer.inItem);
}

function asExpected({ json }: ValueColumn, record: string | null, item: string | null): Expected {
  const isBare = record === null || json === 'bare';
  return { json: isBare ? (record ?? 'null') : JSON.stringify(record), text: item };
}

export interface Finding {
  readonly type: string;
  readonly sql: string;
  readonly way: Way | 'source';
  readonly stage: string;
  readonly expected: string;
  readonly got: string;
}

const SHOWN_MAX = 160;
export const show = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length <= SHOWN_MAX ? text : `${text.slice(0, SHOWN_MAX)}… (${text.length} characters)`;
};

export const sentence = ({ type, sql, way, stage, expected, got }: Finding): string =>
  `${type.slice(0, 60)} ${sql.slice(0, 120)} by ${way}, in the ${stage}: expected ${expected}, got ${got}`;

export interface Journey {
  readonly declaration: SourceTable;
  readonly columns: ColumnSet;
  readonly answers: ReadonlyMap<number, ReadonlyMap<string, Answer>>;
  /** The last record of each row by its id, as it came from the stream. */
  readonly records: ReadonlyMap<string, string>;
}

interface Stages {
  readonly record: ReadonlyMap<string, string>;
  readonly row: Row | string;
  readonly register: Row;
  readonly stored: ReadonlyMap<string, unknown>;
  readonly item: Item;
  readonly event: ReadonlyMap<string, unknown>;
}

/** Attribute of a column; names from outside never become names of attributes. */
const attribute = (place: number): string => `a${place}`;

function projected({ declaration, columns }: Journey, id: number, row: Row): Item {
  const attributes = [...columns].flatMap(([name, { numeric }], place): [string, AttributeValue][] => {
    const value = row.get(name);
    if (value === null || value === undefined) return [];
    return [[attribute(place), numeric ? { N: value } : { S: value }]];
  });
  return { name: { S: declaration.name }, version: { S: String(id) }, ...Object.fromEntries(attributes) };
}

/** Every row of the journey at every stage. Registers must be stored already. */
async function stagesOf(journey: Journey, store: ItemStore): Promise<ReadonlyMap<number, Stages>> {
  const { declaration, records } = journey;
  const ids = [...records.keys()].map(Number);
  const mirrorKey = (id: number): Item => keyItem(rowMirrorKey(declaration, [String(id)]));
  const found = await store.getMany('SourceRows', ids.map(mirrorKey));
  const registers = new Map(found.map((item) => [item.pk?.S, item]));
  const registerOf = (id: number): Item | undefined => registers.get(mirrorKey(id).pk?.S);
  const rowOf = (id: number): Row => {
    const item = registerOf(id);
    return (item && storedRegister(item).register.row) ?? new Map<string, string | null>();
  };
  await store.putMany(
    'Metrics',
    ids.map((id) => projected(journey, id, rowOf(id))),
  );
  const keys = ids.map((id) => ({ name: { S: declaration.name }, version: { S: String(id) } }));
  const items = new Map((await store.getMany('Metrics', keys)).map((item) => [Number(item.version?.S), item]));
  return new Map(
    ids.map((id) => {
      const text = records.get(String(id)) ?? '';
      const item = items.get(id) ?? {};
      const event: unknown = JSON.parse(JSON.stringify(plainJson(item)));
      return [
        id,
        {
          record: recordMembers(text),
          row: decoded(text, declaration),
          register: rowOf(id),
          stored: new Map(Object.entries(JSON.parse(registerOf(id)?.row?.S ?? '{}') as object)),
          item,
          event: new Map(Object.entries(event as object)),
        },
      ];
    }),
  );
}

function decoded(text: string, declaration: SourceTable): Row | string {
  try {
    const record = decodeDmsRecord(Buffer.from(text), [declaration]);
    return (record.kind === 'rows' && record.changes[0]?.row) || 'no row';
  } catch (error) {
    return String(error);
  }
}

/** Exact in JSON: a text with the digits, or a number that stands for these digits and no others. */
export function sameNumber(value: unknown, digits: string): boolean {
  if (typeof value === 'string') return value === digits;
  return (
    typeof value === 'number' && String(value) === digits && (!/^-?\d+$/.test(digits) || Number.isSafeInteger(value))
  );
}

/** @returns what is wrong, and how many (type, value, way) were looked at. */
export async function follow(journey: Journey, store: ItemStore): Promise<{ findings: Finding[]; looked: number }> {
  const findings: Finding[] = [];
  const stages = await stagesOf(journey, store);
  let looked = 0;
  for (const [place, [name, column]] of [...journey.columns].entries()) {
    for (const [way, offset] of Object.entries(WAYS) as [Way, number][]) {
      for (const row of column.cases.keys()) {
        const id = row + 1 + offset;
        const note = (stage: string, expected: unknown, got: unknown, by: Way | 'source' = way): void => {
          const sql = column.cases[row]?.sql ?? '';
          findings.push({ type: column.sqlType, sql, way: by, stage, expected: show(expected), got: show(got) });
        };
        const expected = expectationOf(column, row + 1, journey.answers.get(id)?.get(name));
        const at = stages.get(id);
        looked += 1;
        if (typeof expected === 'string') note('source', 'one meaning', expected, 'source');
        else if (!at) note('stream', 'a record', 'none');
        else check(at, name, attribute(place), column, expected, note);
      }
    }
  }
  return { findings, looked };
}

function check(
  at: Stages,
  name: string,
  attributeName: string,
  { numeric }: ValueColumn,
  { json, text }: Expected,
  note: (stage: string, expected: unknown, got: unknown) => void,
): void {
  const same = (stage: string, expected: unknown, got: unknown): void => {
    if (!Object.is(expected, got)) note(stage, expected, got);
  };
  same('record', json, at.record.get(name));
  same('decoded row', text, typeof at.row === 'string' ? at.row : at.row.get(name));
  same('register', text, at.register.get(name));
  same('register as stored', text, at.stored.get(name));
  const stored = at.item[attributeName];
  same('item', text ?? undefined, numeric ? stored?.N : stored?.S);
  const told = at.event.get(attributeName);
  if (numeric && text !== null ? !sameNumber(told, text) : told !== (text ?? undefined)) note('event', text, told);
}
