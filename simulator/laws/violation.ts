/** A law that did not hold: which one, and what was seen. */

export type Law = 'L1' | 'L2' | 'L3' | 'L4' | 'L5' | 'L6' | 'L7' | 'liveness';

export class Violation extends Error {
  override readonly name = 'Violation';
  readonly law: Law;

  constructor(law: Law, message: string) {
    super(`${law}: ${message}`);
    this.law = law;
  }
}
