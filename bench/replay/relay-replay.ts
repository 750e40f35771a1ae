/** `relay replay start --wait` in this process, and what it cost: how long its execution ran, and what its slices asked of AWS. */
import { paginateQuery } from '@aws-sdk/client-dynamodb';
import { DescribeExecutionCommand, SFNClient } from '@aws-sdk/client-sfn';
import * as z from 'zod';
import { replayStart } from '#cli/commands/replay-start.ts';
import { requireOutput } from '#cli/connection/connection.ts';
import { EXIT } from '#cli/exit-code.ts';
import type { Terminal } from '#cli/terminal.ts';
import type { ReplayWindow } from '#core/replay/replay-window.ts';
import type { OperationCount } from '#local/gateway/accounting.ts';
import type { Bench } from '../fan-out/phases.ts';

export const SLICE = /^MetricRelay-.*ReplaySlice/;

const ended = z.object({
  replayId: z.string(),
  state: z.string(),
  execution: z.string(),
  looked: z.number(),
  bytes: z.number(),
  throttled: z.number(),
  counts: z.record(z.string(), z.number()),
  shards: z.array(z.object({ workedMs: z.number(), batches: z.number() })),
});

export interface ReplayReport extends z.infer<typeof ended> {
  /** Of the execution, first state to last. */
  readonly ms: number;
  /** Of the busiest shard's slices: reading, applying and checkpoints, without the state machine around them. */
  readonly workedMs: number;
  readonly operations: readonly SliceOperation[];
  /** Writes of the slices to any table but their own checkpoints. */
  readonly otherWrites: number;
}

/** What the slices asked for, in all. */
export interface SliceOperation {
  readonly operation: string;
  readonly requests: number;
  readonly readRequestUnits: number;
  readonly writeRequestUnits: number;
}

const WRITES = /^dynamodb (PutItem|UpdateItem|DeleteItem|BatchWriteItem|TransactWriteItems)$/;

/** `share`: of the shards' read limits; undefined for the setting of the template. */
export async function relayReplay(
  bench: Bench,
  dataDir: string,
  window: ReplayWindow,
  share: number | undefined,
): Promise<ReplayReport> {
  const { pipeline, terminal, signal } = bench;
  const said: string[] = [];
  const quiet: Terminal = { ...terminal, out: (line) => void said.push(line), say: () => {}, progress: () => {} };
  const before = pipeline.local.gateway.counts();
  const options = {
    from: () => window.fromMs,
    to: () => window.toMs,
    dataDir,
    json: true,
    wait: true,
    ...(share === undefined ? {} : { readShare: share }),
  };
  const interruption = { signal, stop: () => {}, requested: false };
  const code = await replayStart({ terminal: quiet, interruption }, options);
  if (code !== EXIT.ok) throw new Error(`relay replay start ended with ${code}: ${said.join(' ')}`);
  const operations = since(before, pipeline.local.gateway.counts());
  const report = ended.parse(JSON.parse(said.at(-1) ?? ''));
  const writes = operations
    .filter(({ operation }) => WRITES.test(operation))
    .reduce((sum, one) => sum + one.requests, 0);
  return {
    ...report,
    ms: await executionMs(bench, report.execution),
    workedMs: Math.max(0, ...report.shards.map(({ workedMs }) => workedMs)),
    operations,
    otherWrites: writes - (await checkpointWrites(bench, report.replayId)),
  };
}

/** What the slices asked for between two counts; requests that failed wrote nothing, and are not counted as writes. */
function since(before: readonly OperationCount[], after: readonly OperationCount[]): SliceOperation[] {
  const lines = after.filter(({ principal }) => SLICE.test(principal));
  if (lines.length === 0) throw new Error(`no principal ${SLICE} asked for anything: has the role another name?`);
  return lines.flatMap((line) => {
    const { principal, service, operation } = line;
    const earlier = before.find(
      (one) => one.principal === principal && one.service === service && one.operation === operation,
    );
    const grown = (of: 'requests' | 'errors' | 'readRequestUnits' | 'writeRequestUnits'): number =>
      line[of] - (earlier?.[of] ?? 0);
    const requests = grown('requests') - grown('errors');
    if (grown('requests') === 0) return [];
    return {
      operation: `${service} ${operation}`,
      requests,
      readRequestUnits: grown('readRequestUnits'),
      writeRequestUnits: grown('writeRequestUnits'),
    };
  });
}

/** Each write of a checkpoint counts itself in the item. */
async function checkpointWrites({ pipeline, client }: Bench, replayId: string): Promise<number> {
  let writes = 0;
  const request = {
    TableName: requireOutput(pipeline.connection, 'ReplaysTable'),
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': { S: `replay#${replayId}` } },
    ConsistentRead: true,
  };
  for await (const { Items = [] } of paginateQuery({ client }, request))
    for (const item of Items) writes += Number(item.writes?.N ?? 0);
  return writes;
}

async function executionMs({ pipeline: { connection } }: Bench, execution: string): Promise<number> {
  const states = new SFNClient(connection.clientConfig);
  try {
    const machine = requireOutput(connection, 'ReplayStateMachine');
    const executionArn = `${machine.replace(':stateMachine:', ':execution:')}:${execution}`;
    const { startDate, stopDate } = await states.send(new DescribeExecutionCommand({ executionArn }));
    if (!startDate || !stopDate) throw new Error(`the execution ${execution} does not say when it began and ended`);
    return stopDate.getTime() - startDate.getTime();
  } finally {
    states.destroy();
  }
}
