/**
 * Events that somebody gives a command in a file or on stdin: one event, an array of events, or one a line as `events tail --json` prints
 * them; each in its envelope, or the bare detail, which is then put into one.
 */
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { messageOf, preconditionMissing, usageError } from '../command-failure.ts';

type Members = { readonly [member: string]: unknown };

/** @param place path of a file, or `-` for stdin. */
export async function readGivenEvents(place: string): Promise<readonly Members[]> {
  const events = parseGivenEvents(place === '-' ? await text(process.stdin) : await contentOf(place), place);
  if (events.length === 0) throw usageError(`${nameOf(place)} holds no event.`, 'Give at least one.');
  return events;
}

export function parseGivenEvents(content: string, place: string): readonly Members[] {
  const values = wholeOrLines(content, place);
  return values.map((value, index) => {
    if (isMembers(value)) return envelopeOf(value);
    throw usageError(
      `Event ${index + 1} of ${nameOf(place)} is ${JSON.stringify(value)?.slice(0, 80)}, which is no JSON object.`,
      'Give an event as `npx relay events tail --json` prints it.',
    );
  });
}

function wholeOrLines(content: string, place: string): readonly unknown[] {
  try {
    const whole: unknown = JSON.parse(content);
    return Array.isArray(whole) ? whole : [whole];
  } catch {
    return content
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line, index) => parsedLine(line, index + 1, place));
  }
}

function parsedLine(line: string, number: number, place: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw usageError(
      `Line ${number} of ${nameOf(place)} is not JSON: ${messageOf(error)}`,
      'Give one event, an array of events, or one event a line.',
    );
  }
}

/** A detail alone, as in the documentation of the contract, in what EventBridge puts around it. */
function envelopeOf(value: Members): Members {
  if ('detail-type' in value || 'detail' in value || !('data' in value)) return value;
  return {
    version: '0',
    id: '00000000-0000-0000-0000-000000000000',
    'detail-type': 'MetricChanged',
    source: 'metric-relay',
    account: '000000000000',
    time: '2026-01-01T00:00:00Z',
    region: 'us-east-1',
    resources: [],
    detail: value,
  };
}

async function contentOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw preconditionMissing(
      `The file ${path} could not be read: ${messageOf(error)}`,
      'Give the path of a file with an event, or - for stdin.',
      error,
    );
  }
}

const nameOf = (place: string): string => (place === '-' ? 'stdin' : place);

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
