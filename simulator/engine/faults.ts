/**
 * What may go wrong in a world, as probabilities per occasion. A plan gives one; when the source has made its last write, the world turns to
 * `NO_FAULTS` and must come to rest. Each part asks only for the fields that are its own, at the moment it needs them.
 */
export interface Faults {
  /** A request to DynamoDB, Kinesis, SQS or S3 is refused with a throttling error, per request. */
  readonly throttle: number;
  /** Every request of every service is refused for some seconds, so that the SDK's own attempts do not help, per second. */
  readonly outage: number;
  /** A request is carried out and its answer is lost, per request. */
  readonly lostResponse: number;
  /** An answer takes seconds instead of milliseconds, per request. */
  readonly slow: number;
  /** A part of a batch request is left undone (UnprocessedKeys, UnprocessedItems, failed records of PutRecords, failed entries of PutEvents), per request. */
  readonly partial: number;
  /** DynamoDB cancels a transaction with a conflict though nobody is seen on its items, per transaction. */
  readonly conflict: number;
  /** A function dies at one of its requests, per request; half of the time the request is still carried out. */
  readonly crash: number;
  /** An event source mapping or a pipe loses what it has in hand and begins again at its checkpoints, per second. */
  readonly pollerRestart: number;
  /** DMS stops and goes on from an older checkpoint, per commit. */
  readonly dmsRestart: number;
  /** DMS sends a record a second time with a new sequence number though it had arrived, per record. */
  readonly producerRetry: number;
  /** A message of the queue is stored or handed out twice, an event of the bus is delivered again, per delivery. Stream records come again by `pollerRestart`. */
  readonly duplicate: number;
  /** A shard is split, or two are merged, or what every reader has done with is trimmed, per commit. */
  readonly reshard: number;
  /** A record that nobody can decode appears in the stream, per commit. */
  readonly poison: number;
}

export const NO_FAULTS: Faults = {
  throttle: 0,
  outage: 0,
  lostResponse: 0,
  slow: 0,
  partial: 0,
  conflict: 0,
  crash: 0,
  pollerRestart: 0,
  dmsRestart: 0,
  producerRetry: 0,
  duplicate: 0,
  reshard: 0,
  poison: 0,
};

/** What a part of the world holds: the faults of this moment. */
export interface Weather {
  readonly faults: Faults;
}
