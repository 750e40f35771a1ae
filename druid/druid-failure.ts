/**
 * What can go wrong between us and Druid, by what has to be done about it. Druid says many of these with one status and a text: a lookup
 * version that is not higher and lookups that were never initialised are both a 500 (its LookupCoordinatorResource answers every exception
 * so). The texts may hold a whole lookup, so only their beginning is kept.
 */

export type DruidFailureCode =
  | 'unreachable'
  | 'unauthorized'
  | 'forbidden'
  | 'not-leader'
  | 'no-such-api'
  | 'extension-missing'
  | 'lookups-not-initialised'
  | 'version-not-higher'
  | 'other-lookup'
  | 'unavailable'
  | 'refused'
  | 'failed';

export class DruidFailure extends Error {
  readonly code: DruidFailureCode;
  /** The next thing to do. */
  readonly next: string;

  constructor(code: DruidFailureCode, message: string, next: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DruidFailure';
    this.code = code;
    this.next = next;
  }
}

export interface DruidAnswer {
  readonly status: number;
  readonly text: string;
  readonly contentType?: string;
  /** Where a redirect points. */
  readonly location?: string;
}

/** Failures that may be over in a moment. */
export const isPassing = ({ code }: DruidFailure): boolean =>
  code === 'unreachable' || code === 'unavailable' || code === 'failed';

const SHOWN_MAX = 300;
const WHERE_THE_API_IS =
  'DRUID_URL must be the Router with druid.router.managementProxy.enabled=true, or the Coordinator that is also the Overlord.';

/** `what` begins the message: `The lookup metric_name could not be read`. */
export function failureOf(what: string, origin: string, answer: DruidAnswer): DruidFailure {
  const { status, location } = answer;
  const said = shown(answer);
  const failure = (code: DruidFailureCode, reason: string, next: string): DruidFailure =>
    new DruidFailure(code, `${what}: ${reason}`, next);
  if (status === 401)
    return failure(
      'unauthorized',
      `Druid at ${origin} does not accept the credentials (401).`,
      'Give them as http://user:password@host:port in DRUID_URL, or as a whole Authorization header in DRUID_AUTH (`Basic …`, `Bearer …`).',
    );
  if (status === 403)
    return failure(
      'forbidden',
      `this user may not do it (403).${said}`,
      'Lookups need READ and WRITE on CONFIG, supervisors READ and WRITE on the datasource; a Druid administrator grants them.',
    );
  if (status >= 300 && status < 400)
    return failure(
      'not-leader',
      `${origin} is not the leader and points to ${originOf(location) ?? 'another server'} (${status}).`,
      'Put the Router, or that server, into DRUID_URL. A redirect is not followed, so that the credentials go nowhere else.',
    );
  if (/Could not resolve type id '(kinesis|kafka)'/.test(answer.text))
    return failure(
      'extension-missing',
      `Druid does not know this type of supervisor.${said}`,
      'Add druid-kinesis-indexing-service (for Kafka: druid-kafka-indexing-service) to druid.extensions.loadList on Overlord and MiddleManagers, and restart them.',
    );
  if (/Not initialized/.test(answer.text))
    return failure(
      'lookups-not-initialised',
      'this Druid has never had lookups.',
      'Initialise them: curl -X POST -H "Content-Type: application/json" -d "{}" DRUID_URL/druid/coordinator/v1/lookups/config',
    );
  if (/can't replace existing spec/.test(answer.text))
    return failure(
      'version-not-higher',
      'Druid has a higher version by now.',
      'Somebody else writes the same lookup; let only one do it, or choose another --prefix.',
    );
  if (status === 404 && isPage(answer))
    return failure('no-such-api', `${origin} does not have this API (404).`, WHERE_THE_API_IS);
  if (status === 502 || status === 503 || status === 504)
    return failure('unavailable', `Druid is not ready (${status}).${said}`, 'Try again in a minute.');
  if (status >= 400 && status < 500)
    return failure(
      'refused',
      `Druid refused it (${status}).${said}`,
      'What Druid says names the member that is wrong.',
    );
  return failure(
    'failed',
    `Druid failed (${status}).${said}`,
    "Druid's own log on the Coordinator or Overlord says more.",
  );
}

/** Something answers and it is not Druid: a proxy's page to log in comes with a 200 as well. */
export const noDruid = (what: string, origin: string): DruidFailure =>
  new DruidFailure('no-such-api', `${what}: ${origin} answers something that is not of Druid.`, WHERE_THE_API_IS);

/** Jetty's answer to a path that no resource has; Druid's own 404 is JSON or empty. */
const isPage = ({ text, contentType = '' }: DruidAnswer): boolean =>
  contentType.includes('html') || /^\s*<(!doctype|html)/i.test(text);

function shown(answer: DruidAnswer): string {
  if (answer.text === '' || isPage(answer)) return '';
  const text = messageIn(answer.text).replace(/\s+/g, ' ').trim();
  return ` It says: ${text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text}`;
}

/** Druid has two forms of an error: `{"error": "…"}`, and since version 27 `{"error": "druidException", "errorMessage": "…"}`. */
function messageIn(text: string): string {
  try {
    const { error, errorMessage } = JSON.parse(text) as { error?: unknown; errorMessage?: unknown };
    if (typeof errorMessage === 'string') return errorMessage;
    return typeof error === 'string' ? error : text;
  } catch {
    return text;
  }
}

function originOf(location: string | undefined): string | undefined {
  try {
    return location === undefined ? undefined : new URL(location).origin;
  } catch {
    return undefined;
  }
}
