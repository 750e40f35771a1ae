// Full load and binlog are two different readers of the same value; both must write the same text.
import { parse as parseLossless } from 'lossless-json';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DmsWorld, eventually, rulesFor, startDmsWorld, TEMPLATE_SETTINGS } from './dms-world.ts';

let world: DmsWorld;
beforeAll(async () => {
  world = await startDmsWorld();
});
afterAll(() => world.stop());

/** Column type, SQL literal, and the JSON text that DMS writes. */
const CASES: readonly (readonly [type: string, literal: string, json: string])[] = [
  ['TINYINT', '-128', '-128'],
  ['TINYINT(1)', '1', '1'],
  ['TINYINT UNSIGNED', '255', '255'],
  ['SMALLINT', '-32768', '-32768'],
  ['MEDIUMINT', '-8388608', '-8388608'],
  ['MEDIUMINT UNSIGNED', '16777215', '16777215'],
  ['INT', '-2147483648', '-2147483648'],
  ['INT UNSIGNED', '4294967295', '4294967295'],
  ['BIGINT', '-9223372036854775808', '-9.223372036854776e+18'],
  ['BIGINT', '9007199254740991', '9007199254740991'],
  ['BIGINT UNSIGNED', '18446744073709551615', '1.8446744073709552e+19'],
  ['DECIMAL(20,10)', '0.95', '0.95'],
  ['DECIMAL(20,10)', '-1234567890.0987654321', '-1234567890.0987654'],
  ['DECIMAL(10,0)', '110', '110'],
  ['FLOAT', '0.1', '0.10000000149011612'],
  ['FLOAT', '-3.4028234e38', '-3.4028234663852886e+38'],
  ['DOUBLE', '0.1', '0.1'],
  ['DOUBLE', '1.7976931348623157e308', '1.7976931348623157e+308'],
  ['BIT(1)', "b'1'", 'true'],
  ['BIT(1)', "b'0'", 'false'],
  ['BIT(10)', "b'1000000001'", '"0x0201"'],
  ['BIT(64)', "b'11'", '"0x0000000000000003"'],
  ['YEAR', '2026', '2026'],
  ['YEAR', "'0000'", '0'],
  ['DATE', "'2018-02-15'", '"2018-02-15"'],
  ['DATE', "'0000-00-00'", 'null'],
  ['DATE', "'2026-00-00'", 'null'],
  ['TIME', "'-838:59:59'", '"-838:59:59"'],
  ['TIME', "'-00:01:00'", '"-00:01:00"'],
  ['TIME', "'-23:00:00'", '"-23:00:00"'],
  ['TIME(2)', "'-00:01:00'", '"-00:01:00.00"'],
  ['TIME(1)', "'-00:00:59.5'", '"-00:00:59.5"'],
  ['TIME(6)', "'-01:02:03.000001'", '"-01:02:03.000001"'],
  ['TIME(3)', "'23:59:59.999'", '"23:59:59.999"'],
  ['DATETIME', "'2018-02-15 18:23:45'", '"2018-02-15T18:23:45Z"'],
  ['DATETIME(1)', "'2018-02-15 18:23:45.5'", '"2018-02-15T18:23:45.5Z"'],
  ['DATETIME(6)', "'2018-02-15 18:23:45.123456'", '"2018-02-15T18:23:45.123456Z"'],
  ['DATETIME(6)', "'2018-02-15 18:23:45'", '"2018-02-15T18:23:45.000000Z"'],
  ['DATETIME', "'9999-12-31 23:59:59'", '"9999-12-31T23:59:59Z"'],
  ['DATETIME', "'0000-00-00 00:00:00'", 'null'],
  ['TIMESTAMP', "'2018-02-15 18:23:45'", '"2018-02-15T16:23:45Z"'],
  ['TIMESTAMP(6)', "'2018-02-15 18:23:45.654321'", '"2018-02-15T16:23:45.654321Z"'],
  ['TIMESTAMP', "'0000-00-00 00:00:00'", 'null'],
  ['CHAR(5)', "'ab'", '"ab"'],
  ['CHAR(5)', "''", '""'],
  ['VARCHAR(20)', "'a\\\"b\\\\c\\nd'", '"a\\"b\\\\c\\nd"'],
  ['VARCHAR(20)', "'naïve 🚀'", '"naïve 🚀"'],
  ['VARCHAR(20)', "'before\\0after'", '"before"'],
  ['VARCHAR(20) CHARACTER SET latin1', "'é€ÿ'", '"é€ÿ"'],
  ['VARCHAR(20) CHARACTER SET utf16', "'é🚀'", '"é🚀"'],
  ['TEXT', "'long text'", '"long text"'],
  ['LONGTEXT', "'longer text'", '"longer text"'],
  ['BINARY(4)', "x'0100'", '"0x01000000"'],
  ['BINARY(4)', "x'01020304'", '"0x01020304"'],
  ['VARBINARY(8)', "x'ff00'", '"0xff00"'],
  ['VARBINARY(8)', "x''", '"0x"'],
  ['BLOB', "x'fffe00'", '"0xfffe00"'],
  ['LONGBLOB', "x'00'", '"0x00"'],
  ["ENUM('a','b,c','d''e')", "'b,c'", '"b,c"'],
  ["ENUM('a','b')", '0', '""'],
  ["SET('p','q','r')", "'p,r'", '"p,r"'],
  ["SET('p','q')", "''", '""'],
  ['JSON', `'{"n": 9007199254740993, "s": "x"}'`, '"{\\"n\\": 9007199254740993, \\"s\\": \\"x\\"}"'],
  ['POINT', 'POINT(1,2)', '"0x000000000101000000000000000000f03f0000000000000040"'],
];

