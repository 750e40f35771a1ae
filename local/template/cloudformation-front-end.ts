/**
 * Answers CloudFormation's DescribeStacks for the stacks of this machine, so that a command that reads the outputs of a deployed stack
 * can be tried without AWS. It never creates, changes or deletes a stack: the assembly does that at start.
 */
import { randomUUID } from 'node:crypto';
import type { FrontEnd, FrontEndResponse } from '../local-aws.ts';
import type { CreatedStack } from './create-stacks.ts';
import { stackId } from './stack-scope.ts';

const NAMESPACE = 'http://cloudformation.amazonaws.com/doc/2010-05-15/';

export function cloudFormationFrontEnd(options: {
  readonly region: string;
  readonly accountId: string;
  /** When the pipeline started; CloudFormation calls it the creation time. */
  readonly startedAt: Date;
  readonly stacks: () => readonly CreatedStack[];
}): FrontEnd {
  return async (request) => {
    const form = new URLSearchParams(request.body.toString('utf8'));
    const action = form.get('Action') ?? request.action ?? '';
    if (action !== 'DescribeStacks') {
      return failure(
        'InvalidAction',
        `CloudFormation's ${action || 'unnamed action'} is not on this machine; only DescribeStacks is`,
      );
    }
    const asked = form.get('StackName');
    const named = ({ stackName }: CreatedStack): boolean =>
      asked === null || asked === stackName || asked === stackId(stackName, options.region, options.accountId);
    const found = options.stacks().filter(named);
    if (found.length === 0) return failure('ValidationError', `Stack with id ${asked} does not exist`);
    const members = found.map((stack) => stackMember(stack, options)).join('');
    return xml(
      200,
      `<DescribeStacksResponse xmlns="${NAMESPACE}"><DescribeStacksResult><Stacks>${members}</Stacks></DescribeStacksResult>` +
        `<ResponseMetadata><RequestId>${randomUUID()}</RequestId></ResponseMetadata></DescribeStacksResponse>`,
    );
  };
}

function stackMember(
  { stackName, outputs }: CreatedStack,
  options: { readonly region: string; readonly accountId: string; readonly startedAt: Date },
): string {
  const output = ([key, value]: readonly [string, string]): string =>
    `<member>${element('OutputKey', key)}${element('OutputValue', value)}</member>`;
  return (
    `<member>${element('StackName', stackName)}${element('StackId', stackId(stackName, options.region, options.accountId))}` +
    `${element('CreationTime', options.startedAt.toISOString())}${element('StackStatus', 'CREATE_COMPLETE')}` +
    `<Outputs>${[...outputs].map(output).join('')}</Outputs></member>`
  );
}

function failure(code: string, message: string): FrontEndResponse {
  const error = `<Error>${element('Type', 'Sender')}${element('Code', code)}${element('Message', message)}</Error>`;
  return xml(400, `<ErrorResponse xmlns="${NAMESPACE}">${error}${element('RequestId', randomUUID())}</ErrorResponse>`);
}

function xml(status: number, body: string): FrontEndResponse {
  return { status, headers: { 'content-type': 'text/xml' }, body };
}

function element(name: string, text: string): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return `<${name}>${escaped}</${name}>`;
}
