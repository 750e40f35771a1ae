/** How long a source waits for one answer. Without it a request that is never answered would hold its shard for ever. */

/** Longer than the longest long poll. */
const ANSWER_LIMIT_MS = 30_000;

/** Options for one `send` of an SDK client; with `signal`, it also ends when that aborts. */
export function withinLimit(signal?: AbortSignal): { readonly abortSignal: AbortSignal } {
  const limit = AbortSignal.timeout(ANSWER_LIMIT_MS);
  return { abortSignal: signal === undefined ? limit : AbortSignal.any([signal, limit]) };
}
