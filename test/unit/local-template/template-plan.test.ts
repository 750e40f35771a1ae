// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Fn::Sub writes its placeholders in plain strings.
import { describe, expect, it } from 'vitest';
import type { Json, ResourceProvider } from '#local/resources/resource-provider.ts';
import type { AssemblyStack, CloudAssembly } from '#local/template/cloud-assembly.ts';
import { parseTemplate } from '#local/template/template.ts';
import { planAssembly } from '#local/template/template-plan.ts';
import { TemplateError } from '#local/template/template-problem.ts';

const table: ResourceProvider = {
  type: 'Test::Table',
  properties: ['Name', 'Of'],
  create: async () => ({ ref: 'table', attributes: {} }),
};

function stack(stackName: string, template: Json): AssemblyStack {
  return { stackName, dependsOn: [], template: parseTemplate(template, stackName) };
}

function plan(stacks: readonly AssemblyStack[], parameters: Record<string, string> = {}) {
  const assembly: CloudAssembly = { directory: '/nowhere', stacks };
  return planAssembly(assembly, {
    parameters,
    providers: [table],
    acceptedTypes: [{ type: 'Test::Alarm', reason: 'a test' }],
    region: 'us-east-1',
    accountId: '000000000000',
  });
}

function problemsOf(attempt: () => unknown): string[] {
  try {
    attempt();
  } catch (error) {
    if (error instanceof TemplateError) {
      return error.problems.map(({ stackName, where, message }) => `${stackName}/${where}: ${message}`);
    }
    throw error;
  }
  return [];
}

describe('the plan of an assembly', () => {
  it('lists every problem of every stack in one error', () => {
    const one = stack('One', {
      Transform: 'AWS::Serverless-2016-10-31',
      Parameters: { Needed: { Type: 'String' }, Secret: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/a' } },
      Resources: {
        Robot: { Type: 'Test::Robot' },
        Table: { Type: 'Test::Table', Properties: { Name: { Ref: 'Nobody' }, Colour: 'red' }, DependsOn: 'Ghost' },
        Maybe: { Type: 'Test::Table', Condition: 'Unwritten' },
      },
    });
    const two = stack('Two', {
      Resources: { A: { Type: 'Test::Table', Properties: { Name: { 'Fn::Cidr': ['x'] } } } },
      Outputs: { Out: { Value: { 'Fn::ImportValue': 'One:Nothing' } } },
    });
    const problems = problemsOf(() => plan([one, two], { Unasked: 'x' }));
    const expected = [
      /^One\/Transform: /,
      /^One\/Parameters\.Needed: .*no default/,
      /^One\/Parameters\.Secret: .*AWS::SSM/,
      /^One\/Robot: .*Test::Robot/,
      /^One\/Table: .*"Nobody"/,
      /^One\/Table: .*Colour.*supported are Name, Of/,
      /^One\/Table: .*Ghost/,
      /^One\/Maybe: .*Unwritten/,
      /^Two\/A: .*Fn::Cidr/,
      /^Two\/Outputs\.Out: .*One:Nothing/,
      /^parameters\/Unasked: /,
    ];
    for (const pattern of expected) expect(problems).toContainEqual(expect.stringMatching(pattern));
    expect(problems).toHaveLength(expected.length);
  });

  it('puts each resource after what it refers to, whatever the order in the file', () => {
    const [planned] = plan([
      stack('S', {
        Resources: {
          Last: { Type: 'Test::Table', Properties: { Of: { 'Fn::Sub': '${Second.Arn}/x' } } },
          Second: { Type: 'Test::Table', Properties: { Of: { 'Fn::GetAtt': 'First.Arn' } } },
          First: { Type: 'Test::Table', DependsOn: ['Alarm'] },
          Alarm: { Type: 'Test::Alarm', Properties: { Anything: 'goes' } },
        },
      }),
    ]);
    expect(planned?.resources.map(({ logicalId }) => logicalId)).toEqual(['Alarm', 'First', 'Second', 'Last']);
  });

  it('names a circle', () => {
    const circle = stack('S', {
      Resources: {
        A: { Type: 'Test::Table', Properties: { Of: { Ref: 'B' } } },
        B: { Type: 'Test::Table', Properties: { Of: { Ref: 'A' } } },
      },
    });
    expect(problemsOf(() => plan([circle])).join()).toContain('A → B → A');
  });

  it('leaves out what its condition excludes, and refuses a reference to it', () => {
    const template = (of: Json): Json => ({
      Parameters: { Stage: { Type: 'String', Default: 'dev' } },
      Conditions: { Prod: { 'Fn::Equals': [{ Ref: 'Stage' }, 'prod'] } },
      Resources: {
        OnlyProd: { Type: 'Test::Robot', Condition: 'Prod' },
        Always: { Type: 'Test::Table', Properties: { Of: of } },
      },
      Outputs: { Only: { Value: { Ref: 'OnlyProd' }, Condition: 'Prod' } },
    });
    const guarded: Json = { 'Fn::If': ['Prod', { Ref: 'OnlyProd' }, { Ref: 'AWS::NoValue' }] };
    expect(plan([stack('S', template(guarded))])[0]?.resources.map(({ logicalId }) => logicalId)).toEqual(['Always']);
    expect(problemsOf(() => plan([stack('S', template({ Ref: 'OnlyProd' }))])).join()).toContain('"OnlyProd"');
    expect(problemsOf(() => plan([stack('S', template(guarded))], { Stage: 'prod' })).join()).toContain('Test::Robot');
  });

  it('gives an export of an earlier stack to a later one, not the other way round', () => {
    const giver = stack('Giver', {
      Resources: { T: { Type: 'Test::Table' } },
      Outputs: {
        Arn: { Value: { 'Fn::GetAtt': ['T', 'Arn'] }, Export: { Name: { 'Fn::Sub': '${AWS::StackName}:Arn' } } },
      },
    });
    const taker = stack('Taker', {
      Resources: { U: { Type: 'Test::Table', Properties: { Of: { 'Fn::ImportValue': 'Giver:Arn' } } } },
    });
    expect(problemsOf(() => plan([giver, taker]))).toEqual([]);
    expect(problemsOf(() => plan([taker, giver])).join()).toContain('Giver:Arn');
  });

  it('reports conditions that refer to each other in a circle', () => {
    const circular = stack('S', {
      Conditions: { A: { 'Fn::Not': [{ Condition: 'B' }] }, B: { 'Fn::Not': [{ Condition: 'A' }] } },
      Resources: {},
    });
    expect(problemsOf(() => plan([circular])).join()).toContain('circle');
  });
});
