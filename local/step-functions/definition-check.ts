/**
 * What of the Amazon States Language the interpreter runs as AWS does. Fields are listed, not guessed: one that is not listed is a
 * problem, because the interpreter ignores what it does not know. Whether a definition makes sense (states that can be reached, paths
 * that can be read) is the business of the validator that the interpreter brings.
 * https://states-language.net/spec.html
 */
export type Members = { readonly [member: string]: unknown };

const COMMON = ['Type', 'Comment', 'InputPath', 'OutputPath'];
const NEXT = ['Next', 'End'];
const RESULT = ['ResultPath', 'ResultSelector'];
const ERRORS = ['Retry', 'Catch'];

const FIELDS: ReadonlyMap<string, readonly string[]> = new Map([
  [
    'Task',
    [...COMMON, ...NEXT, ...RESULT, ...ERRORS, 'Parameters', 'Resource', 'TimeoutSeconds', 'TimeoutSecondsPath'],
  ],
  ['Parallel', [...COMMON, ...NEXT, ...RESULT, ...ERRORS, 'Parameters', 'Branches']],
  [
    'Map',
    [
      ...COMMON,
      ...NEXT,
      ...RESULT,
      ...ERRORS,
      'Parameters',
      'ItemSelector',
      'Iterator',
      'ItemProcessor',
      'ItemsPath',
      'MaxConcurrency',
      'MaxConcurrencyPath',
    ],
  ],
  ['Pass', [...COMMON, ...NEXT, 'ResultPath', 'Parameters', 'Result']],
  ['Wait', [...COMMON, ...NEXT, 'Seconds', 'SecondsPath', 'Timestamp', 'TimestampPath']],
  ['Choice', [...COMMON, 'Choices', 'Default']],
  ['Succeed', COMMON],
  ['Fail', ['Type', 'Comment', 'Error', 'ErrorPath', 'Cause', 'CausePath']],
]);

const MACHINE = ['Comment', 'StartAt', 'States', 'TimeoutSeconds', 'Version', 'QueryLanguage'];
const NESTED_MACHINE = ['Comment', 'StartAt', 'States', 'ProcessorConfig', 'QueryLanguage'];
const FUNCTION = /^arn:[^:]+:lambda:[^:]*:[^:]*:function:[\w-]+(:\$LATEST)?$/;

const INTRINSICS = new Set(
  (
    'Format StringToJson JsonToString Array ArrayPartition ArrayContains ArrayRange ArrayGetItem ArrayLength ArrayUnique ' +
    'Base64Encode Base64Decode Hash JsonMerge MathRandom MathAdd StringSplit UUID'
  ).split(' '),
);

/** What `$$` has here. Inside a Map or Parallel the interpreter would answer with the input of the part, so it is refused there. */
const CONTEXT_EVERYWHERE = [
  '$$.Execution.Id',
  '$$.Execution.Name',
  '$$.Execution.RoleArn',
  '$$.StateMachine.Id',
  '$$.StateMachine.Name',
];
const CONTEXT_AT_THE_TOP = ['$$.Execution.Input', '$$.Execution.StartTime'];
const CONTEXT_OF_ITEMS = ['$$.Map.Item.Index', '$$.Map.Item.Value'];

export function problemsOf(machine: Members): string[] {
  return machineProblems(machine, MACHINE, 'the machine', true);
}

function machineProblems(machine: Members, allowed: readonly string[], name: string, top: boolean): string[] {
  const problems = unknownFields(machine, allowed, name);
  if (machine.QueryLanguage !== undefined && machine.QueryLanguage !== 'JSONPath') {
    problems.push(`${name}: QueryLanguage ${String(machine.QueryLanguage)}; only JSONPath is there`);
  }
  const mode = members(machine.ProcessorConfig).Mode;
  if (mode !== undefined && mode !== 'INLINE') {
    problems.push(`${name}: ProcessorConfig.Mode ${String(mode)}; only INLINE is there`);
  }
  return [
    ...problems,
    ...Object.entries(members(machine.States)).flatMap(([state, value]) => stateProblems(state, members(value), top)),
  ];
}

function stateProblems(name: string, state: Members, top: boolean): string[] {
  const type = String(state.Type);
  const allowed = FIELDS.get(type);
  if (allowed === undefined) return [`state ${name}: Type ${type}; there are ${[...FIELDS.keys()].join(', ')}`];
  const { Iterator: iterator, ItemProcessor: processor, Branches: branches, ...own } = state;
  const nested = [iterator, processor, ...(Array.isArray(branches) ? branches : [])].filter((one) => one !== undefined);
  return [
    ...unknownFields(state, [...allowed, 'QueryLanguage'], `state ${name}`),
    ...valueProblems(name, state),
    ...expressions(own).flatMap(([field, text]) =>
      expressionProblems(`state ${name}, ${field}`, text, field, top, type),
    ),
    ...nested.flatMap((one) => machineProblems(members(one), NESTED_MACHINE, `a part of state ${name}`, false)),
  ];
}

