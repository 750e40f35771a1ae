/** What the dead wait for. Of an invocation that was killed, and of a poller that was lost, nothing more is heard, not even an error. */
export const never = (): Promise<never> => new Promise(() => {});