/** Text of each member of `data`, digits untouched. */
function dataOf(text: string): Map<string, string> {
  const record = parseLossless(text, null, (digits) => ({ digits })) as { data: Record<string, unknown> };
  return new Map(
    Object.entries(record.data).map(([name, value]) => [
      name,
      value !== null && typeof value === 'object' && 'digits' in value ? String(value.digits) : JSON.stringify(value),
    ]),
  );
}

describe('values of every MySQL type', () => {
  it('are the same in a load record and in an insert record, and as documented', async () => {
    const { connection } = world;
    await connection.query("SET sql_mode = '', time_zone = '+02:00'");
    const columns = CASES.map(([type], index) => `c${index} ${type} NULL`);
    await connection.query(
      `CREATE TABLE every_type (id BIGINT UNSIGNED PRIMARY KEY, ${columns.join(', ')}) CHARACTER SET utf8mb4 ROW_FORMAT=DYNAMIC`,
    );
    const insert = (id: number) =>
      connection.query(`INSERT INTO every_type VALUES (${id}, ${CASES.map(([, literal]) => literal).join(', ')})`);
    await insert(1);
    await connection.query(`INSERT INTO every_type (id) VALUES (3)`);
    const stream = await world.createStream(1);
    const replication = await world.startReplication(stream, { rules: rulesFor('lph') });
    try {
      await eventually(replication.status, ({ state }) => state === 'replicating');
      await insert(2);
      const records = await eventually(
        () => world.recordsOn(stream),
        (all) => all.some(({ text }) => text.includes('"operation":"insert"')),
      );
      const rows = new Map(
        records
          .filter(({ text }) => text.includes('"record-type":"data"'))
          .map(({ partitionKey, text }) => [partitionKey, dataOf(text)]),
      );
      const loaded = rows.get('lph.every_type.1');
      const inserted = rows.get('lph.every_type.2');
      const nulls = rows.get('lph.every_type.3');
      const expected = CASES.map(([type, literal, json]) => [type, literal, json]);
      const seen = (row: Map<string, string> | undefined) =>
        CASES.map(([type, literal], index) => [type, literal, row?.get(`c${index}`)]);
      expect(seen(inserted)).toEqual(expected);
      expect(seen(loaded)).toEqual(expected);
      expect(CASES.map((_, index) => nulls?.get(`c${index}`))).toEqual(CASES.map(() => 'null'));
    } finally {
      await replication.resource.stop?.();
      await connection.query('DROP TABLE every_type');
    }
  });

  it('keep every digit where a change-data-type rule makes a column text, and hostile column names survive', async () => {
    const { connection } = world;
    await connection.query(
      'CREATE TABLE exact (id BIGINT UNSIGNED PRIMARY KEY, amount DECIMAL(38,18), `__proto__` INT, `constructor` VARCHAR(9), `a``"b` INT)',
    );
    await connection.query(
      "INSERT INTO exact VALUES (18446744073709551615, 12345678901234567890.123456789012345678, 7, 'c', 1)",
    );
    const stream = await world.createStream(1);
    const text = (column: string) => ({
      'rule-type': 'transformation',
      'rule-name': column,
      'rule-action': 'change-data-type',
      'rule-target': 'column',
      'object-locator': { 'schema-name': 'lph', 'table-name': 'exact', 'column-name': column },
      'data-type': { type: 'string', length: '40', scale: '' },
    });
    const replication = await world.startReplication(stream, {
      rules: rulesFor('lph', text('id'), text('amount')),
      kinesisSettings: TEMPLATE_SETTINGS,
    });
    try {
      await eventually(replication.status, ({ state }) => state === 'replicating');
      await connection.query('UPDATE exact SET `__proto__` = 8');
      const records = await eventually(
        () => world.recordsOn(stream),
        (all) => all.some(({ text: one }) => one.includes('"operation":"update"')),
      );
      const data = records
        .filter(({ text: one }) => one.includes('"record-type":"data"'))
        .map(({ text: one }) => /"data":(\{.*?\}),"(?:before-image|metadata)"/.exec(one)?.[1]);
      const row = (proto: number) =>
        `{"id":"18446744073709551615","amount":"12345678901234567890.123456789012345678","__proto__":${proto},"constructor":"c","a\`\\"b":1}`;
      expect(data).toEqual([row(7), row(8)]);
    } finally {
      await replication.resource.stop?.();
      await connection.query('DROP TABLE exact');
    }
  });
});
