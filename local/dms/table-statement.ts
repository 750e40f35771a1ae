/** Which tables a DDL statement of the binlog is about. Pure; it reads only as much SQL as that takes. */

export interface TableStatement {
  readonly action: 'create' | 'alter' | 'drop' | 'truncate' | 'rename';
  readonly tables: readonly { readonly schema: string; readonly table: string }[];
}

const NAME = '(?:`(?:[^`]|``)+`|[\\w$]+)';
const QUALIFIED = `${NAME}(?:\\s*\\.\\s*${NAME})?`;
const FORMS: readonly (readonly [TableStatement['action'], RegExp])[] = [
  ['create', new RegExp(`^CREATE\\s+(?:OR\\s+REPLACE\\s+)?TABLE\\s+(?:IF\\s+NOT\\s+EXISTS\\s+)?(${QUALIFIED})`, 'i')],
  [
    'alter',
    new RegExp(`^ALTER\\s+(?:ONLINE\\s+|OFFLINE\\s+)?(?:IGNORE\\s+)?TABLE\\s+(?:IF\\s+EXISTS\\s+)?(${QUALIFIED})`, 'i'),
  ],
  ['drop', new RegExp(`^DROP\\s+TABLES?\\s+(?:IF\\s+EXISTS\\s+)?(${QUALIFIED}(?:\\s*,\\s*${QUALIFIED})*)`, 'i')],
  ['truncate', new RegExp(`^TRUNCATE\\s+(?:TABLE\\s+)?(${QUALIFIED})`, 'i')],
  [
    'rename',
    new RegExp(
      `^RENAME\\s+TABLES?\\s+(?:IF\\s+EXISTS\\s+)?(${QUALIFIED}(?:\\s+TO\\s+${QUALIFIED})?(?:\\s*,\\s*${QUALIFIED}\\s+TO\\s+${QUALIFIED})*)`,
      'i',
    ),
  ],
];

/** @param schema the schema a name without one belongs to. Undefined when the statement is about no base table. */
export function tableStatement(sql: string, schema: string): TableStatement | undefined {
  const text = sql.replace(/^(?:\s+|\/\*.*?\*\/|--[^\n]*\n|#[^\n]*\n)+/s, '');
  for (const [action, form] of FORMS) {
    const names = form.exec(text)?.[1];
    if (names !== undefined)
      return {
        action,
        tables: Array.from(names.matchAll(new RegExp(QUALIFIED, 'g')), ([name]) => qualified(name, schema)).filter(
          ({ table }) => table !== 'TO',
        ),
      };
  }
  return undefined;
}

function qualified(name: string, schema: string): { schema: string; table: string } {
  const parts = Array.from(name.matchAll(new RegExp(NAME, 'g')), ([part]) =>
    part.startsWith('`') ? part.slice(1, -1).replaceAll('``', '`') : part,
  );
  const [first = '', second] = parts;
  return second === undefined ? { schema, table: first } : { schema: first, table: second };
}
