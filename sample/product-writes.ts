/**
 * Random writes as the product makes them, from a seed: the same seed on the same contents makes the same writes. They go
 * through an ordinary connection to the source database, so everything behind it is the real path.
 */
import type { Connection } from 'mysql2/promise';
import { seededRandom } from './seeded-random.ts';
import { WRITE_KINDS } from './write-kinds.ts';
import { WriteSession, type WrittenTransaction } from './write-session.ts';

export interface ProductWrite {
  /** One of the kinds of `WRITE_KINDS`. */
  readonly kind: string;
  /** Undefined for a write that is not about one metric (the rename of a dimension). */
  readonly metricId: string | undefined;
  /** Name of the metric after the write; of the dimension for `rename-dimension`. */
  readonly name: string;
  readonly description: string;
  /** In the order of their commits. */
  readonly transactions: readonly WrittenTransaction[];
  /** Rows of all its transactions, as the binlog has them. */
  readonly rows: number;
  /** The binlog's end after the last commit, `(file number << 32) | offset`. */
  readonly endPosition: bigint;
}

export interface ProductWriter {
  /** Makes one write; `kind` chooses which, otherwise chance does. Throws when the database has no row that any kind could apply to. */
  write(kind?: string): Promise<ProductWrite>;
}

const ATTEMPTS = 50;

/** @param connection used for nothing else meanwhile; its user needs REPLICATION CLIENT (MariaDB: BINLOG MONITOR). */
export function productWriter(connection: Connection, seed: number): ProductWriter {
  const random = seededRandom(seed);
  const total = WRITE_KINDS.reduce((sum, { weight }) => sum + weight, 0);
  const choose = () => {
    let rest = random.below(total);
    return WRITE_KINDS.find(({ weight }) => {
      rest -= weight;
      return rest < 0;
    });
  };
  return {
    async write(kind) {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const chosen = kind === undefined ? choose() : WRITE_KINDS.find((one) => one.kind === kind);
        if (chosen === undefined)
          throw new Error(
            `No write of kind ${JSON.stringify(kind)}; there are: ${WRITE_KINDS.map((one) => one.kind).join(', ')}`,
          );
        const session = new WriteSession(connection, random);
        const written = await chosen.write(session);
        const last = session.transactions.at(-1);
        if (written === undefined || last === undefined) continue;
        const rows = session.transactions.reduce((sum, one) => sum + one.rows, 0);
        return {
          kind: chosen.kind,
          ...written,
          transactions: session.transactions,
          rows,
          endPosition: last.endPosition,
        };
      }
      throw new Error(`No row that a write of kind ${kind ?? '(any)'} could apply to; load the sample first`);
    },
  };
}
