import { describe, expect, it } from 'vitest';
import { readDefinition } from '#local/step-functions/definition.ts';

const FUNCTION = 'arn:aws:lambda:us-east-1:000000000000:function:slice';
const INVOKE = 'arn:aws:states:::lambda:invoke';
const END = { End: true };

const read = (states: { readonly [name: string]: object }, more: object = {}) =>
  readDefinition(JSON.stringify({ StartAt: Object.keys(states)[0], States: states, ...more }), 'Stack/Replay');

function refusal(states: { readonly [name: string]: object }, more: object = {}): string {
  try {
    read(states, more);
  } catch (error) {
    return (error as Error).message;
  }
  return 'accepted';
}

describe('a definition that this machine runs', () => {
  it('has its tasks by name, also those inside a Map or a Parallel', () => {
    const inner = { StartAt: 'Inner', States: { Inner: { Type: 'Task', Resource: FUNCTION, ...END } } };
    const branch = {
      StartAt: 'Branch',
      States: { Branch: { Type: 'Task', Resource: INVOKE, Parameters: { FunctionName: FUNCTION }, ...END } },
    };
    const { tasks } = read({
      Map: { Type: 'Map', ItemProcessor: inner, Next: 'Both' },
      Both: { Type: 'Parallel', Branches: [branch], ...END },
    });
    expect([...tasks]).toEqual([
      ['Inner', { kind: 'function', functionArn: FUNCTION }],
      ['Branch', { kind: 'invoke' }],
    ]);
  });

  it('gives a task without a time-out all the time that AWS gives it, not the minute of the interpreter', () => {
    const { machine } = read({ Slow: { Type: 'Task', Resource: FUNCTION, ...END } });
    expect(machine.States.Slow).toMatchObject({ TimeoutSeconds: 2_147_483 });
  });

  it('may name a field of a template as it likes', () => {
    const parameters = { filePath: 'a/b(c', 'n.$': '$.n', 'text.$': "States.Format('$$.Nothing {}', $.n)" };
    expect(() => read({ Pass: { Type: 'Pass', Parameters: parameters, ...END } })).not.toThrow();
  });
});

describe('a definition that this machine would run otherwise than AWS is refused when it is read', () => {
  it('all of it in one error that names each state', () => {
    const message = refusal({
      Queue: { Type: 'Task', Resource: 'arn:aws:states:::sqs:sendMessage', Next: 'Wait' },
      Wait: { Type: 'Wait', Seconds: 1, HeartbeatSeconds: 3, Next: 'Odd' },
      Odd: { Type: 'Teleport', ...END },
    });
    expect(message).toContain('3 parts that cannot run');
    expect(message).toContain('state Queue: Resource arn:aws:states:::sqs:sendMessage');
    expect(message).toContain('state Wait: HeartbeatSeconds');
    expect(message).toContain('state Odd: Type Teleport');
  });

  it.each([
    ['JSONata', { P: { Type: 'Pass', QueryLanguage: 'JSONata', ...END } }, 'only JSONPath'],
    ['a variable', { P: { Type: 'Pass', Assign: { a: 1 }, ...END } }, 'Assign'],
    ['a falsy result', { P: { Type: 'Pass', Result: 0, ...END } }, 'Result 0'],
    ['a result path with brackets', { P: { Type: 'Pass', ResultPath: "$['a']", ...END } }, 'ResultPath'],
    ['an unknown function', { P: { Type: 'Pass', Parameters: { 'a.$': 'States.Sort($.a)' }, ...END } }, 'States.Sort'],
    [
      'an unknown function inside another',
      { P: { Type: 'Pass', Parameters: { 'a.$': 'States.Array(States.Sort($.a))' }, ...END } },
      'States.Sort',
    ],
    ['an unknown context', { P: { Type: 'Pass', Parameters: { 'a.$': '$$.Task.Token' }, ...END } }, '$$.Task.Token'],
    ['a wait of a month', { W: { Type: 'Wait', Seconds: 2_600_000, ...END } }, 'at most 2147483'],
    [
      'an asynchronous call',
      {
        T: { Type: 'Task', Resource: INVOKE, Parameters: { FunctionName: 'f', InvocationType: 'Event' }, ...END },
      },
      'InvocationType Event',
    ],
    [
      'waiting for a token',
      { T: { Type: 'Task', Resource: `${INVOKE}.waitForTaskToken`, Parameters: { FunctionName: 'f' }, ...END } },
      'waitForTaskToken',
    ],
    [
      'a distributed Map',
      {
        M: {
          Type: 'Map',
          ItemProcessor: {
            ProcessorConfig: { Mode: 'DISTRIBUTED' },
            StartAt: 'P',
            States: { P: { Type: 'Pass', ...END } },
          },
          ...END,
        },
      },
      'Mode DISTRIBUTED',
    ],
    [
      'the input of the execution inside a Map',
      {
        M: {
          Type: 'Map',
          ItemProcessor: {
            StartAt: 'P',
            States: { P: { Type: 'Pass', Parameters: { 'a.$': '$$.Execution.Input.a' }, ...END } },
          },
          ...END,
        },
      },
      '$$.Execution.Input.a',
    ],
  ])('%s', (_, states, said) => {
    expect(refusal(states)).toContain(said);
  });

  it('a state that is not there, by the validator of the interpreter', () => {
    expect(refusal({ P: { Type: 'Pass', Next: 'Nowhere' } })).toContain('Nowhere');
  });

  it('text that is no JSON', () => {
    expect(() => readDefinition('{', 'Stack/Replay')).toThrow('Stack/Replay: DefinitionString is not JSON');
  });
});
