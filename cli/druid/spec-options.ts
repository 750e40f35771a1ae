/**
 * The options of the generated spec: what was given, what a pipeline's outputs say when one was named, and the defaults. Only what was given
 * is compared with a supervisor that exists; a default is for a new one.
 */
import { periodMs } from '#druid/spec-forms.ts';
import { kinesisEndpoint, type SpecOptions } from '#druid/supervisor-spec.ts';
import { usageError } from '../command-failure.ts';
import { connectTo, type TargetOptions } from '../commands/command-context.ts';

export interface SpecCommandOptions extends TargetOptions {
  readonly datasource: string;
  readonly stream?: string;
  readonly endpoint?: string;
  readonly taskDuration?: string;
}

export type GivenSpecOptions = Partial<SpecOptions> & Pick<SpecOptions, 'datasource'> & { readonly region?: string };

/** Output of the stack of the subscribers (`<stackName>Subscribers`), with the stream that a rule fills. */
const STREAM_OUTPUT = 'FeedStream';
const DEFAULT_STREAM = 'metric-changed';

export async function givenSpecOptions(options: SpecCommandOptions): Promise<GivenSpecOptions> {
  const { datasource, stream, endpoint, taskDuration } = options;
  if (!/^[^\s/.][^\s/]*$/.test(datasource))
    throw usageError(
      `--datasource "${datasource}" is not a name Druid takes.`,
      'Allowed: no space, no slash, no dot at the beginning.',
    );
  if (taskDuration !== undefined && (periodMs(taskDuration) ?? 0) === 0)
    throw usageError(
      `--task-duration "${taskDuration}" is not a period.`,
      'Allowed: ISO 8601 such as PT1H, PT30M, P1D.',
    );
  const isPlaceNamed = [options.stack, options.dataDir, process.env.RELAY_DATA_DIR].some(
    (place) => place !== undefined,
  );
  const ofStack = isPlaceNamed ? await stackOptions(options) : {};
  const region = options.region ?? ofStack.region;
  const chosenStream = stream ?? ofStack.stream;
  const chosenEndpoint =
    endpoint ?? ofStack.endpoint ?? (options.region === undefined ? undefined : kinesisEndpoint(options.region));
  return {
    datasource,
    ...(region !== undefined && { region }),
    ...(chosenStream !== undefined && { stream: chosenStream }),
    ...(chosenEndpoint !== undefined && { endpoint: chosenEndpoint }),
    ...(taskDuration !== undefined && { taskDuration }),
  };
}

/** With the defaults, for a spec that is complete. */
export function specOptions(given: GivenSpecOptions, env: NodeJS.ProcessEnv = process.env): SpecOptions {
  const region = given.region ?? env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? 'us-east-1';
  return {
    datasource: given.datasource,
    stream: given.stream ?? DEFAULT_STREAM,
    endpoint: given.endpoint ?? kinesisEndpoint(region),
    taskDuration: given.taskDuration ?? 'PT1H',
  };
}

async function stackOptions(options: TargetOptions): Promise<{ stream?: string; endpoint?: string; region?: string }> {
  const { outputs, region, local } = await connectTo(options);
  const stream = outputs.get(STREAM_OUTPUT);
  const endpoint = local === undefined ? kinesisEndpoint(region) : local.endpoint;
  return { region, endpoint, ...(stream !== undefined && { stream }) };
}
