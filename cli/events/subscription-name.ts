/** Names of the temporary rule and queue of a subscription. The time in the name lets a later run recognise what a killed one left. */

export const SUBSCRIPTION_PREFIX = 'relay-tail-';

const LEFTOVER_AFTER_SECONDS = 24 * 60 * 60;

export function subscriptionName(nowMs: number, suffix: string): string {
  return `${SUBSCRIPTION_PREFIX}${Math.floor(nowMs / 1000)}-${suffix}`;
}

/** Whether the name is one of ours and older than a day. A name in another form is somebody else's. */
export function isLeftover(name: string, nowMs: number): boolean {
  const seconds = /^relay-tail-(\d{10})-[0-9a-f]{8}$/.exec(name)?.[1];
  return seconds !== undefined && nowMs / 1000 - Number(seconds) > LEFTOVER_AFTER_SECONDS;
}
