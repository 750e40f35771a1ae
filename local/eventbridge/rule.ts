/**
 * A rule of a bus and its targets, checked the same way whether they come from the template or through the API. A member that
 * is not honoured here is refused by name, so that nobody relies on a setting that does nothing.
 */
import * as z from 'zod';
import { compilePatternText } from './event-pattern.ts';
import { checkPath } from './json-path.ts';

export const ruleTarget = z
  .strictObject({
    Id: z.string().min(1).max(64),
    Arn: z.string().startsWith('arn:'),
    RoleArn: z.string().optional(),
    /** JSON text that replaces the event. */
    Input: z.string().optional(),
    InputPath: z.string().optional(),
    InputTransformer: z
      .strictObject({ InputPathsMap: z.record(z.string(), z.string()).optional(), InputTemplate: z.string() })
      .optional(),
    SqsParameters: z.strictObject({ MessageGroupId: z.string().optional() }).optional(),
    KinesisParameters: z.strictObject({ PartitionKeyPath: z.string() }).optional(),
    RetryPolicy: z
      .strictObject({
        MaximumEventAgeInSeconds: z.int().min(60).max(86_400).optional(),
        MaximumRetryAttempts: z.int().min(0).max(185).optional(),
      })
      .optional(),
    DeadLetterConfig: z.strictObject({ Arn: z.string().optional() }).optional(),
  })
  .refine(
    (target) =>
      [target.Input, target.InputPath, target.InputTransformer].filter((one) => one !== undefined).length <= 1,
    {
      message: 'only one of Input, InputPath and InputTransformer is allowed',
    },
  )
  .refine((target) => TARGET_KINDS.some((kind) => kind.arn.test(target.Arn)), {
    message:
      'this kind of target is not supported here; supported are SQS queues, Lambda functions, Kinesis streams and event buses',
    path: ['Arn'],
  });
export type RuleTarget = z.infer<typeof ruleTarget>;

export type TargetKind = 'queue' | 'function' | 'stream' | 'bus';

const TARGET_KINDS: readonly { readonly kind: TargetKind; readonly arn: RegExp }[] = [
  { kind: 'queue', arn: /^arn:aws:sqs:[^:]*:\d{12}:[^:]+$/ },
  { kind: 'function', arn: /^arn:aws:lambda:[^:]*:\d{12}:function:/ },
  { kind: 'stream', arn: /^arn:aws:kinesis:[^:]*:\d{12}:stream\// },
  { kind: 'bus', arn: /^arn:aws:events:[^:]*:\d{12}:event-bus\// },
];

export interface Rule {
  readonly busName: string;
  readonly name: string;
  readonly arn: string;
  readonly description?: string;
  readonly patternText: string;
  readonly enabled: boolean;
  readonly matches: (event: unknown) => boolean;
  readonly targets: Map<string, RuleTarget>;
  /** Rules of the template are made anew in every run; rules of the API are kept by the store. */
  readonly origin: 'template' | 'api';
}

/** AWS's limit on the text of a pattern. */
const LONGEST_PATTERN = 4096;

export function newRule(
  rule: Omit<Rule, 'arn' | 'matches' | 'targets'>,
  place: { readonly region: string; readonly accountId: string },
): Rule {
  if (rule.patternText.length > LONGEST_PATTERN)
    throw new Error(
      `the pattern of rule ${rule.name} has ${rule.patternText.length} characters; at most ${LONGEST_PATTERN} are allowed`,
    );
  const within = rule.busName === 'default' ? '' : `${rule.busName}/`;
  return {
    ...rule,
    arn: `arn:aws:events:${place.region}:${place.accountId}:rule/${within}${rule.name}`,
    matches: compilePatternText(rule.patternText),
    targets: new Map(),
  };
}

export function kindOf(target: RuleTarget): TargetKind {
  const found = TARGET_KINDS.find(({ arn }) => arn.test(target.Arn));
  if (found === undefined) throw new Error(`${target.Arn} is not a kind of target that is supported here`);
  return found.kind;
}

/** Checks a target; throws one sentence that lists everything wrong with it. */
export function parseTarget(target: unknown): RuleTarget {
  const result = ruleTarget.safeParse(target);
  if (result.success) {
    const { InputPath, InputTransformer, KinesisParameters } = result.data;
    const paths = [
      InputPath,
      KinesisParameters?.PartitionKeyPath,
      ...Object.values(InputTransformer?.InputPathsMap ?? {}),
    ];
    for (const path of paths) if (path !== undefined) checkPath(path);
    return result.data;
  }
  const problems = result.error.issues.map((issue) => `${issue.path.join('.') || 'the target'}: ${issue.message}`);
  throw new Error(`the target is not valid or not supported: ${problems.join('; ')}`);
}
