/** The part of the Pipes API that tools need: describe, list, start and stop. One registry and front end per running pipeline. */
import type { FrontEnd, FrontEndResponse, LocalAws } from '../local-aws.ts';
import type { PipeProperties } from './pipe-settings.ts';

export interface RunningPipe {
  readonly name: string;
  readonly arn: string;
  readonly pipe: PipeProperties;
  readonly createdAtMs: number;
  wantedState(): 'RUNNING' | 'STOPPED';
  setWantedState(wanted: 'RUNNING' | 'STOPPED'): Promise<void>;
  status(): { readonly lastError?: string | undefined };
}

const registries = new WeakMap<LocalAws, Map<string, RunningPipe>>();

/** The pipes of this pipeline by name; the first call also registers the front end for the signing name `pipes`. */
export function pipeRegistry(aws: LocalAws): Map<string, RunningPipe> {
  const present = registries.get(aws);
  if (present !== undefined) return present;
  const pipes = new Map<string, RunningPipe>();
  registries.set(aws, pipes);
  aws.registerFrontEnd('pipes', pipesFrontEnd(pipes));
  return pipes;
}

export function pipesFrontEnd(pipes: ReadonlyMap<string, RunningPipe>): FrontEnd {
  return async ({ method, path }) => {
    const [, , collection, name, verb] = path.split('/').map((segment) => decodeURIComponent(segment));
    if (collection === 'pipes' && (name === undefined || name === '') && method === 'GET') {
      return json(200, { Pipes: [...pipes.values()].map(summary) });
    }
    const found = collection === 'pipes' && name !== undefined ? pipes.get(name) : undefined;
    if (found === undefined) return fault(404, 'NotFoundException', `Pipe ${name ?? ''} does not exist.`);
    if (method === 'GET' && verb === undefined) return json(200, description(found));
    if (method === 'POST' && (verb === 'start' || verb === 'stop')) {
      await found.setWantedState(verb === 'start' ? 'RUNNING' : 'STOPPED');
      return json(200, summary(found));
    }
    return fault(501, 'NotImplemented', `${method} ${path} is not part of the Pipes API on this machine`);
  };
}

function summary(running: RunningPipe): object {
  const { name, arn, pipe, createdAtMs } = running;
  const { lastError } = running.status();
  return {
    Name: name,
    Arn: arn,
    CurrentState: running.wantedState(),
    DesiredState: running.wantedState(),
    Source: pipe.Source,
    Target: pipe.Target,
    ...(pipe.Enrichment === undefined ? {} : { Enrichment: pipe.Enrichment }),
    ...(lastError === undefined ? {} : { StateReason: lastError }),
    CreationTime: createdAtMs / 1000,
    LastModifiedTime: createdAtMs / 1000,
  };
}

function description(running: RunningPipe): object {
  const { RoleArn, SourceParameters, TargetParameters } = running.pipe;
  return { ...summary(running), RoleArn, SourceParameters, TargetParameters };
}

function json(status: number, body: object): FrontEndResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

function fault(status: number, code: string, message: string): FrontEndResponse {
  return {
    status,
    headers: { 'content-type': 'application/json', 'x-amzn-errortype': code },
    body: JSON.stringify({ message }),
  };
}
