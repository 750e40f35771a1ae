/**
 * What the Lambda service of this machine has: its functions and event source mappings. Providers add to it, the front end and
 * the other providers look things up. One per running pipeline.
 */
import { createHash } from 'node:crypto';
import type { FunctionHost } from './function-host.ts';

/** An event source mapping as the API sees it. */
export interface RunningMapping {
  readonly uuid: string;
  readonly arn: string;
  readonly functionArn: string;
  readonly eventSourceArn: string;
  readonly batchSize: number;
  readonly windowSeconds: number;
  enabled(): boolean;
  setEnabled(enabled: boolean): Promise<void>;
  status(): { readonly batches: number; readonly lastError?: string | undefined };
}

export class LambdaRegistry {
  readonly #functions = new Map<string, FunctionHost>();
  readonly mappings = new Map<string, RunningMapping>();

  addFunction(host: FunctionHost): void {
    this.#functions.set(host.name, host);
  }

  /** By name, ARN, or either with a `:$LATEST` behind it. */
  function(nameOrArn: string): FunctionHost | undefined {
    const unqualified = nameOrArn.replace(/:\$LATEST$/, '');
    const name = unqualified.startsWith('arn:') ? unqualified.split(':')[6] : unqualified;
    return name === undefined ? undefined : this.#functions.get(name);
  }
}

/** A UUID that is the same in every run, so that checkpoints are found again. */
export function stableUuid(...parts: readonly string[]): string {
  const hex = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
