/** What the pipeline on this machine says about itself, resource by resource, as the CLI reads it. Unknown members are passed over. */
import * as z from 'zod';

const table = z.object({
  schema: z.string(),
  table: z.string(),
  rowsTotal: z.number().optional(),
  rowsLoaded: z.number(),
  loaded: z.boolean(),
  inserts: z.number(),
  updates: z.number(),
  deletes: z.number(),
});

const replication = z.object({
  state: z.string(),
  position: z.string().optional(),
  lagMs: z.number().optional(),
  lastError: z.string().optional(),
  /** Failed, and no attempt follows. */
  final: z.boolean().optional(),
  /** Failed for want of a binlog: it waits for `relay reload --all`. */
  reloadMends: z.boolean().optional(),
  producerError: z.string().optional(),
  setAside: z.number().default(0),
  tables: z.array(table).default([]),
});

const reader = z.object({
  state: z.string(),
  lagMs: z.number().optional(),
  /** Records it has finished with since it started. */
  records: z.number().default(0),
  lastError: z.string().optional(),
});

const bus = z.object({ state: z.string(), accepted: z.number().optional(), rules: z.number().optional() });

const stateMachine = z.object({
  state: z.string(),
  /** Running now. */
  executions: z.number(),
  succeeded: z.number(),
  failed: z.number(),
  lastError: z.string().optional(),
});

const resource = z.object({
  type: z.string(),
  logicalId: z.string(),
  stackName: z.string().optional(),
  status: z.record(z.string(), z.unknown()),
});

export const statusAnswer = z.object({ resources: z.array(resource) });

export type ReplicationReport = z.infer<typeof replication>;
export type ReaderReport = z.infer<typeof reader>;
export type BusReport = z.infer<typeof bus>;
export type StateMachineReport = z.infer<typeof stateMachine>;

export interface PipelineReport {
  readonly replication: ReplicationReport | undefined;
  /** The event source mapping on the change stream, by its template type and the lag it reports. */
  readonly mappings: readonly (ReaderReport & { readonly logicalId: string })[];
  readonly pipe: ReaderReport | undefined;
  readonly bus: BusReport | undefined;
  readonly stateMachines: readonly (StateMachineReport & { readonly logicalId: string })[];
}

/** The mapping of the change archiver, if the template has one: it reads the stream beside the replicator and waits for full batches. */
export const isArchiver = (logicalId: string): boolean => /archive/i.test(logicalId);

type Resource = {
  readonly type: string;
  readonly logicalId: string;
  readonly stackName?: string | undefined;
  readonly status: Readonly<Record<string, unknown>>;
};

/** @param all resources of all stacks; what belongs to the worked subscribers is no hop of the pipeline. */
export function reportOf(all: readonly Resource[]): PipelineReport {
  const resources = all.filter(({ stackName = '' }) => !stackName.endsWith('Subscribers'));
  const statusOf = (type: string): unknown => resources.find((one) => one.type === type)?.status;
  const mappings = resources
    .filter(({ type }) => type === 'AWS::Lambda::EventSourceMapping')
    .flatMap(({ status, logicalId }) => {
      const parsed = reader.safeParse(status);
      return parsed.success ? [{ ...parsed.data, logicalId }] : [];
    });
  const stateMachines = resources
    .filter(({ type }) => type === 'AWS::StepFunctions::StateMachine')
    .flatMap(({ status, logicalId }) => {
      const parsed = stateMachine.safeParse(status);
      return parsed.success ? [{ ...parsed.data, logicalId }] : [];
    });
  return {
    replication: replication.safeParse(statusOf('AWS::DMS::ReplicationConfig')).data,
    mappings,
    pipe: reader.safeParse(statusOf('AWS::Pipes::Pipe')).data,
    bus: bus.safeParse(statusOf('AWS::Events::EventBus')).data,
    stateMachines,
  };
}
