/**
 * `relay reload`: has DMS load tables again, waits until every row is applied, and finds what was not brought: rows that were deleted while
 * nobody listened, which a reload never tells. They go onto the change stream as absences; what was written meanwhile stays.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { DatabaseMigrationService } from '@aws-sdk/client-database-migration-service';
import { KinesisClient } from '@aws-sdk/client-kinesis';
import type { AbsentRow } from '#core/reload/absent-record.ts';
import type { ReloadTally, TableTally } from '#core/reload/reload-tally.ts';
import { SOURCE_TABLES } from '#schemas/source/lph.ts';
import { failed, preconditionMissing, usageError } from '../command-failure.ts';
import { dynamoDb, sqs } from '../connection/clients.ts';
import { type Connection, requireOutput } from '../connection/connection.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { DmsLoads, recordTime, type TableLoad } from '../reload/dms-loads.ts';
import { lookUntilDone } from '../reload/look.ts';
import { putAbsent } from '../reload/put-absent.ts';
import { releaseMetrics } from '../reload/release-metrics.ts';
import { MirrorOfReload } from '../reload/row-mirror.ts';
import { withParts } from '../reload/with-parts.ts';
import { counted } from '../render/counted.ts';
import { renderTable } from '../render/table.ts';
import { type CommandContext, connectTo, type OutputOptions, type TargetOptions } from './command-context.ts';

export interface ReloadOptions extends TargetOptions, OutputOptions {
  readonly table?: readonly string[];
  readonly all?: boolean;
  readonly absentOnly?: boolean;
  readonly allowMany?: boolean;
  readonly dryRun?: boolean;
}

/** More absent rows than this, and than a tenth of the table, look like a load that went wrong. */
const MANY_ROWS = 100;
const MANY_SHARE = 0.1;

interface Work {
  readonly context: CommandContext;
  readonly options: ReloadOptions;
  readonly connection: Connection;
  readonly tables: readonly string[];
  readonly loads: DmsLoads;
  readonly mirror: MirrorOfReload;
}

export async function reload(context: CommandContext, options: ReloadOptions): Promise<ExitCode> {
  const tables = chosenTables(options, context.terminal.say);
  const connection = await connectTo(options);
  const dms = new DatabaseMigrationService(connection.clientConfig);
  const database = dynamoDb(connection.clientConfig);
  try {
    const loads = new DmsLoads(dms, requireOutput(connection, 'ReplicationConfigArn'));
    const mirror = new MirrorOfReload(database, {
      metrics: requireOutput(connection, 'MetricsTable'),
      sourceRows: requireOutput(connection, 'SourceRowsTable'),
    });
    const work = { context, options, connection, tables, loads, mirror };
    return options.dryRun ? await rehearse(work) : await run(work);
  } finally {
    dms.destroy();
    database.destroy();
  }
}

function chosenTables(
  { table = [], all = false, absentOnly = false }: ReloadOptions,
  say: (line: string) => void,
): readonly string[] {
  const known = SOURCE_TABLES.map(({ name }) => name);
  const unknown = table.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw usageError(`--table ${unknown.join(', ')}: no such table.`, `The tables are ${known.join(', ')}.`);
  if (all && table.length > 0) throw usageError('--all and --table exclude each other.', 'Give one of them.');
  if (!all && !absentOnly && table.length === 0)
    throw usageError('Nothing was chosen to reload.', 'Give --all, or --table NAME once or more.');
  if (table.length === 0) return known;
  const tables = withParts(table);
  const parts = tables.filter((name) => !table.includes(name));
  if (parts.length > 0)
    say(
      `With ${table.join(', ')} also ${parts.join(', ')}: their rows go with those of the former, and no record says so.`,
    );
  return tables;
}

