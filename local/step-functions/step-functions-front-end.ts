/**
 * The Step Functions API as the SDK and the AWS CLI speak it (JSON 1.0, X-Amz-Target AWSStepFunctions.*): the part of it that starts,
 * stops and looks at executions. State machines come from the template alone. One registry and front end per running pipeline.
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_Operations.html
 */
import * as z from 'zod';
import type { FrontEnd, FrontEndResponse, LocalAws } from '../local-aws.ts';
import type { Execution, StoredEvent } from './execution-store.ts';
import { PAYLOAD_BYTES_MAX } from './lambda-task.ts';
import type { StateMachineHost } from './state-machine-host.ts';

class StepFunctionsError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

const registries = new WeakMap<LocalAws, Map<string, StateMachineHost>>();

/** The state machines of this pipeline by ARN; the first call also registers the front end for the signing name `states`. */
export function stateMachineRegistry(aws: LocalAws): Map<string, StateMachineHost> {
  const present = registries.get(aws);
  if (present !== undefined) return present;
  const machines = new Map<string, StateMachineHost>();
  registries.set(aws, machines);
  aws.registerFrontEnd('states', stepFunctionsFrontEnd(machines));
  return machines;
}

const machineArn = { stateMachineArn: z.string() };
const executionArn = { executionArn: z.string() };
const page = { maxResults: z.number().int().min(0).max(1_000).optional(), nextToken: z.string().optional() };
const STATUSES = ['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED'] as const;

/** 1 to 80 characters; no white space, brackets, wildcards, control characters or one of `"#%\^|~`$&,;:/`. */
const NAME = /^[^\s<>{}[\]?*"#%\\^|~`$&,;:/\p{Cc}]{1,80}$/u;

export function stepFunctionsFrontEnd(machines: ReadonlyMap<string, StateMachineHost>): FrontEnd {
  const machineOf = (arn: string): StateMachineHost => {
    const found = machines.get(arn);
    if (found === undefined) {
      throw new StepFunctionsError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${arn}'`);
    }
    return found;
  };
  const executionOf = (arn: string): { readonly machine: StateMachineHost; readonly execution: Execution } => {
    const parts = arn.split(':');
    const machine = machines.get([...parts.slice(0, 5), 'stateMachine', parts[6] ?? ''].join(':'));
    const execution = machine?.settings.store.find(arn);
    if (machine === undefined || execution === undefined) {
      throw new StepFunctionsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);
    }
    return { machine, execution };
  };

  const operations = new Map<string, (input: unknown) => object>([
    operation(
      'StartExecution',
      {
        ...machineArn,
        name: z.string().optional(),
        input: z.string().default('{}'),
        traceHeader: z.unknown().optional(),
      },
      ({ stateMachineArn, name, input }) => {
        const machine = machineOf(stateMachineArn);
        if (name !== undefined && !NAME.test(name)) {
          throw new StepFunctionsError('InvalidName', `Invalid Name: '${name}'; 1 to 80 letters, digits, - and _`);
        }
        checkInput(input);
        const { kind, execution } = machine.startExecution(input, name);
        if (kind === 'name-taken') {
          throw new StepFunctionsError('ExecutionAlreadyExists', `Execution Already Exists: '${execution.arn}'`);
        }
        return { executionArn: execution.arn, startDate: execution.startedAtMs / 1000 };
      },
    ),
    operation(
      'StopExecution',
      { ...executionArn, error: z.string().max(256).optional(), cause: z.string().max(32_768).optional() },
      ({ executionArn: arn, error, cause }) => {
        const { machine } = executionOf(arn);
        machine.stopExecution(arn, {
          ...(error === undefined ? {} : { error }),
          ...(cause === undefined ? {} : { cause }),
        });
        return { stopDate: (executionOf(arn).execution.stoppedAtMs ?? 0) / 1000 };
      },
    ),
    operation(
      'DescribeExecution',
      { ...executionArn, includedData: z.unknown().optional() },
      ({ executionArn: arn }) => {
        const { machine, execution } = executionOf(arn);
        return describeExecution(machine, execution);
      },
    ),
    operation(
      'ListExecutions',
      { ...machineArn, ...page, statusFilter: z.enum(STATUSES).optional() },
      ({ stateMachineArn, maxResults, nextToken, statusFilter }) => {
        const machine = machineOf(stateMachineArn);
        const { offset, limit } = pageOf(maxResults, nextToken, 100);
        const filter = { offset, limit, ...(statusFilter === undefined ? {} : { status: statusFilter }) };
        const found = machine.settings.store.list(filter);
        return { executions: found.map((one) => summary(machine, one)), ...next(found.length, offset, limit) };
      },
    ),
    operation(
      'GetExecutionHistory',
      { ...executionArn, ...page, reverseOrder: z.boolean().optional(), includeExecutionData: z.boolean().optional() },
      ({ executionArn: arn, maxResults, nextToken, reverseOrder = false }) => {
        const { machine } = executionOf(arn);
        const { offset, limit } = pageOf(maxResults, nextToken, 100);
        const events = machine.settings.store.history(arn, { offset, limit, newestFirst: reverseOrder });
        return { events: events.map(eventView), ...next(events.length, offset, limit) };
      },
    ),
    operation('ListStateMachines', page, () => ({ stateMachines: [...machines.values()].map(machineSummary) })),
    operation('DescribeStateMachine', { ...machineArn, includedData: z.unknown().optional() }, (input) => {
      const machine = machineOf(input.stateMachineArn);
      const { roleArn, definition } = machine.settings;
      return { ...machineSummary(machine), status: 'ACTIVE', definition: definition.text, roleArn };
    }),
  ]);

  return async ({ action = '', body }) => {
    const run = operations.get(action);
    if (run === undefined) {
      const known = [...operations.keys()].join(', ');
      return fault(
        501,
        'NotImplemented',
        `${action} is not part of the Step Functions API on this machine; there are ${known}`,
      );
    }
    try {
      return answer(200, run(JSON.parse(body.toString('utf8') || '{}')));
    } catch (error) {
      if (error instanceof StepFunctionsError) return fault(400, error.code, error.message);
      if (error instanceof z.ZodError) return fault(400, 'ValidationException', `${action}: ${z.prettifyError(error)}`);
      if (error instanceof SyntaxError) return fault(400, 'SerializationException', error.message);
      throw error;
    }
  };
}

