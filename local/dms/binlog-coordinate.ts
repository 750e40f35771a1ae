/**
 * A place in the binlog and its form as one number, `(file number << 32) | offset`, which is what DMS sends as transaction-id of
 * a MySQL source. Files are numbered in the order they are written, so the numbers of one lineage compare in commit order.
 */

export interface BinlogCoordinate {
  readonly file: string;
  readonly offset: number;
}

/** @throws when the file name does not end in a number, as every binlog file does. */
export function coordinateNumber({ file, offset }: BinlogCoordinate): bigint {
  const digits = /\.(\d+)$/.exec(file)?.[1];
  if (digits === undefined)
    throw new Error(
      `"${file}" is no binlog file name: expected a name that ends in a dot and a number, such as binlog.000001`,
    );
  return (BigInt(digits) << 32n) | BigInt(offset);
}
