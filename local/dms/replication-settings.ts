/**
 * The ReplicationSettings of a replication that change what is sent. Settings that only tune or watch a real replication
 * instance are accepted and have no effect here; any other one, and any value that the twin does not do, is listed.
 * Source: docs.aws.amazon.com/dms/latest/userguide/CHAP_Tasks.CustomizingTasks.TaskSettings.html
 */
import type { Json } from '../resources/resource-provider.ts';
import { isMembers, type Members } from './endpoint-settings.ts';

export interface ReplicationSettings {
  /** Name of the before-image member, or undefined when updates carry none. */
  readonly beforeImageField: string | undefined;
  readonly beforeImageColumns: 'pk-only' | 'non-lob' | 'all';
  readonly lobMaxBytes: number;
  /** DataTruncationErrorPolicy STOP_TASK: a large object that is too long stops the replication instead of being cut. */
  readonly stopOnTruncation: boolean;
  /** ParallelApply settings make primary-key the default partition key of CDC records. */
  readonly parallelApply: boolean;
  /** TargetTablePrepMode DROP_AND_CREATE: a full load begins with drop-table records. */
  readonly dropTables: boolean;
}

/** Sections without any effect on one machine: a managed instance's logging, memory, retries and control tables. */
const WITHOUT_EFFECT = new Set([
  'Logging',
  'StreamBufferSettings',
  'ChangeProcessingTuning',
  'ErrorBehavior',
  'ChangeProcessingDdlHandlingPolicy',
  'CharacterSetSettings',
  'LoopbackPreventionSettings',
  'FailTaskWhenCleanTaskResourceFailed',
  'PostProcessingRules',
  'TTSettings',
]);

/** `Section.Member` → the values that need nothing from the twin. */
const ONLY = new Map<string, readonly Json[]>([
  ['TargetMetadata.BatchApplyEnabled', [false]],
  ['TargetMetadata.FullLobMode', [false]],
  ['TargetMetadata.LimitedSizeLobMode', [true]],
  ['TargetMetadata.SupportLobs', [true]],
  ['TargetMetadata.TaskRecoveryTableEnabled', [false]],
  ['TargetMetadata.InlineLobMaxSize', [0]],
  ['FullLoadSettings.StopTaskCachedChangesApplied', [false]],
  ['FullLoadSettings.StopTaskCachedChangesNotApplied', [false]],
  ['FullLoadSettings.TargetTablePrepMode', ['DO_NOTHING', 'DROP_AND_CREATE']],
  ['ControlTablesSettings.HistoryTableEnabled', [false]],
  ['ControlTablesSettings.SuspendedTablesTableEnabled', [false]],
  ['ControlTablesSettings.StatusTableEnabled', [false]],
  ['ControlTablesSettings.FullLoadExceptionTableEnabled', [false]],
  ['ValidationSettings.EnableValidation', [false]],
]);

/** Sections of which a member that is not in `ONLY` merely tunes. */
const TUNING = new Set(['TargetMetadata', 'FullLoadSettings', 'ControlTablesSettings', 'ValidationSettings']);

const DEFAULT_LOB_MAX_KB = 32;

function parse(settings: Json | undefined, problems: string[]): Members {
  if (typeof settings !== 'string') return isMembers(settings) ? settings : {};
  try {
    const parsed = JSON.parse(settings) as Json;
    return isMembers(parsed) ? parsed : {};
  } catch (error) {
    problems.push(`ReplicationSettings is no JSON: ${error instanceof Error ? error.message : String(error)}`);
    return {};
  }
}

/** @param problems receives one line for each setting that is wrong or not implemented. */
export function readReplicationSettings(settings: Json | undefined, problems: string[]): ReplicationSettings {
  const sections = parse(settings, problems);
  for (const [name, value] of Object.entries(sections)) {
    if (name === 'BeforeImageSettings' || WITHOUT_EFFECT.has(name) || value === null) continue;
    if (!TUNING.has(name) || !isMembers(value)) {
      problems.push(`ReplicationSettings.${name} is not implemented`);
      continue;
    }
    for (const [member, setting] of Object.entries(value)) {
      const allowed = ONLY.get(`${name}.${member}`);
      if (allowed !== undefined && !allowed.includes(setting)) {
        problems.push(
          `ReplicationSettings.${name}.${member} is ${JSON.stringify(setting)}; implemented: ${allowed.map((one) => JSON.stringify(one)).join(', ')}`,
        );
      }
    }
  }
  const section = (name: string): Members => {
    const value = sections[name];
    return isMembers(value) ? value : {};
  };
  const metadata = section('TargetMetadata');
  const before = section('BeforeImageSettings');
  const columns = before.ColumnFilter ?? 'pk-only';
  if (columns !== 'pk-only' && columns !== 'non-lob' && columns !== 'all') {
    problems.push(
      `ReplicationSettings.BeforeImageSettings.ColumnFilter is ${JSON.stringify(columns)}; expected pk-only, non-lob or all`,
    );
  }
  return {
    beforeImageField: before.EnableBeforeImage === true ? String(before.FieldName ?? 'before-image') : undefined,
    beforeImageColumns: columns === 'non-lob' || columns === 'all' ? columns : 'pk-only',
    lobMaxBytes: Number(metadata.LobMaxSize ?? DEFAULT_LOB_MAX_KB) * 1024,
    stopOnTruncation: section('ErrorBehavior').DataTruncationErrorPolicy === 'STOP_TASK',
    parallelApply: Number(metadata.ParallelApplyThreads ?? 0) > 0,
    dropTables: (section('FullLoadSettings').TargetTablePrepMode ?? 'DROP_AND_CREATE') === 'DROP_AND_CREATE',
  };
}
