/** Takes down what was put up, last first. One part that does not stop must not leave the others running. */
export async function takeDown(undo: (() => Promise<unknown>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (let step = undo.pop(); step !== undefined; step = undo.pop())
    await step().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw new AggregateError(failures, 'parts of the pipeline did not stop');
}
