/**
 * Actions over many items, at most `limit` of them under way at once. Whatever was begun has ended when the call ends, also when some of it
 * fails: nothing of a failed call may still be written when its caller tries again. Results are in the order of the items.
 */

/** Runs all of them and tells how each ended: a batch must know the outcome of every item before it answers. */
export async function settleConcurrently<T, R>(
  items: readonly T[],
  limit: number,
  action: (item: T) => Promise<R>,
): Promise<readonly PromiseSettledResult<R>[]> {
  const results: PromiseSettledResult<R>[] = new Array(items.length);
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      const item = items[index] as T;
      try {
        results[index] = { status: 'fulfilled', value: await action(item) };
      } catch (reason) {
        results[index] = { status: 'rejected', reason };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane));
  return results;
}

/** Begins nothing more after a failure, and rejects with the first one. */
export async function mapConcurrently<T, R>(
  items: readonly T[],
  limit: number,
  action: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  let isBroken = false;
  const results = await settleConcurrently(items, limit, async (item) => {
    if (isBroken) return undefined;
    try {
      return await action(item);
    } catch (error) {
      isBroken = true;
      throw error;
    }
  });
  const failure = results.find((result) => result.status === 'rejected');
  if (failure) throw failure.reason;
  return results.map((result) => (result as PromiseFulfilledResult<R>).value);
}

export function slices<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
