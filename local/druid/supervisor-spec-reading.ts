/**
 * How Druid's Overlord reads a supervisor spec and what it makes of it: the refusals of its constructors, and the spec with defaults filled
 * in and everything in Druid's own spelling, as a GET answers it. Only the parts that a client could trip over are here.
 */
import { error, isMap, type JsonMap, mapAt, Refused } from './druid-response.ts';

export interface SupervisorSpec {
  readonly id: string;
  readonly dataSource: string;
  /** `kinesis` or `kafka`. */
  readonly type: string;
  readonly stream: string;
  readonly suspended: boolean;
  /** As Druid serialises it. */
  readonly document: JsonMap;
}

const INPUT_FORMATS = new Set(['json', 'csv', 'tsv', 'kinesis', 'kafka', 'avro_stream', 'protobuf', 'regex']);

export function readSupervisorSpec(body: string, extensions: ReadonlySet<string>): SupervisorSpec {
  const given = parseSpec(body);
  const type = typeof given.type === 'string' ? given.type : undefined;
  if (type === undefined) {
    throw new Refused(
      error(
        400,
        "Could not resolve subtype of [simple type, class org.apache.druid.indexing.overlord.supervisor.SupervisorSpec]: missing type id property 'type'",
      ),
    );
  }
  if (!extensions.has(type)) {
    throw new Refused(
      error(
        400,
        `Please make sure to load all the necessary extensions and jars with type '${type}' on 'druid/overlord' service. Could not resolve type id '${type}' as a subtype of \`org.apache.druid.indexing.overlord.supervisor.SupervisorSpec\` known type ids = [NoopSupervisorSpec, ${[...extensions].sort().join(', ')}]`,
      ),
    );
  }
  // With `spec` the parts beside it are not looked at; they are how older specs were written.
  const spec = mapAt(given, 'spec') ?? given;
  const dataSchema = readDataSchema(required(mapAt(spec, 'dataSchema'), 'dataSchema'));
  const ioConfig = readIoConfig(required(mapAt(spec, 'ioConfig'), 'ioConfig'), type);
  const tuningConfig = readTuningConfig(mapAt(spec, 'tuningConfig') ?? {}, type);
  const dataSource = String(dataSchema.dataSource);
  const parts = { dataSchema, ioConfig, tuningConfig };
  const id = typeof given.id === 'string' ? given.id : dataSource;
  const suspended = given.suspended === true;
  const context = isMap(given.context) ? given.context : null;
  const document = { type, id, spec: parts, ...parts, context, suspended };
  return { id, dataSource, type, stream: String(ioConfig.stream), suspended, document };
}

function parseSpec(body: string): JsonMap {
  try {
    const value: unknown = JSON.parse(body);
    if (isMap(value)) return value;
  } catch {
    // Said below, as of any other body that is no object.
  }
  throw new Refused(error(400, 'Cannot deserialize the request body as a SupervisorSpec'));
}

/** A Preconditions.checkNotNull in a constructor that Jackson calls. */
function required<T>(value: T | undefined | null, name: string): T {
  if (value !== undefined && value !== null && value !== '') return value;
  throw new Refused(error(400, `Cannot construct instance of the supervisor spec, problem: ${name}`));
}

function readDataSchema(given: JsonMap): JsonMap {
  const dataSource = required(typeof given.dataSource === 'string' ? given.dataSource : undefined, 'dataSource');
  if (/[/\t\r\n\f\v]|^\./.test(dataSource)) {
    throw new Refused(
      error(400, `Invalid value for field [dataSource]: Value [${dataSource}] contains illegal characters.`),
    );
  }
  const timestampSpec = mapAt(given, 'timestampSpec') ?? {};
  const dimensionsSpec = mapAt(given, 'dimensionsSpec') ?? {};
  const granularitySpec = mapAt(given, 'granularitySpec') ?? {};
  const dimensions = readDimensions(Array.isArray(dimensionsSpec.dimensions) ? dimensionsSpec.dimensions : []);
  return {
    ...given,
    timestampSpec: { column: 'timestamp', format: 'auto', missingValue: null, ...timestampSpec },
    dimensionsSpec: {
      dimensionExclusions: [],
      includeAllDimensions: false,
      useSchemaDiscovery: false,
      ...dimensionsSpec,
      dimensions,
    },
    metricsSpec: Array.isArray(given.metricsSpec) ? given.metricsSpec : [],
    granularitySpec: {
      type: 'uniform',
      ...granularitySpec,
      segmentGranularity: granularity(granularitySpec.segmentGranularity ?? 'DAY', 'segment'),
      queryGranularity: granularity(granularitySpec.queryGranularity ?? 'NONE', 'query'),
      rollup: granularitySpec.rollup ?? true,
      intervals: granularitySpec.intervals ?? [],
    },
    transformSpec: { filter: null, transforms: [], ...mapAt(given, 'transformSpec') },
  };
}

