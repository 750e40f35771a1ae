/** What request units cost at AWS's list prices. Only an order of magnitude for a plan: discounts, regions and provisioned capacity differ. */

/** On-demand, us-east-1, US dollars per million units. https://aws.amazon.com/dynamodb/pricing/on-demand/ */
const WRITE_DOLLARS_PER_MILLION = 0.625;
const READ_DOLLARS_PER_MILLION = 0.125;

export function listPriceDollars(writeUnits: number, readUnits: number): number {
  return (writeUnits * WRITE_DOLLARS_PER_MILLION + readUnits * READ_DOLLARS_PER_MILLION) / 1_000_000;
}