async function run(work: Work): Promise<ExitCode> {
  const { context, options, mirror, tables } = work;
  const { terminal, interruption } = context;
  const heads = await mirror.seedHeads();
  if (heads > 0)
    terminal.say(
      `The row mirror was lost: ${counted(heads, 'published metric')} had no head. Heads are written anew; the items stay as they are until the load is whole.`,
    );
  if (heads > 0 && !options.all && !options.absentOnly)
    throw preconditionMissing('Single tables do not bring a lost row mirror back.', 'Run relay reload --all.');
  const loaded = options.absentOnly ? await lastLoads(work) : await loadAgain(work);
  const began = new Map(tables.map((table) => [table, recordTime(loaded.get(table)?.beganAt ?? new Date(0))]));

  const applied = await lookUntilDone(
    async () => {
      const tally = await mirror.tally(began);
      const rows = sum(tables, (table) => loaded.get(table)?.rows ?? 0);
      const brought = sum(tables, (table) => Math.min(tally.of(table).brought, loaded.get(table)?.rows ?? 0));
      return { found: tally, done: brought >= rows, progress: `${brought} of ${counted(rows, 'row')} applied` };
    },
    (progress) => terminal.progress(progress),
    interruption.signal,
  );
  const tally = applied.found;
  const whole = tables.filter((table) => tally.of(table).brought >= (loaded.get(table)?.rows ?? 0));
  const absent = whole.flatMap((table) => tally.of(table).absent);
  if (!options.allowMany) refuseMany(whole, tally);
  await tellAbsent(work, absent, began);
  const settled = whole.length < tables.length || (await release(work, tally.held));

  const result = tables.map((table) => {
    const { brought } = tally.of(table);
    const missing = whole.includes(table) ? tally.of(table).absent.length : null;
    return { table, rows: loaded.get(table)?.rows ?? 0, brought, absent: missing };
  });
  if (options.json) terminal.out(JSON.stringify({ headsWritten: heads, tables: result }));
  else terminal.out(resultTable(result));
  if (!settled) {
    terminal.say('The projector goes on without this command. `relay status` shows how far its queue is.');
    return EXIT.interrupted;
  }
  if (whole.length === tables.length) return EXIT.ok;
  terminal.say(
    'Not every loaded row was applied, so nothing was taken for absent in those tables. `relay status` shows what waits or was set aside; then: relay reload --absent-only',
  );
  return EXIT.drift;
}

/** The loads that are asked for, when the last row has been read. */
async function loadAgain({ context, options, loads, tables }: Work): Promise<ReadonlyMap<string, TableLoad>> {
  const { terminal, interruption } = context;
  const before = await loads.tables();
  const { status, failure } = await loads.state();
  if (status === 'running') await loads.reload(tables);
  else if (['failed', 'stopped', 'created'].includes(status) && options.all) await loads.startOver();
  else
    throw preconditionMissing(
      `The replication is ${status}${failure === undefined ? '' : `: ${failure}`}. Single tables are reloaded while it runs.`,
      'Wait until it runs, or load everything with --all when it has failed or was stopped.',
    );
  let left: readonly string[] = tables;
  const { found, done } = await lookUntilDone(
    async () => {
      const now = await loads.tables();
      const isLoaded = (table: string): boolean => {
        const load = now.get(table);
        return load?.completed === true && load.beganAt?.getTime() !== before.get(table)?.beganAt?.getTime();
      };
      left = tables.filter((table) => !isLoaded(table));
      const rows = sum(tables, (table) => now.get(table)?.rows ?? 0);
      return {
        found: now,
        done: left.length === 0,
        progress: `${counted(rows, 'row')} read, ${counted(left.length, 'table')} left`,
      };
    },
    (progress) => terminal.progress(progress),
    interruption.signal,
  );
  if (!done)
    throw failed(
      `DMS has not finished loading ${left.join(', ')} and reads nothing any more.`,
      'Look at the replication (relay status). When it has finished: relay reload --absent-only',
    );
  return found;
}

