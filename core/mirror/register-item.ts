/**
 * A register as the item that stores it, and back. `writes` counts the writes of the item: a register is replaced only if it is still
 * the one that was read, so the decision which change is newer is made in one place, in code, and never twice in two languages.
 */
import type { SourceCommit } from '../change/row-change.ts';
import { rowFromText, rowToText } from '../change/row-text.ts';
import type { Moment } from '../change/source-position.ts';
import type { Condition, Item } from '../platform/item-store.ts';
import type { MirrorKey } from './mirror-key.ts';
import type { RowRegister } from './row-register.ts';

export interface StoredRegister {
  readonly register: RowRegister;
  readonly writes: number;
}

/** `tombstoneExpiresAt`: in seconds; undefined where the tombstone is never forgotten. */
export function registerItem(
  key: MirrorKey,
  table: string,
  register: RowRegister,
  writes: number,
  tombstoneExpiresAt: number | undefined,
): Item {
  return {
    pk: { S: key.pk },
    sk: { S: key.sk },
    table: { S: table },
    writes: { N: String(writes) },
    loaded: { BOOL: register.loaded },
    moment: momentAttribute(register.moment),
    ...(register.changeBuiltAt !== undefined && { changeBuiltAt: { S: register.changeBuiltAt } }),
    ...(register.olderLoad && {
      olderLoad: {
        M: {
          builtAt: { S: register.olderLoad.builtAt },
          ...(register.olderLoad.row && { row: { S: rowToText(register.olderLoad.row) } }),
        },
      },
    }),
    ...(register.birth && { birth: momentAttribute(register.birth) }),
    ...(register.death && { death: momentAttribute(register.death) }),
    ...(register.row && { row: { S: rowToText(register.row) } }),
    ...(!register.row && tombstoneExpiresAt !== undefined && { expiresAt: { N: String(tombstoneExpiresAt) } }),
  };
}

export function storedRegister(item: Item): StoredRegister {
  const row = item.row?.S;
  const birth = momentOf(item.birth?.M);
  const death = momentOf(item.death?.M);
  const changeBuiltAt = item.changeBuiltAt?.S;
  const olderLoad = item.olderLoad?.M;
  return {
    writes: Number(item.writes?.N ?? 0),
    register: {
      row: row === undefined ? null : rowFromText(row),
      moment: momentOf(item.moment?.M) ?? { builtAt: '' },
      loaded: item.loaded?.BOOL ?? false,
      ...(changeBuiltAt !== undefined && { changeBuiltAt }),
      ...(olderLoad && {
        olderLoad: {
          builtAt: olderLoad.builtAt?.S ?? '',
          row: olderLoad.row?.S === undefined ? null : rowFromText(olderLoad.row.S),
        },
      }),
      ...(birth && { birth }),
      ...(death && { death }),
    },
  };
}

/** The item is still the one that was read (`unchangedSinceRead`), or still absent. */
export function unchangedSince(writes: number | undefined): Condition {
  if (writes === undefined) return { expression: 'attribute_not_exists(pk)' };
  return { expression: '#writes = :read', names: { '#writes': 'writes' }, values: { ':read': { N: String(writes) } } };
}

function momentAttribute({ builtAt, position }: Moment): { M: Record<string, { S: string } | { N: string }> } {
  return {
    M: {
      builtAt: { S: builtAt },
      ...(position && {
        lineage: { S: position.lineage },
        transactionId: { N: position.transactionId.toString() },
        recordId: { N: position.recordId.toString() },
      }),
    },
  };
}

function momentOf(attribute: Item | undefined): Moment | undefined {
  const builtAt = attribute?.builtAt?.S;
  if (!attribute || builtAt === undefined) return undefined;
  const lineage = attribute.lineage?.S;
  const transactionId = attribute.transactionId?.N;
  const recordId = attribute.recordId?.N;
  if (lineage === undefined || transactionId === undefined || recordId === undefined) return { builtAt };
  return { builtAt, position: { lineage, transactionId: BigInt(transactionId), recordId: BigInt(recordId) } };
}

/** `lastChange` of a published item: which commit made it what it is. */
export const commitAttribute = (commit: SourceCommit): { M: Record<string, { S: string }> } => ({
  M: {
    committedAt: { S: commit.committedAt },
    ...(commit.transactionId && { transactionId: { S: commit.transactionId } }),
  },
});
