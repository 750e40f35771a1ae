/**
 * The Overlord's supervisors with the rules of Druid's SupervisorManager and the answers of its SupervisorResource: a POST creates or
 * replaces, restarts the tasks unless it was asked not to for an unchanged spec, and cannot move a supervisor to another stream. No task
 * runs and nothing is ingested.
 */
import { type DruidResponse, error, invalidInput, type JsonMap, json, Refused } from './druid-response.ts';
import { readSupervisorSpec, type SupervisorSpec } from './supervisor-spec-reading.ts';

interface Version {
  readonly spec: JsonMap;
  readonly version: string;
}

export class OverlordSupervisors {
  readonly #running = new Map<string, SupervisorSpec>();
  readonly #history = new Map<string, Version[]>();
  readonly #restarts = new Map<string, number>();
  readonly #extensions: ReadonlySet<string>;
  readonly #nowMs: () => number;

  constructor(extensions: ReadonlySet<string>, nowMs: () => number) {
    this.#extensions = extensions;
    this.#nowMs = nowMs;
  }

  /** How often the tasks of a supervisor were started. */
  starts(id: string): number {
    return this.#restarts.get(id) ?? 0;
  }

  /** `path` is what follows `/druid/indexer/v1/supervisor`. Undefined when there is no such resource. */
  handle(method: string, path: readonly string[], query: URLSearchParams, body: string): DruidResponse | undefined {
    const [id, action, ...more] = path;
    if (more.length > 0) return undefined;
    if (id === undefined) return method === 'POST' ? this.#post(body, query) : this.#list(method, query);
    if (method === 'GET' && id === 'history' && action === undefined) return json(Object.fromEntries(this.#history));
    const spec = this.#running.get(id);
    if (method === 'GET' && action === 'history') {
      const versions = this.#history.get(id);
      return versions === undefined ? error(404, `No history for [${id}].`) : json(versions);
    }
    if (spec === undefined) return this.#knows(method, action) ? error(404, `[${id}] does not exist`) : undefined;
    if (method === 'GET') return this.#read(spec, action);
    if (method !== 'POST') return undefined;
    if (action === 'suspend' || action === 'resume') return this.#suspendOrResume(spec, action === 'suspend');
    if (action === 'terminate' || action === 'shutdown') return this.#terminate(spec);
    return action === 'reset' ? json({ id }) : undefined;
  }

  #knows(method: string, action: string | undefined): boolean {
    if (method === 'GET') return action === undefined || ['status', 'health', 'stats'].includes(action);
    return method === 'POST' && ['suspend', 'resume', 'terminate', 'shutdown', 'reset'].includes(action ?? '');
  }

  #post(body: string, query: URLSearchParams): DruidResponse {
    const spec = readSupervisorSpec(body, this.#extensions);
    const existing = this.#running.get(spec.id);
    if (existing !== undefined) {
      if (existing.type !== spec.type) {
        throw new Refused(invalidInput(`Cannot change spec from type[${existing.type}] to type[${spec.type}]`));
      }
      if (existing.stream !== spec.stream) throw new Refused(invalidInput(otherStream(existing.stream, spec.stream)));
    }
    const isModified =
      existing === undefined || JSON.stringify(sorted(existing.document)) !== JSON.stringify(sorted(spec.document));
    if (isModified || query.get('skipRestartIfUnmodified') !== 'true') this.#start(spec, isModified);
    return json({ id: spec.id });
  }

  #start(spec: SupervisorSpec, isModified: boolean): void {
    this.#running.set(spec.id, spec);
    this.#restarts.set(spec.id, this.starts(spec.id) + 1);
    if (isModified) this.#remember(spec.id, spec.document);
  }

  /** Newest first. */
  #remember(id: string, spec: JsonMap): void {
    const version = new Date(this.#nowMs()).toISOString();
    this.#history.set(id, [{ spec, version }, ...(this.#history.get(id) ?? [])]);
  }

  #list(method: string, query: URLSearchParams): DruidResponse | undefined {
    if (method !== 'GET') return undefined;
    if (!query.has('full') && query.get('state') !== 'true') return json([...this.#running.keys()]);
    const states = [...this.#running.values()].map((spec) => ({
      id: spec.id,
      ...stateOf(spec),
      ...(query.has('full') && { spec: spec.document }),
    }));
    return json(states);
  }

  #read(spec: SupervisorSpec, action: string | undefined): DruidResponse | undefined {
    if (action === undefined) return json(spec.document);
    if (action === 'health') return json({ healthy: true });
    if (action === 'stats') return json({});
    if (action !== 'status') return undefined;
    const payload = {
      dataSource: spec.dataSource,
      stream: spec.stream,
      partitions: 0,
      replicas: 1,
      durationSeconds: 3600,
      activeTasks: [],
      publishingTasks: [],
      suspended: spec.suspended,
      ...stateOf(spec),
      recentErrors: [],
    };
    return json({ id: spec.id, generationTime: new Date(this.#nowMs()).toISOString(), payload });
  }

  #suspendOrResume(spec: SupervisorSpec, suspended: boolean): DruidResponse {
    if (spec.suspended === suspended) {
      return error(400, `[${spec.id}] is already ${suspended ? 'suspended' : 'running'}`);
    }
    const document = { ...spec.document, suspended };
    this.#start({ ...spec, suspended, document }, true);
    return json(document);
  }

  /** The history keeps a tombstone. */
  #terminate({ id, dataSource }: SupervisorSpec): DruidResponse {
    this.#running.delete(id);
    this.#remember(id, { type: 'NoopSupervisorSpec', id: null, dataSources: [dataSource] });
    return json({ id });
  }
}

const stateOf = ({ suspended }: SupervisorSpec) => ({
  state: suspended ? 'SUSPENDED' : 'RUNNING',
  detailedState: suspended ? 'SUSPENDED' : 'RUNNING',
  healthy: true,
});

/** SeekableStreamSupervisorSpec.validateSpecUpdateTo */
const otherStream = (from: string, to: string): string =>
  `Update of the input source stream from [${from}] to [${to}] is not supported for a running supervisor.` +
  '\nTo perform the update safely, follow these steps:' +
  '\n(1) Suspend this supervisor, reset its offsets and then terminate it. ' +
  '\n(2) Create a new supervisor with the new input source stream.' +
  '\nNote that doing the reset can cause data duplication or loss if any topic used in the old supervisor is included in the new one too.';

/** The same value whatever the order of its members. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => [name, sorted(member)]);
}
