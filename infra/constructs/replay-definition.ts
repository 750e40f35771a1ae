/**
 * The state machine of a replay in the Amazon States Language: generations of shards one after the other, the shards of a generation side by
 * side, each slice after slice until its checkpoint is done. A shard that fails is noted and the others go on; the run fails at the end. It
 * reads no record and knows no metric. It keeps to the parts of the language that the local interpreter knows as well.
 */

export interface ReplayDefinitionProps {
  readonly sliceFunctionArn: string;
  /** Shards of a generation that are read side by side. */
  readonly concurrentShards: number;
  /** Seconds after which a slice of which nothing is heard is tried again; above the function's own time-out. */
  readonly sliceTimeoutSeconds: number;
}

/** Attempts of a slice beside the first, over an hour on average, as full jitter takes half of each wait: an outage of that length passes by itself. */
const RETRIES = {
  IntervalSeconds: 5,
  BackoffRate: 2,
  MaxAttempts: 18,
  MaxDelaySeconds: 600,
  JitterStrategy: 'FULL',
};

/** Input of an execution: `{ replayId, execution, generations: [[shardId, …], …] }` with at least one shard. Everything else of the request is in the journal. */
export function replayDefinition(props: ReplayDefinitionProps): object {
  return {
    Comment: 'Replays a window of the change stream: generations of shards, parents first',
    StartAt: 'Generations',
    States: {
      Generations: {
        Type: 'Map',
        ItemsPath: '$.generations',
        MaxConcurrency: 1,
        ItemSelector: {
          'replayId.$': '$.replayId',
          'execution.$': '$.execution',
          'shards.$': '$$.Map.Item.Value',
        },
        ItemProcessor: { ProcessorConfig: { Mode: 'INLINE' }, ...generation(props) },
        Next: 'Any failure?',
      },
      'Any failure?': {
        Type: 'Pass',
        Parameters: { 'anyFailed.$': 'States.ArrayContains($[*][*].failed, true)' },
        Next: 'All replayed?',
      },
      'All replayed?': {
        Type: 'Choice',
        Choices: [{ Variable: '$.anyFailed', BooleanEquals: true, Next: 'Shards failed' }],
        Default: 'Replayed',
      },
      'Shards failed': {
        Type: 'Fail',
        Error: 'ShardsFailed',
        Cause:
          'At least one shard could not be replayed to its end; the others could. relay replay status says which, and why.',
      },
      Replayed: { Type: 'Succeed' },
    },
  };
}

function generation(props: ReplayDefinitionProps): object {
  return {
    StartAt: 'Shards',
    States: {
      Shards: {
        Type: 'Map',
        ItemsPath: '$.shards',
        MaxConcurrency: props.concurrentShards,
        ItemSelector: {
          'replayId.$': '$.replayId',
          'execution.$': '$.execution',
          'shardId.$': '$$.Map.Item.Value',
        },
        ItemProcessor: { ProcessorConfig: { Mode: 'INLINE' }, ...shard(props) },
        End: true,
      },
    },
  };
}

function shard({ sliceFunctionArn, sliceTimeoutSeconds }: ReplayDefinitionProps): object {
  return {
    StartAt: 'Slice',
    States: {
      Slice: {
        Type: 'Task',
        Resource: sliceFunctionArn,
        TimeoutSeconds: sliceTimeoutSeconds,
        ResultPath: '$.checkpoint',
        Retry: [
          // Stopped, taken over, or the records are gone: another attempt would find the same.
          { ErrorEquals: ['ReplayRefused'], MaxAttempts: 0 },
          { ErrorEquals: ['States.ALL'], ...RETRIES },
        ],
        Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.failure', Next: 'Note failure' }],
        Next: 'Shard done?',
      },
      'Shard done?': {
        Type: 'Choice',
        Choices: [{ Variable: '$.checkpoint.done', BooleanEquals: true, Next: 'Shard replayed' }],
        Default: 'Slice',
      },
      'Shard replayed': { Type: 'Pass', Parameters: { 'shardId.$': '$.shardId', failed: false }, End: true },
      'Note failure': {
        Type: 'Task',
        Resource: sliceFunctionArn,
        TimeoutSeconds: sliceTimeoutSeconds,
        ResultPath: null,
        Retry: [{ ErrorEquals: ['States.ALL'], ...RETRIES, MaxAttempts: 3 }],
        Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: null, Next: 'Shard failed' }],
        Next: 'Shard failed',
      },
      'Shard failed': { Type: 'Pass', Parameters: { 'shardId.$': '$.shardId', failed: true }, End: true },
    },
  };
}
