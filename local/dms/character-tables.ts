/**
 * What each byte of a one-byte character set stands for, asked of the source itself. The binlog holds such text as the column's own bytes, and
 * no table that is made elsewhere agrees with the server on all of them (latin1 0x81, greek 0xA1) or knows them all (dec8, hp8). With
 * the server's table a change record has the same text as the full load, for which the server converts.
 */
import type { Connection } from 'mysql2/promise';
import { firstRow, scalar } from './source-connection.ts';

/** 256 texts, one for each byte. */
export type CharacterTable = readonly string[];
/** By the name of the character set. */
export type CharacterTables = ReadonlyMap<string, CharacterTable>;

const EVERY_BYTE = Array.from({ length: 256 }, (_, byte) => byte);

/** A character set whose bytes the server does not convert one by one is left out; the binlog reader then decodes it as it can. */
export async function readCharacterTables(connection: Connection): Promise<CharacterTables> {
  const names = await scalar(
    connection,
    `SELECT GROUP_CONCAT(CHARACTER_SET_NAME) FROM INFORMATION_SCHEMA.CHARACTER_SETS
      WHERE MAXLEN = 1 AND CHARACTER_SET_NAME NOT IN ('binary', 'ascii')`,
  );
  const tables = new Map<string, CharacterTable>();
  for (const name of names.split(',')) {
    const characters = EVERY_BYTE.map((byte) => `HEX(CONVERT(_${name} x'${hex(byte)}' USING utf8mb4))`);
    const row = await firstRow(connection, `SELECT ${characters.join(', ')}`).catch(() => []);
    if (row.length === 256)
      tables.set(
        name,
        row.map((text) => Buffer.from(text, 'hex').toString('utf8')),
      );
  }
  return tables;
}

const hex = (byte: number): string => byte.toString(16).padStart(2, '0');

/** @param bytes one character for each byte, U+0000 to U+00FF. */
export function decodeBytes(table: CharacterTable, bytes: string): string {
  let text = '';
  for (let place = 0; place < bytes.length; place++) text += table[bytes.charCodeAt(place)] ?? '';
  return text;
}
