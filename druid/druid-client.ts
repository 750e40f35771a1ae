/**
 * The few calls to Druid's Coordinator and Overlord that the feed needs, over HTTP and with nothing else. Credentials go to the one origin
 * that was named and are in no message. It decides nothing: statuses become a value or a DruidFailure.
 */
import { type DruidAnswer, DruidFailure, failureOf, noDruid } from './druid-failure.ts';
import { isArray, isObject, type Json, type JsonObject, parseJson, writeJson } from './json.ts';
import { type LookupDocument, lookupJson, readLookup } from './lookup-content.ts';

/** Where Druid is and who we are there. */
export interface DruidAddress {
  /** Without credentials and without a slash at the end. */
  readonly base: string;
  /** Value of the Authorization header. */
  readonly authorization?: string;
}

/** @throws RangeError, whose message holds no password, when the text is no address. */
export function druidAddress(text: string, authorization?: string): DruidAddress {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new RangeError('it is not a URL');
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new RangeError(`${url.protocol}// is neither http:// nor https://`);
  const { username, password } = url;
  const basic = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64');
  const given = authorization ?? (username === '' ? undefined : `Basic ${basic}`);
  return {
    base: `${url.origin}${url.pathname.replace(/\/+$/, '')}`,
    ...(given !== undefined && { authorization: given }),
  };
}

/** `fetch`, as far as it is used. */
export type Send = (url: string, request: RequestInit) => Promise<Response>;

const TIMEOUT_MS = 30_000;
const LOOKUPS = '/druid/coordinator/v1/lookups/config';
const SUPERVISORS = '/druid/indexer/v1/supervisor';

export class DruidClient {
  readonly #address: DruidAddress;
  readonly #send: Send;

  constructor(address: DruidAddress, send: Send = fetch) {
    this.#address = address;
    this.#send = send;
  }

  get base(): string {
    return this.#address.base;
  }

  /** Undefined when there is none, also when no lookup was ever made here. */
  async readLookup(tier: string, id: string): Promise<LookupDocument | undefined> {
    const what = `The lookup ${id} could not be read`;
    const answer = await this.#call(what, 'GET', `${LOOKUPS}/${encodeURIComponent(tier)}/${encodeURIComponent(id)}`);
    if (answer.status === 404 && !answer.text.trimStart().startsWith('<')) return undefined;
    const found = readLookup(this.#document(what, answer));
    if (!('otherType' in found)) return found;
    throw new DruidFailure(
      'other-lookup',
      `The lookup ${id} of tier ${tier} is of type ${found.otherType}; it was not made by this command and is left alone.`,
      'Choose other names with --prefix, or delete that lookup.',
    );
  }

  /** All in one request: Druid keeps all lookups in one row, and every update is one entry of its audit log. */
  async writeLookups(tier: string, lookups: ReadonlyMap<string, LookupDocument>): Promise<void> {
    const what = `The lookups ${[...lookups.keys()].join(', ')} could not be written`;
    const entries = [...lookups].map(([id, document]) => `${JSON.stringify(id)}:${lookupJson(document)}`);
    this.#expect(what, await this.#call(what, 'POST', LOOKUPS, `{${JSON.stringify(tier)}:{${entries.join(',')}}}`));
  }

  /** Needed once in the life of a Druid; harmless when it was done before. */
  async initialiseLookups(): Promise<void> {
    const what = 'Lookups could not be initialised';
    this.#expect(what, await this.#call(what, 'POST', LOOKUPS, '{}'));
  }

  /** The spec as Druid has it now, with its defaults filled in; undefined when there is no such supervisor. */
  async readSupervisor(id: string): Promise<JsonObject | undefined> {
    const what = `The supervisor ${id} could not be read`;
    const answer = await this.#call(what, 'GET', `${SUPERVISORS}/${encodeURIComponent(id)}`);
    if (answer.status === 404 && !answer.text.trimStart().startsWith('<')) return undefined;
    const spec = this.#document(what, answer);
    if (isObject(spec)) return spec;
    throw noDruid(what, this.base);
  }

  async supervisorIds(): Promise<readonly string[]> {
    const what = 'The supervisors could not be listed';
    const ids = this.#document(what, await this.#call(what, 'GET', SUPERVISORS));
    if (isArray(ids)) return ids.map(String).sort();
    throw noDruid(what, this.base);
  }

  /** Without the parameter every POST restarts the tasks, also one that changes nothing. */
  async writeSupervisor(id: string, spec: JsonObject): Promise<void> {
    const what = `The supervisor ${id} could not be written`;
    const path = `${SUPERVISORS}?skipRestartIfUnmodified=true`;
    this.#expect(what, await this.#call(what, 'POST', path, writeJson(spec)));
  }

  #expect(what: string, answer: DruidAnswer): string {
    if (answer.status >= 200 && answer.status < 300) return answer.text;
    throw failureOf(what, this.#address.base, answer);
  }

  #document(what: string, answer: DruidAnswer): Json {
    const text = this.#expect(what, answer);
    try {
      return parseJson(text);
    } catch {
      throw noDruid(what, this.base);
    }
  }

  async #call(what: string, method: 'GET' | 'POST', path: string, body?: string): Promise<DruidAnswer> {
    const { base, authorization } = this.#address;
    try {
      const response = await this.#send(`${base}${path}`, {
        method,
        redirect: 'manual',
        signal: AbortSignal.timeout(TIMEOUT_MS),
        headers: {
          accept: 'application/json',
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...(authorization !== undefined && { authorization }),
        },
        ...(body !== undefined && { body }),
      });
      const [contentType, location] = [response.headers.get('content-type'), response.headers.get('location')];
      return {
        status: response.status,
        text: await response.text(),
        ...(contentType !== null && { contentType }),
        ...(location !== null && { location }),
      };
    } catch (error) {
      throw new DruidFailure(
        'unreachable',
        `${what}: nothing answers at ${base} (${reasonOf(error)}).`,
        'Check DRUID_URL and that the Router runs: curl DRUID_URL/status/health answers true.',
        { cause: error },
      );
    }
  }
}

/** `fetch failed` has the reason in its cause. */
function reasonOf(error: unknown): string {
  const reason = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = (reason as { code?: unknown } | undefined)?.code;
  if (typeof code === 'string') return code;
  return reason instanceof Error ? reason.message : String(reason);
}
