/**
 * Makes an AWS::StepFunctions::StateMachine real. Its definition is read, and refused if this machine cannot run it as AWS does, before
 * any record moves; what runs it is in local/step-functions.
 */
import { join } from 'node:path';
import * as z from 'zod';
import { parsed } from '../lambda/mapping-settings.ts';
import { readDefinition } from '../step-functions/definition.ts';
import { openExecutionStore } from '../step-functions/execution-store.ts';
import { lambdaTasks } from '../step-functions/lambda-task.ts';
import { StateMachineHost } from '../step-functions/state-machine-host.ts';
import { stateMachineRegistry } from '../step-functions/step-functions-front-end.ts';
import { physicalName } from './physical-name.ts';
import type { ResourceProvider } from './resource-provider.ts';

const stateMachineProperties = z
  .strictObject({
    Definition: z.record(z.string(), z.unknown()).optional(),
    DefinitionString: z.string().optional(),
    DefinitionSubstitutions: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
    RoleArn: z.string(),
    StateMachineName: z.string().optional(),
    StateMachineType: z.literal('STANDARD', 'only STANDARD state machines run on this machine').default('STANDARD'),
    // No effect on what runs: the history is kept and answered whatever is logged, and there is no X-Ray and no KMS here.
    EncryptionConfiguration: z.unknown().optional(),
    LoggingConfiguration: z.unknown().optional(),
    Tags: z.unknown().optional(),
    TracingConfiguration: z.unknown().optional(),
  })
  .refine((one) => (one.Definition === undefined) !== (one.DefinitionString === undefined), {
    message: 'exactly one of Definition and DefinitionString is needed',
    path: ['DefinitionString'],
  });

export const stateMachineProvider: ResourceProvider = {
  type: 'AWS::StepFunctions::StateMachine',
  properties: Object.keys(stateMachineProperties.shape),
  async create(resource, aws) {
    const { stackName, logicalId, properties } = resource;
    const where = `${stackName}/${logicalId} (AWS::StepFunctions::StateMachine)`;
    const settings = parsed(stateMachineProperties, properties, where);
    const text = settings.DefinitionString ?? JSON.stringify(settings.Definition);
    const definition = readDefinition(substituted(text, settings.DefinitionSubstitutions, where), where);
    const name = physicalName(resource, { property: 'StateMachineName', longest: 80 });
    const arn = `arn:aws:states:${aws.region}:${aws.accountId}:stateMachine:${name}`;
    const createdAtMs = Date.now();
    const tasks = lambdaTasks({ ...aws, credentials: aws.credentialsOf(settings.RoleArn) });
    const machine = new StateMachineHost({
      name,
      arn,
      roleArn: settings.RoleArn,
      definition,
      createdAtMs,
      runTask: tasks.run,
      store: openExecutionStore(join(aws.dataDirectory, `step-functions-${name}.sqlite`), createdAtMs),
      log: aws.log,
    });
    stateMachineRegistry(aws).set(arn, machine);
    return {
      ref: arn,
      attributes: { Arn: arn, Name: name, StateMachineRevisionId: 'INITIAL' },
      async start() {
        machine.start();
      },
      async stop() {
        await machine.stop();
        tasks.close();
      },
      status: () => machine.status(),
    };
  },
};

/** `${Name}` in the definition, which CloudFormation replaces as text. */
function substituted(text: string, values: Readonly<Record<string, string | number | boolean>>, where: string): string {
  const known = new Map(Object.entries(values));
  return text.replaceAll(/\$\{([A-Za-z0-9_]+)\}/g, (_, name: string) => {
    const value = known.get(name);
    if (value !== undefined) return String(value);
    const given = [...known.keys()].join(', ') || 'none';
    throw new Error(`${where}: \${${name}} of the definition is not in DefinitionSubstitutions (${given})`);
  });
}