function readDimensions(given: readonly unknown[]): readonly JsonMap[] {
  const dimensions = given.map((one): JsonMap => {
    const own = typeof one === 'string' ? { name: one } : isMap(one) ? one : {};
    const type = typeof own.type === 'string' ? own.type : 'string';
    required(own.name, 'Dimension name cannot be null.');
    return { type, multiValueHandling: 'SORTED_ARRAY', createBitmapIndex: type === 'string', ...own };
  });
  const names = dimensions.map(({ name }) => String(name));
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  if (twice.length > 0) {
    throw new Refused(
      error(
        400,
        `Cannot construct instance of \`org.apache.druid.data.input.impl.DimensionsSpec\`, problem: Duplicate column entries found : [${twice.join(', ')}]`,
      ),
    );
  }
  return dimensions;
}

/** A segment granularity comes back as a name, a query granularity as an object. */
function granularity(value: unknown, use: 'segment' | 'query'): unknown {
  if (typeof value !== 'string') return value;
  const lower = value.toLowerCase();
  return use === 'query' && (lower === 'none' || lower === 'all') ? { type: lower } : value.toUpperCase();
}

function readIoConfig(given: JsonMap, type: string): JsonMap {
  const stream = type === 'kafka' ? (given.topic ?? given.topicPattern) : given.stream;
  required(stream, type === 'kafka' ? 'topic' : 'stream');
  const inputFormat = mapAt(given, 'inputFormat');
  if (inputFormat !== undefined) checkInputFormat(inputFormat);
  return {
    replicas: 1,
    taskCount: 1,
    startDelay: 'PT5S',
    period: 'PT30S',
    completionTimeout: 'PT1800S',
    ...(type === 'kinesis' && { endpoint: 'kinesis.us-east-1.amazonaws.com', fetchDelayMillis: 0 }),
    useEarliestSequenceNumber: given.useEarliestOffset ?? false,
    autoScalerConfig: null,
    lateMessageRejectionPeriod: null,
    ...given,
    taskDuration: seconds(given.taskDuration ?? 'PT1H'),
    stream,
    inputFormat: inputFormat ?? null,
  };
}

function checkInputFormat(format: JsonMap): void {
  const type = String(format.type);
  if (!INPUT_FORMATS.has(type)) {
    throw new Refused(
      error(
        400,
        `Please make sure to load all the necessary extensions and jars with type '${type}' on 'druid/overlord' service. Could not resolve type id '${type}' as a subtype of \`org.apache.druid.data.input.InputFormat\``,
      ),
    );
  }
  // Both only wrap the format of the payload; members of the other one are ignored, as any unknown member is.
  if (type === 'kinesis' || type === 'kafka')
    checkInputFormat(required(mapAt(format, 'valueFormat'), 'valueFormat must not be null'));
}

function readTuningConfig(given: JsonMap, type: string): JsonMap {
  return {
    maxRowsInMemory: 150000,
    maxRowsPerSegment: 5000000,
    reportParseExceptions: false,
    resetOffsetAutomatically: false,
    skipSequenceNumberAvailabilityCheck: false,
    ...(type === 'kinesis' && { useListShards: false, repartitionTransitionDuration: 'PT120S' }),
    ...given,
    type,
  };
}

/** Joda's Duration writes a period of days and less in seconds. */
function seconds(period: unknown): unknown {
  const parts = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(String(period));
  if (parts === null)
    throw new Refused(
      error(400, `Cannot deserialize value of type \`org.joda.time.Period\` from String "${period}": Invalid format`),
    );
  const [days, hours, minutes, rest] = parts.slice(1).map((part) => Number(part ?? 0));
  return `PT${(((days ?? 0) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60 + (rest ?? 0)}S`;
}
