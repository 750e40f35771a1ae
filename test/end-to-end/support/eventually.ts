/**
 * Waiting by condition, with a deadline that only a defect reaches. A failure says what was awaited, what was last seen, and which
 * errors the look met on the way.
 */
import { setTimeout as delay } from 'node:timers/promises';

/** At least; twice as long as a look took, so that the looking does not slow down what is looked at. */
const LOOK_EVERY_MS = 40;
const WITHIN_MS = 60_000;
const SHOWN_MAX = 3_000;

/** Looks until the answer is not undefined. */
export async function eventually<T>(
  awaited: string,
  look: () => Promise<T | undefined> | T | undefined,
  seen: () => unknown = () => undefined,
  withinMs = WITHIN_MS,
): Promise<T> {
  const end = Date.now() + withinMs;
  let lastError: unknown;
  for (;;) {
    const lookedAt = Date.now();
    try {
      const found = await look();
      if (found !== undefined) return found;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (Date.now() > end) {
      const trouble = lastError === undefined ? '' : `; the last look failed: ${String(lastError)}`;
      throw new Error(
        `Awaited for ${withinMs} ms: ${awaited}. Seen instead: ${shown(await Promise.resolve(seen()))}${trouble}`,
      );
    }
    await delay(Math.max(LOOK_EVERY_MS, 2 * (Date.now() - lookedAt)));
  }
}

/** Looks until the condition holds. */
export async function until(
  awaited: string,
  holds: () => Promise<boolean> | boolean,
  seen: () => unknown = () => undefined,
  withinMs = WITHIN_MS,
): Promise<void> {
  await eventually(awaited, async () => ((await holds()) ? true : undefined), seen, withinMs);
}

function shown(value: unknown): string {
  const text = JSON.stringify(value, (_name, member: unknown) =>
    typeof member === 'bigint' ? member.toString() : member instanceof Map ? [...member] : member,
  );
  return text === undefined ? 'nothing' : text.slice(0, SHOWN_MAX);
}
