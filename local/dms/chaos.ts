/**
 * Seeded misbehaviour that a real replication shows now and then: records sent again after a restart, a request that is retried
 * although it had succeeded, and a shard that runs late. All of it is off by default.
 */
import { createHash } from 'node:crypto';

export interface ChaosSettings {
  readonly seed?: number;
  /** Probability, per committed transaction, that the replication restarts and sends again from its checkpoint. */
  readonly restart?: number;
  /** Probability, per request, that the same records are put twice. */
  readonly duplicate?: number;
  /** Records whose partition key hashes into this sixteenth (0 to 15) of the key space are late. */
  readonly delayedSixteenth?: number;
  readonly delayMs?: number;
}

export interface Chaos {
  restarts(): boolean;
  putsTwice(): boolean;
  delayMs(partitionKey: string): number;
}

export function chaos(settings: ChaosSettings = {}): Chaos {
  let state = (settings.seed ?? 1) >>> 0 || 1;
  const happens = (probability = 0): boolean => {
    if (probability <= 0) return false;
    // xorshift32: small, seeded, good enough to choose moments.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4_294_967_296 < probability;
  };
  return {
    restarts: () => happens(settings.restart),
    putsTwice: () => happens(settings.duplicate),
    delayMs(partitionKey) {
      if (settings.delayMs === undefined || settings.delayedSixteenth === undefined) return 0;
      // Kinesis chooses the shard by the MD5 of the key, so a part of the hash range is late together.
      const first = createHash('md5').update(partitionKey).digest()[0] ?? 0;
      return first >> 4 === settings.delayedSixteenth ? settings.delayMs : 0;
    },
  };
}
