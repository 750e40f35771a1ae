/**
 * Runs a pure decision about a record. What throws there throws at every retry, so it is told from the faults of the infrastructure here,
 * where it is known to be pure, and never by the kind of the error: an SDK throws TypeErrors and SyntaxErrors for a broken connection.
 */
import { RelayError } from './relay-error.ts';

/** @throws RelayError `INVARIANT_BROKEN` for anything but a RelayError that the decision throws itself. */
export function decided<T>(what: string, decision: () => T): T {
  try {
    return decision();
  } catch (cause) {
    if (cause instanceof RelayError) throw cause;
    throw new RelayError('INVARIANT_BROKEN', `${what} failed: a defect, the record is not to blame`, { cause });
  }
}
