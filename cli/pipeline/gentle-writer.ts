/** Makes product-like writes on the private database at an even pace, and notes when each was committed, so that an event can show its latency. */
import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from 'mysql2/promise';
import { connectSource, isConnectionLost } from '#local/dms/source-connection.ts';
import { binlogEndPosition } from '#sample/binlog-end.ts';
import { type ProductWriter, productWriter } from '#sample/product-writes.ts';
import { CommitLog } from '../demo/commit-log.ts';

const CONNECT_AGAIN_MS = 300;

export class GentleWriter {
  readonly commits: CommitLog;
  readonly #url: string;
  readonly #seed: number;
  #connection: Connection;
  #writer: ProductWriter;

  private constructor(url: string, connection: Connection, commits: CommitLog, seed: number) {
    this.#url = url;
    this.#seed = seed;
    this.#connection = connection;
    this.commits = commits;
    this.#writer = productWriter(connection, seed);
  }

  static async open(url: string, seed = randomInt(1, 2 ** 31)): Promise<GentleWriter> {
    const connection = await connectSource(url);
    return new GentleWriter(url, connection, new CommitLog(await binlogEndPosition(connection)), seed);
  }

  /** Makes one write and answers how many rows it changed. */
  async write(): Promise<number> {
    const { transactions, rows } = await this.#writer.write();
    for (const { endPosition, committedAtMs } of transactions) this.commits.add(endPosition, committedAtMs);
    return rows;
  }

  /** Writes until the signal is aborted; goes on when the database has been away. */
  async run(perSecond: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.write();
      } catch (error) {
        if (!isConnectionLost(error)) throw error;
        await this.#connectAgain(signal);
      }
      await delay(1000 / perSecond, undefined, { signal }).catch(() => {});
    }
  }

  async #connectAgain(signal: AbortSignal): Promise<void> {
    this.#connection.destroy();
    while (!signal.aborted) {
      try {
        this.#connection = await connectSource(this.#url);
        this.#writer = productWriter(this.#connection, this.#seed + 1);
        return;
      } catch (error) {
        if (!isConnectionLost(error)) throw error;
        await delay(CONNECT_AGAIN_MS, undefined, { signal }).catch(() => {});
      }
    }
  }

  async close(): Promise<void> {
    await this.#connection.end().catch(() => {}); // It may be lost at this moment.
  }
}
