/**
 * What a replication remembers between runs: where change capture goes on, and, until a full load is complete, where the binlog
 * stood when the first attempt at it began. It is parsed strictly: a damaged checkpoint must not be guessed at.
 */
import * as z from 'zod/mini';
import type { BinlogCoordinate } from './binlog-coordinate.ts';
import type { LastRecord } from './change-capture.ts';

const stored = z.object({
  /** Identity of the server whose binlog the coordinate belongs to. */
  server: z.string(),
  phase: z.enum(['load', 'cdc']),
  file: z.string(),
  offset: z.number(),
  last: z.optional(z.object({ transactionId: z.string().check(z.regex(/^\d+$/)), recordId: z.number() })),
});

export interface ReplicationCheckpoint {
  readonly server: string;
  /** `load`: a full load has begun and must begin again. `cdc`: change capture goes on from here. */
  readonly phase: 'load' | 'cdc';
  readonly at: BinlogCoordinate;
  readonly last: LastRecord | undefined;
}

/** @throws when something is stored that is no checkpoint. */
export function readCheckpoint(value: unknown): ReplicationCheckpoint | undefined {
  if (value === undefined || value === null) return undefined;
  const parsed = stored.safeParse(value);
  if (!parsed.success) {
    throw new Error(
      `The stored checkpoint of the replication is damaged (${parsed.error.issues[0]?.message ?? 'unknown form'}); remove the data directory and load again`,
    );
  }
  const { server, phase, file, offset, last } = parsed.data;
  return {
    server,
    phase,
    at: { file, offset },
    last: last === undefined ? undefined : { transactionId: BigInt(last.transactionId), recordId: last.recordId },
  };
}

/** The checkpoint as JSON. */
export function writeCheckpoint({ server, phase, at, last }: ReplicationCheckpoint): unknown {
  return {
    server,
    phase,
    file: at.file,
    offset: at.offset,
    ...(last === undefined ? {} : { last: { transactionId: String(last.transactionId), recordId: last.recordId } }),
  };
}