async function lastLoads({ loads, tables }: Work): Promise<ReadonlyMap<string, TableLoad>> {
  const found = await loads.tables();
  const unfinished = tables.filter((table) => !found.get(table)?.completed || !found.get(table)?.beganAt);
  if (unfinished.length === 0) return found;
  throw preconditionMissing(
    `DMS knows no finished load of ${unfinished.join(', ')}.`,
    'Wait for the load to end, or load those tables with relay reload --table NAME.',
  );
}

function refuseMany(tables: readonly string[], tally: ReloadTally): void {
  const isMany = ({ absent, live }: TableTally): boolean =>
    absent.length > MANY_ROWS && absent.length > live * MANY_SHARE;
  const many = tables.filter((table) => isMany(tally.of(table)));
  if (many.length === 0) return;
  const counts = many.map(
    (table) => `${tally.of(table).absent.length} of ${counted(tally.of(table).live, 'row')} of ${table}`,
  );
  throw failed(
    `The reload did not bring ${counts.join(', ')}. So many deletions at once look like a load that went wrong; nothing was marked.`,
    'Compare with the source. If they are really gone: relay reload --absent-only --allow-many',
  );
}

async function tellAbsent(
  { context, connection, mirror }: Work,
  absent: readonly AbsentRow[],
  began: ReadonlyMap<string, string>,
): Promise<void> {
  if (absent.length === 0) return;
  const { terminal, interruption } = context;
  const kinesis = new KinesisClient(connection.clientConfig);
  try {
    await putAbsent(kinesis, requireOutput(connection, 'ChangeStream'), absent, began, delay);
  } finally {
    kinesis.destroy();
  }
  const { done } = await lookUntilDone(
    async () => {
      const settled = await mirror.settled(absent, began);
      return {
        found: settled,
        done: settled >= absent.length,
        progress: `${settled} of ${counted(absent.length, 'absent row')} noted`,
      };
    },
    (progress) => terminal.progress(progress),
    interruption.signal,
  );
  if (!done)
    throw failed(
      'The absent rows are on the change stream, but not all of them are applied.',
      'relay status shows where they wait. They are applied when the replicator gets to them.',
    );
}

async function release({ context, connection, mirror }: Work, metricIds: readonly string[]): Promise<boolean> {
  if (metricIds.length === 0) return true;
  const { terminal, interruption } = context;
  const queue = sqs(connection.clientConfig);
  try {
    const projector = { queue, queueUrl: requireOutput(connection, 'ProjectionQueueUrl') };
    return await releaseMetrics(mirror, projector, metricIds, terminal.progress, interruption.signal);
  } finally {
    queue.destroy();
  }
}

async function rehearse({ context, options, loads, mirror, tables }: Work): Promise<ExitCode> {
  const { terminal } = context;
  const { status } = await loads.state();
  const known = await loads.tables();
  const now = recordTime(new Date(Date.now() + 86_400_000));
  const tally = await mirror.tally(new Map(tables.map((table) => [table, now])));
  const rows = tables.map((table) => ({
    table,
    lastLoaded: known.get(table)?.rows ?? 0,
    inMirror: tally.of(table).live,
  }));
  if (options.json) terminal.out(JSON.stringify({ replication: status, tables: rows }));
  else
    terminal.out(
      renderTable(
        ['table', 'lastLoaded', 'inMirror'],
        rows.map((row) => [row.table, String(row.lastLoaded), String(row.inMirror)]),
      ),
    );
  terminal.say(
    `The replication is ${status}. A reload sends about as many records as the mirror has rows; equal rows change nothing and tell no event. Nothing was done (--dry-run).`,
  );
  return EXIT.ok;
}

const sum = (tables: readonly string[], of: (table: string) => number): number =>
  tables.reduce((total, table) => total + of(table), 0);

function resultTable(
  result: readonly { table: string; rows: number; brought: number; absent: number | null }[],
): string {
  return renderTable(
    ['table', 'rows', 'brought', 'absent'],
    result.map(({ table, rows, brought, absent }) => [
      table,
      String(rows),
      String(brought),
      absent === null ? '?' : String(absent),
    ]),
  );
}
