/** One kind of random write. It runs inside a transaction that somebody else opens, commits or takes back, and may run beside others. */
import type { Dice } from './dice.ts';

export interface SoakWrite {
  readonly kind: string;
  /** How often, against the sum of all weights. */
  readonly weight: number;
  write(dice: Dice): Promise<void>;
}