function valueProblems(name: string, state: Members): string[] {
  const problems: string[] = [];
  const problem = (text: string): void => void problems.push(`state ${name}: ${text}`);
  if (state.QueryLanguage !== undefined && state.QueryLanguage !== 'JSONPath') problem('only JSONPath is there');
  if (state.Type === 'Task') {
    const resource = String(state.Resource);
    if (resource === 'arn:aws:states:::lambda:invoke') invokeProblems(members(state.Parameters), problem);
    else if (!FUNCTION.test(resource)) {
      problem(`Resource ${resource}; only the ARN of a function and arn:aws:states:::lambda:invoke are there`);
    }
  }
  if (state.Type === 'Map' && state.Parameters !== undefined && state.ItemSelector !== undefined) {
    problem('Parameters and ItemSelector together; write ItemSelector alone');
  }
  if (state.Type === 'Map' && state.Iterator !== undefined && state.ItemProcessor !== undefined) {
    problem('Iterator and ItemProcessor together; write ItemProcessor alone');
  }
  if (state.Type === 'Pass' && 'Result' in state && !state.Result) {
    problem(`Result ${JSON.stringify(state.Result)}; the interpreter ignores a result that is null, false, 0 or ""`);
  }
  if (typeof state.Seconds === 'number' && state.Seconds > 2_147_483) {
    problem(`Seconds ${state.Seconds}; a timer here runs for at most 2147483 seconds (24 days)`);
  }
  for (const one of [state, ...list(state.Catch)]) {
    const path = one.ResultPath;
    if (typeof path === 'string' && path !== '$' && !path.startsWith('$.')) {
      problem(`ResultPath ${path}; write it as $.name`);
    }
  }
  return problems;
}

function invokeProblems(parameters: Members, problem: (text: string) => void): void {
  const allowed = new Set(['FunctionName', 'FunctionName.$', 'Payload', 'Payload.$', 'InvocationType']);
  const unknown = Object.keys(parameters).filter((field) => !allowed.has(field));
  if (unknown.length > 0)
    problem(`Parameters ${unknown.join(', ')} of lambda:invoke; there are ${[...allowed].join(', ')}`);
  if (parameters.FunctionName === undefined && parameters['FunctionName.$'] === undefined) {
    problem('lambda:invoke needs Parameters.FunctionName');
  }
  if (parameters.InvocationType !== undefined && parameters.InvocationType !== 'RequestResponse') {
    problem(`InvocationType ${String(parameters.InvocationType)}; only RequestResponse is there`);
  }
}

function unknownFields(one: Members, allowed: readonly string[], name: string): string[] {
  const unknown = Object.keys(one).filter((field) => !allowed.includes(field));
  return unknown.length === 0 ? [] : [`${name}: ${unknown.join(', ')}; there are ${allowed.join(', ')}`];
}

/** Every value that is a path or a call of a function: fields that end in `.$` or `Path`, and `Variable`. */
function expressions(value: unknown, within = ''): [field: string, text: string][] {
  if (Array.isArray(value)) return value.flatMap((one) => expressions(one, within));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([field, one]): [string, string][] => {
    if (within === '' && field === 'Result') return [];
    const place = within === '' ? field : `${within}.${field}`;
    if (typeof one !== 'string') return expressions(one, place);
    // In a template any field may be called `…Path` and holds plain text.
    const inTemplate = /^(Parameters|ItemSelector|ResultSelector)\./.test(place);
    const isPath = !inTemplate && (field.endsWith('Path') || field === 'Variable');
    return isPath || field.endsWith('.$') ? [[place, one]] : [];
  });
}

function expressionProblems(where: string, text: string, field: string, top: boolean, type: string): string[] {
  const problems: string[] = [];
  const isCall = !text.startsWith('$');
  if (isCall && !field.endsWith('.$'))
    problems.push(`${where}: ${text}; a function is allowed in a field that ends in .$`);
  // What stands between apostrophes is text.
  const code = isCall ? text.replaceAll(/'(?:\\.|[^'\\])*'/g, "''") : text;
  for (const [call, name] of isCall ? code.matchAll(/([A-Za-z.]+)\(/g) : []) {
    if (name?.startsWith('States.') && INTRINSICS.has(name.slice('States.'.length))) continue;
    problems.push(`${where}: ${call}…); there are States.${[...INTRINSICS].join(', States.')}`);
  }
  const itemSelector = type === 'Map' && /^(ItemSelector|Parameters)\./.test(field);
  const context = [
    ...CONTEXT_EVERYWHERE,
    ...(top ? CONTEXT_AT_THE_TOP : []),
    ...(itemSelector ? CONTEXT_OF_ITEMS : []),
  ];
  for (const [path] of code.matchAll(/\$\$[^\s,)]*/g)) {
    if (context.some((known) => path === known || path.startsWith(`${known}.`) || path.startsWith(`${known}[`)))
      continue;
    problems.push(`${where}: ${path}; here there are ${context.join(', ')}`);
  }
  return problems;
}

export function members(value: unknown): Members {
  return typeof value === 'object' && value !== null ? (value as Members) : {};
}

function list(value: unknown): readonly Members[] {
  return Array.isArray(value) ? value.map(members) : [];
}
