/** Values of options as they are allowed. A refused one says what it was and what is allowed; the command line adds which option. */
import { InvalidArgumentError } from 'commander';

export function wholeNumber(lowest: number, highest: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= lowest && value <= highest) return value;
    throw new InvalidArgumentError(`Allowed: a whole number from ${lowest} to ${highest}.`);
  };
}

export function nonNegativeNumber(text: string): number {
  const value = /^\d{1,9}(\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN;
  if (value <= 1000) return value;
  throw new InvalidArgumentError('Allowed: a number from 0 to 1000.');
}

export const port = wholeNumber(1, 65_535);

/** Forms in which the event contract is printed. */
export const SCHEMA_FORMATS = ['json-schema', 'draft-04', 'asyncapi', 'example'] as const;
