/** Makes an AWS::Pipes::Pipe real. Its ARN and state are as AWS gives them; what it does is in local/pipes. */
import { createPipeRunner } from '../pipes/pipe-runner.ts';
import { PIPE_PROPERTIES, readPipe } from '../pipes/pipe-settings.ts';
import { pipeRegistry } from '../pipes/pipes-front-end.ts';
import { physicalName } from './physical-name.ts';
import type { ResourceProvider } from './resource-provider.ts';

export const pipeProvider: ResourceProvider = {
  type: 'AWS::Pipes::Pipe',
  properties: PIPE_PROPERTIES,
  async create(resource, aws) {
    const { stackName, logicalId, properties } = resource;
    const settings = readPipe(properties, `${stackName}/${logicalId} (AWS::Pipes::Pipe)`);
    const { pipe } = settings;
    const name = physicalName(resource, { property: 'Name', longest: 64 });
    const arn = `arn:aws:pipes:${aws.region}:${aws.accountId}:pipe/${name}`;
    const runner = createPipeRunner(name, arn, settings, aws);
    let wanted = pipe.DesiredState;
    let started = false;
    const createdAtMs = Date.now();
    pipeRegistry(aws).set(name, {
      name,
      arn,
      pipe,
      createdAtMs,
      wantedState: () => wanted,
      async setWantedState(state) {
        wanted = state;
        if (state === 'STOPPED') await runner.stop();
        else if (started) runner.start();
      },
      status: () => runner.status(),
    });
    const created = new Date(createdAtMs).toISOString();
    return {
      ref: name,
      attributes: {
        Arn: arn,
        CurrentState: pipe.DesiredState,
        StateReason: '',
        CreationTime: created,
        LastModifiedTime: created,
      },
      async start() {
        started = true;
        if (wanted === 'RUNNING') runner.start();
      },
      async stop() {
        started = false;
        await runner.stop();
        runner.close();
      },
      status: () => ({ ...runner.status(), ...(wanted === 'RUNNING' ? {} : { state: 'stopped' }) }),
    };
  },
};
