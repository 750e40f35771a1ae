/**
 * The one way in which a command says that it cannot go on: a message for people (what was wrong, the value, what is allowed), the next
 * thing to do, and the exit code. main.ts prints it without a stack.
 */
import { EXIT, type ExitCode } from './exit-code.ts';

export class CommandFailure extends Error {
  readonly exitCode: ExitCode;
  readonly next: string | undefined;

  constructor(exitCode: ExitCode, message: string, next?: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CommandFailure';
    this.exitCode = exitCode;
    this.next = next;
  }
}

export const preconditionMissing = (message: string, next?: string, cause?: unknown): CommandFailure =>
  new CommandFailure(EXIT.precondition, message, next, cause === undefined ? undefined : { cause });

export const usageError = (message: string, next?: string): CommandFailure =>
  new CommandFailure(EXIT.usage, message, next);

export const failed = (message: string, next?: string, cause?: unknown): CommandFailure =>
  new CommandFailure(EXIT.failure, message, next, cause === undefined ? undefined : { cause });

/** The text of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Services differ in the name of it. */
export const isAccessDenied = (error: unknown): boolean =>
  error instanceof Error && (error.name === 'AccessDeniedException' || error.name === 'AccessDenied');
