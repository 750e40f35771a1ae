/** An event pattern that somebody gives a command as text: refused before a bus is asked, with the place that is wrong and what is allowed there. */
import { compilePattern, EventPatternError } from '#local/eventbridge/event-pattern.ts';
import { usageError } from '../command-failure.ts';

/** The pattern parsed, refused with the place and what is allowed there before anybody is asked. */
export function usablePattern(text: string): { readonly [member: string]: unknown } {
  const pattern = JSON.parse(checkedPattern(text)) as { readonly [member: string]: unknown };
  try {
    compilePattern(pattern);
    return pattern;
  } catch (error) {
    if (!(error instanceof EventPatternError)) throw error;
    throw usageError(
      `--pattern is no event pattern: ${error.message}.`,
      `Values stand in lists: --pattern '{"detail":{"data":{"change":["DELETED"]}}}'. See docs/subscribing.md.`,
    );
  }
}

/** What is no JSON object at all is refused wherever the bus is. */
export function checkedPattern(text: string): string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    parsed = undefined;
  }
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return text;
  throw usageError(
    `--pattern ${text} is not a JSON object.`,
    `Give an EventBridge event pattern, for example --pattern '{"detail":{"data":{"change":["DELETED"]}}}'.`,
  );
}
