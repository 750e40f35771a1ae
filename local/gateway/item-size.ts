/**
 * The size of a DynamoDB item in bytes by AWS's published rules (DynamoDB developer guide, "DynamoDB item sizes and formats"):
 * names and strings by their UTF-8 length, numbers about a byte for two significant digits and one more, one byte for null and
 * boolean, three bytes for a list or map and one for each element in it. Pure.
 */

type Members = { readonly [member: string]: unknown };

/** Overhead of a list or map, whatever it holds. */
const CONTAINER_BYTES = 3;
/** Overhead of each element of a list or map. */
const ELEMENT_BYTES = 1;
/** A number never takes more than this. */
const LARGEST_NUMBER_BYTES = 21;

/** `item` as it stands in a request: attribute name → `{ S | N | B | BOOL | NULL | SS | NS | BS | L | M }`. */
export function itemSize(item: unknown): number {
  let size = 0;
  for (const [name, value] of Object.entries(membersOf(item))) size += Buffer.byteLength(name) + valueSize(value);
  return size;
}

/** Size of one typed value, without its name; 0 for something that is no attribute value. */
export function valueSize(value: unknown): number {
  const [type, content] = Object.entries(membersOf(value))[0] ?? [];
  switch (type) {
    case 'S':
      return typeof content === 'string' ? Buffer.byteLength(content) : 0;
    case 'N':
      return numberSize(content);
    case 'B':
      return binarySize(content);
    case 'BOOL':
    case 'NULL':
      return 1;
    case 'SS':
      return sum(content, (text) => Buffer.byteLength(String(text)));
    case 'NS':
      return sum(content, numberSize);
    case 'BS':
      return sum(content, binarySize);
    case 'L':
      return CONTAINER_BYTES + sum(content, (element) => ELEMENT_BYTES + valueSize(element));
    case 'M':
      return (
        CONTAINER_BYTES +
        Object.entries(membersOf(content)).reduce(
          (size, [name, element]) => size + ELEMENT_BYTES + Buffer.byteLength(name) + valueSize(element),
          0,
        )
      );
    default:
      return 0;
  }
}

/** Leading and trailing zeros are trimmed; the sign is not counted in AWS's approximation. */
function numberSize(content: unknown): number {
  const [mantissa = ''] = String(content).toLowerCase().split('e');
  const digits = mantissa
    .replace(/[^0-9]/g, '')
    .replace(/^0+/, '')
    .replace(/0+$/, '');
  return Math.min(Math.ceil(digits.length / 2) + 1, LARGEST_NUMBER_BYTES);
}

function binarySize(content: unknown): number {
  return typeof content === 'string' ? Buffer.byteLength(content, 'base64') : 0;
}

function sum(list: unknown, size: (element: unknown) => number): number {
  return Array.isArray(list) ? list.reduce((total: number, element) => total + size(element), 0) : 0;
}

function membersOf(value: unknown): Members {
  return typeof value === 'object' && value !== null ? (value as Members) : {};
}
