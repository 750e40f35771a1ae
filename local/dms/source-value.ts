/**
 * One column value of the source in the one form that the encoder takes: exact text, bytes or null. The full load hands over the
 * bytes of MySQL's text protocol, CDC what the binlog reader decoded; after this file nobody can tell which it was.
 */
import type { ColumnType } from './column-type.ts';

export type SourceValue = string | Buffer | null;

/** From a query result read as raw bytes on a connection whose character set is utf8mb4 and whose time zone is UTC. */
export function valueFromQuery(type: ColumnType, raw: Buffer | null): SourceValue {
  if (raw === null || type.kind === 'bytes' || type.kind === 'bit') return raw;
  const text = raw.toString('utf8');
  if (type.kind === 'year' || type.kind === 'float') return String(Number(text));
  // ZEROFILL is how a query prints a number, not what the number is: the binlog has no such zeros, and JSON allows none.
  if (type.kind === 'integer' || type.kind === 'decimal') return text.replace(/^(-?)0+(?=\d)/, '$1');
  return text;
}

/** From the binlog reader (dates as strings, JSON as text, 64-bit integers as number or text, whichever is exact). */
export function valueFromBinlog(type: ColumnType, value: unknown): SourceValue {
  if (value === null) return null;
  // The member with index 0 of an ENUM is the empty string that MySQL stores for a value it refused.
  if (value === undefined) return '';
  if (Buffer.isBuffer(value)) return type.kind === 'bytes' || type.kind === 'bit' ? value : value.toString('utf8');
  // YEAR is one byte, counted from 1900; a zero byte is the year 0000, and 1900 itself is no legal YEAR.
  if (type.kind === 'year') return value === 1900 ? '0' : String(value);
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string')
    throw new Error(`The binlog reader gave a ${typeof value} for a column of type ${type.dmsType}`);
  if (type.kind === 'time') return repairTime(value);
  return type.kind === 'bytes' ? Buffer.from(value, 'utf8') : value;
}

/**
 * A negative TIME without a fraction arrives one second short of its carry (`-00:00:64` for `-00:01:00`): the reader adds its
 * one to the seconds after it has cut the packed number into 10 + 6 + 6 bits. Putting the parts together again carries it.
 */
function repairTime(text: string): string {
  const match = /^-(\d+):(\d\d):(\d\d)(\.0+)?$/.exec(text);
  if (match === null) return text;
  const packed = (Number(match[1]) << 12) + (Number(match[2]) << 6) + Number(match[3]);
  const two = (number: number) => String(number).padStart(2, '0');
  return `-${two(packed >> 12)}:${two((packed >> 6) & 63)}:${two(packed & 63)}${match[4] ?? ''}`;
}
