/**
 * When which part of the binlog was committed, as the writer saw it, so that an event finds the commit it came from: its
 * correlationId is the binlog coordinate `(file number << 32) | offset` of its transaction.
 */

interface Commit {
  /** The binlog's end after the commit; the transaction lies before it and after the previous commit's end. */
  readonly end: bigint;
  readonly committedAtMs: number;
}

export class CommitLog {
  readonly #commits: Commit[] = [];
  readonly #start: bigint;

  /** `start`: the binlog's end before the first commit. */
  constructor(start: bigint) {
    this.#start = start;
  }

  /** The binlog's end after the last commit. */
  get end(): bigint {
    return this.#commits.at(-1)?.end ?? this.#start;
  }

  /** Commits are added in binlog order. */
  add(end: bigint, committedAtMs: number): void {
    const last = this.end;
    if (end < last) throw new RangeError(`A commit that ends at ${end} was added after one that ends at ${last}.`);
    this.#commits.push({ end, committedAtMs });
  }

  /** Commit time of the transaction with this correlationId; undefined for one that was not observed here. */
  committedAtMs(correlationId: string | undefined): number | undefined {
    if (correlationId === undefined || !/^\d+$/.test(correlationId)) return undefined;
    const position = BigInt(correlationId);
    if (position < this.#start) return undefined;
    let low = 0;
    let high = this.#commits.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const commit = this.#commits[middle];
      if (commit !== undefined && commit.end < position) low = middle + 1;
      else high = middle;
    }
    return this.#commits[low]?.committedAtMs;
  }
}
