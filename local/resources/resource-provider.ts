/** The port between the template interpreter and the code that makes one CloudFormation resource type real on this machine. */
import type { LocalAws } from '../local-aws.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [member: string]: Json };

/** One resource of the template, with every intrinsic function resolved. */
export interface ResolvedResource {
  readonly stackName: string;
  readonly logicalId: string;
  readonly type: string;
  readonly properties: { readonly [property: string]: Json };
}

/** What a provider made. `ref` and `attributes` answer `Ref` and `Fn::GetAtt`. */
export interface CreatedResource {
  readonly ref: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Begins to move records; called once after every resource of every stack exists, in creation order. */
  start?(): Promise<void>;
  /** Finishes what is under way and stops; called in reverse order. */
  stop?(): Promise<void>;
  /** For `relay status`: plain JSON, e.g. state, lagMs, lastError. */
  status?(): Record<string, unknown>;
}

export interface ResourceProvider {
  readonly type: string;
  /** Top-level properties that this provider honours or knowingly ignores; any other one is reported before anything starts. */
  readonly properties: readonly string[];
  /** Must be idempotent: after a restart the resource may already exist in the emulator. */
  create(resource: ResolvedResource, aws: LocalAws): Promise<CreatedResource>;
}
