/**
 * The answers of Druid's Coordinator and Overlord in the forms that their source has, and the refusals as exceptions. The forms are taken
 * from the classes named at each; nothing here was compared with a running Druid.
 */

export interface DruidResponse {
  readonly status: number;
  /** JSON; undefined for an empty body. */
  readonly body?: unknown;
  /** Text instead of JSON. */
  readonly text?: string;
  readonly contentType?: string;
}

export const json = (body: unknown, status = 200): DruidResponse => ({ status, body });

export const empty = (status: number): DruidResponse => ({ status });

/** ServletResourceUtils.sanitizeException: one member with the message. */
export const error = (status: number, message: string): DruidResponse => json({ error: message }, status);

/** ErrorResponse of a DruidException, as InvalidInput makes it. */
export const invalidInput = (errorMessage: string): DruidResponse =>
  json(
    {
      error: 'druidException',
      errorCode: 'invalidInput',
      persona: 'USER',
      category: 'INVALID_INPUT',
      errorMessage,
      context: {},
    },
    400,
  );

/** Jetty's page for a path that no resource has. */
export const noSuchPath = (path: string): DruidResponse => ({
  status: 404,
  contentType: 'text/html;charset=iso-8859-1',
  text: `<html><head><title>Error 404 Not Found</title></head><body><h2>HTTP ERROR 404 Not Found</h2><p>URI: ${path.replace(/[<>&]/g, '')}</p></body></html>`,
});

/** A request that Druid refuses, thrown from inside the rules. */
export class Refused extends Error {
  readonly response: DruidResponse;

  constructor(response: DruidResponse) {
    super(JSON.stringify(response.body ?? response.text ?? response.status));
    this.name = 'Refused';
    this.response = response;
  }
}

export type JsonMap = Record<string, unknown>;

export const isMap = (value: unknown): value is JsonMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const mapAt = (value: unknown, name: string): JsonMap | undefined => {
  const found = isMap(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  return isMap(found) ? found : undefined;
};