function operation<Shape extends z.ZodRawShape>(
  name: string,
  shape: Shape,
  run: (input: z.output<z.ZodObject<Shape, z.core.$strict>>) => object,
): [string, (input: unknown) => object] {
  const schema = z.strictObject(shape);
  return [name, (input) => run(schema.parse(input))];
}

function checkInput(input: string): void {
  const bytes = Buffer.byteLength(input);
  if (bytes > PAYLOAD_BYTES_MAX) {
    throw new StepFunctionsError('ValidationException', `input has ${bytes} bytes; ${PAYLOAD_BYTES_MAX} are allowed`);
  }
  try {
    JSON.parse(input);
  } catch (error) {
    throw new StepFunctionsError(
      'InvalidExecutionInput',
      `Invalid State Machine Execution Input: ${(error as Error).message}`,
    );
  }
}

function pageOf(maxResults: number | undefined, nextToken: string | undefined, usual: number) {
  const offset = nextToken === undefined ? 0 : Number(nextToken);
  if (!Number.isSafeInteger(offset) || offset < 0) {
    throw new StepFunctionsError(
      'InvalidToken',
      `Invalid Token: '${nextToken}'; pass the nextToken of the answer before`,
    );
  }
  return { offset, limit: maxResults === undefined || maxResults === 0 ? usual : maxResults };
}

function next(found: number, offset: number, limit: number): object {
  return found < limit ? {} : { nextToken: String(offset + limit) };
}

function machineSummary({ settings }: StateMachineHost): object {
  const { arn, name, createdAtMs } = settings;
  return { stateMachineArn: arn, name, type: 'STANDARD', creationDate: createdAtMs / 1000 };
}

function summary(machine: StateMachineHost, { arn, name, status, startedAtMs, stoppedAtMs }: Execution): object {
  return {
    executionArn: arn,
    stateMachineArn: machine.settings.arn,
    name,
    status,
    startDate: startedAtMs / 1000,
    ...(stoppedAtMs === undefined ? {} : { stopDate: stoppedAtMs / 1000 }),
    redriveCount: 0,
  };
}

function describeExecution(machine: StateMachineHost, execution: Execution): object {
  const { input, output, error, cause } = execution;
  return {
    ...summary(machine, execution),
    input,
    inputDetails: { included: true },
    ...(output === undefined ? {} : { output, outputDetails: { included: true } }),
    ...(error === undefined ? {} : { error }),
    ...(cause === undefined ? {} : { cause }),
    redriveStatus: 'NOT_REDRIVABLE',
    redriveStatusReason: 'an execution cannot be redriven on this machine; start another',
  };
}

function eventView({ id, type, timestampMs, details }: StoredEvent): object {
  return { id, previousEventId: id - 1, type, timestamp: timestampMs / 1000, ...details };
}

function answer(status: number, body: object): FrontEndResponse {
  return { status, headers: { 'content-type': 'application/x-amz-json-1.0' }, body: JSON.stringify(body) };
}

function fault(status: number, code: string, message: string): FrontEndResponse {
  return answer(status, { __type: `com.amazonaws.states#${code}`, message });
}
