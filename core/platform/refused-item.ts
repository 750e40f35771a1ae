/**
 * Tells a write that DynamoDB refuses for its content from one that may succeed later. DynamoDB has one ValidationException for both the
 * content of an item and the form of a request, so the text decides. What is known to be a wrong table stays a plain error, which is
 * retried; any other refusal would come again at every retry, so it sets its record aside. Reasons never quote a value of a row.
 */
import { RelayError } from '../error/relay-error.ts';

const TOO_LARGE = /item size .*exceeded|Item size to update has exceeded|exceeds? the maximum allowed size/i;

/** The table is not the one of the template: somebody made it by hand, or the environment names another one. No record's fault. */
const WRONG_TABLE =
  /does not match the schema|required keys was not given|missing the key|type mismatch for (index )?key|number of conditions on the keys|key schema|does not match schema type|KMS/i;

/** What is wrong with an item, by the words of AWS's DynamoDB and of DynamoDB Local. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [
    /hashkey|hash primary key|range keys? |size of .*key/i,
    'a key is longer than 2048 bytes (partition) or 1024 bytes (sort)',
  ],
  [/empty string|empty binary/i, 'a key is empty'],
  [
    /38 digits|significant digits|number overflow|number underflow|magnitude|numeric value|into a number/i,
    'a number has more than 38 digits, lies outside 1E-130 to 9.99E+125, or is none',
  ],
  [/set +may not be empty|contains duplicates/i, 'a set is empty or holds a member twice'],
  [/nest/i, 'it is nested more than 32 levels deep'],
  [/attribute name/i, 'the name of an attribute is empty or longer than 64 KB'],
];

/** `error` as the rest of the pipeline is to see it: a RelayError when the same write would be refused again, else as it came. */
export function asRefusal(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (TOO_LARGE.test(error.message))
    return new RelayError('ITEM_TOO_LARGE', 'an item would pass the 400 KB that DynamoDB allows', { cause: error });
  if (error.name !== 'ValidationException' || WRONG_TABLE.test(error.message)) return error;
  const known = REASONS.find(([pattern]) => pattern.test(error.message))?.[1];
  return new RelayError(
    'ITEM_REFUSED',
    `DynamoDB refuses an item: ${known ?? 'its answer is none that this version knows; see the cause'}`,
    { cause: error },
  );
}

/** A reason of a cancelled transaction that is neither a failed condition nor a conflict, as the error of a single write. */
export function cancellationError(code: string, message: string, cause: Error): unknown {
  const error = new Error(`transaction cancelled: ${code}: ${message}`, { cause });
  // A cancelled transaction spells the code of a refused item differently.
  if (code === 'ValidationError') error.name = 'ValidationException';
  return asRefusal(error);
}
