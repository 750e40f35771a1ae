/**
 * The DMS task settings that the decoder and the laws rely on. Every value that differs from DMS's default, or that must never
 * follow a changed default, is written here with its reason. Throughput tuning must not break the order of records of one row.
 */

/** Name of the member that carries the old key of an updated row. The decoder reads this name. */
export const BEFORE_IMAGE_FIELD = 'before-image';

/** MySQL TEXT holds up to 64 KB (65,535 bytes). DMS counts LOBs in KB. */
const LARGEST_TEXT_KB = 64;

/** `ReplicationSettings` of the replication config. */
export function replicationSettings() {
  return {
    TargetMetadata: {
      SupportLobs: true,
      // A Kinesis target has limited LOB mode only, and limited mode cuts what is longer, with no more than a warning in the log.
      // The largest declared column is a TEXT, so nothing of it can be cut.
      FullLobMode: false,
      LimitedSizeLobMode: true,
      LobMaxSize: LARGEST_TEXT_KB,
      // With a Kinesis target, batch apply fails the task and loses data.
      BatchApplyEnabled: false,
      // One writer in commit order. Parallel apply has several queues, a partly failed PutRecords of one is sent again behind the other,
      // and AWS promises no order across them. Changes of metadata come far slower than one writer can put them.
      ParallelApplyThreads: 0,
      ParallelLoadThreads: 0,
    },
    FullLoadSettings: {
      // Nothing is prepared or dropped in a stream.
      TargetTablePrepMode: 'DO_NOTHING',
      // One table after the other: load-order counts only between tables that do not load at the same time.
      MaxFullLoadSubTasks: 1,
      // The task goes on from load to CDC by itself.
      StopTaskCachedChangesApplied: false,
      StopTaskCachedChangesNotApplied: false,
    },
    BeforeImageSettings: {
      EnableBeforeImage: true,
      FieldName: BEFORE_IMAGE_FIELD,
      // Only the key: an update that changes a primary key is one record, and the old key is nowhere else.
      ColumnFilter: 'pk-only',
    },
    ControlTablesSettings: {
      // In a stream each of these tables would be rows that nobody asked for.
      HistoryTableEnabled: false,
      SuspendedTablesTableEnabled: false,
      StatusTableEnabled: false,
      FullLoadExceptionTableEnabled: false,
    },
    ErrorBehavior: {
      // DMS's defaults log a row that it cannot send and go on: a hole that nobody sees. A stopped task is seen (docs/deploy.md says how),
      // and nothing is lost when it is resumed within two days: then it goes on from its checkpoint.
      DataErrorPolicy: 'STOP_TASK',
      DataTruncationErrorPolicy: 'STOP_TASK',
      TableErrorPolicy: 'STOP_TASK',
      EventErrorPolicy: 'STOP_TASK',
      ApplyErrorInsertPolicy: 'STOP_TASK',
      ApplyErrorUpdatePolicy: 'STOP_TASK',
      ApplyErrorDeletePolicy: 'STOP_TASK',
      FullLoadIgnoreConflicts: false,
      // Environment errors (network, throttling) are retried for about eight days, from 5 s up to 30 min apart: longer than the binlog is
      // kept. The default -1 sounds like for ever, but means nine attempts for a lost connection.
      RecoverableErrorCount: 400,
      RecoverableErrorInterval: 5,
      RecoverableErrorThrottling: true,
      RecoverableErrorThrottlingMax: 1800,
      RecoverableErrorStopRetryAfterThrottlingMax: false,
      FailOnNoTablesCaptured: true,
      FailOnTransactionConsistencyBreached: true,
    },
    ChangeProcessingDdlHandlingPolicy: {
      // A changed table becomes a control record; the replicator notes it and goes on.
      HandleSourceTableAltered: true,
      HandleSourceTableDropped: true,
      HandleSourceTableTruncated: true,
    },
    // Kinesis cannot be read back for a row by row comparison; `relay verify` compares the items instead.
    ValidationSettings: { EnableValidation: false },
    Logging: { EnableLogging: true, EnableLogContext: false },
  };
}
