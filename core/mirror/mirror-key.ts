/**
 * Keys of the row mirror (`SourceRows`), derived from the table declarations. A row lives in the partition of the entity that its
 * primary key names, under a sort key that begins with `row`, so one strongly consistent Query reads an entity with all its rows.
 * In the same partition lie the entity's head (`head`) and the back-links of those who must be recomputed with it (`usedBy#…`).
 */
import type { SourceTable } from '#schemas/source/source-table.ts';
import type { RowKey } from '../change/row-change.ts';
import { RelayError } from '../error/relay-error.ts';
import type { Item } from '../platform/item-store.ts';

export interface MirrorKey {
  readonly pk: string;
  readonly sk: string;
}

/** The key as DynamoDB takes it. */
export const keyItem = ({ pk, sk }: MirrorKey): Item => ({ pk: { S: pk }, sk: { S: sk } });

/** The key as text, to find one among many. */
export const keyText = ({ pk, sk }: MirrorKey): string => `${pk}\u0000${sk}`;

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
const PARTITION_KEY_BYTES_MAX = 2048;
const SORT_KEY_BYTES_MAX = 1024;

/** Why DynamoDB would refuse the key, told before a request for many keys is refused as a whole; undefined when it can be stored. */
export function refusedKey({ pk, sk }: MirrorKey): RelayError | undefined {
  const [partition, sort] = [Buffer.byteLength(pk), Buffer.byteLength(sk)];
  if (partition <= PARTITION_KEY_BYTES_MAX && sort <= SORT_KEY_BYTES_MAX) return undefined;
  return new RelayError(
    'ITEM_REFUSED',
    `a mirror key has ${partition} and ${sort} bytes; DynamoDB holds ${PARTITION_KEY_BYTES_MAX} and ${SORT_KEY_BYTES_MAX}`,
  );
}

/** Sort-key prefix of all rows of an entity. */
export const ROWS = 'row';
export const HEAD = 'head';
const USED_BY = 'usedBy#';

/** Key parts are joined by `#`; a part that contains one is escaped, so that no two keys meet. */
const escapePart = (part: string): string => part.replace(/[%#]/g, (sign) => (sign === '%' ? '%25' : '%23'));

export const entityPartition = (entity: string, id: string): string => `${entity}#${escapePart(id)}`;

/** `metric#42` → `['metric', '42']` */
export function entityOf(partition: string): readonly [entity: string, id: string] {
  const [entity = '', id = ''] = partition.split('#');
  return [entity, id.replace(/%23/g, '#').replace(/%25/g, '%')];
}

/** True when the table's own key is the entity's id: the row is the entity, not a part of it. */
export const isEntityTable = (table: SourceTable): boolean =>
  table.key.length === 1 && table.key[0] === table.aggregate.column;

export function rowMirrorKey(table: SourceTable, key: RowKey): MirrorKey {
  const part = (column: string): string => key[table.key.indexOf(column)] ?? '';
  const pk = entityPartition(table.aggregate.entity, part(table.aggregate.column));
  if (isEntityTable(table)) return { pk, sk: ROWS };
  const rest = table.key
    .filter((column) => column !== table.aggregate.column)
    .map((column) => escapePart(part(column)));
  return { pk, sk: `${ROWS}#${table.name}#${rest.join('#')}` };
}

export const headKey = (metricId: string): MirrorKey => ({ pk: entityPartition('metric', metricId), sk: HEAD });

export const usedByPrefix = USED_BY;

/** Back-link that says: when the entity `of` changes, `user` must be recomputed. Both are partitions. */
export const backLinkKey = (of: string, user: string): MirrorKey => ({ pk: of, sk: `${USED_BY}${user}` });

/** The partition that a back-link's sort key names. */
export const userOf = (sk: string): string => sk.slice(USED_BY.length);

/** Partition under which the metrics that want or wanted a name are linked. */
export const namePartition = (name: string): string => `name#${escapePart(name)}`;
