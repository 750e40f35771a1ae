/**
 * The form in which a replicated table is declared. DMS table mappings, mirror keys, reverse references and verify queries
 * are derived from declarations of this form, so a user with other tables writes declarations and a projection, nothing else.
 */

/**
 * What a column holds. Every value travels and is stored as text (`string`) or `null`; the kind says which text is legal and
 * whether DMS must be told to send it as text, because its JSON numbers are doubles.
 */
export type ColumnKind = 'integer' | 'decimal' | 'text' | 'enum' | 'datetime' | 'json';

/** What one column of a source table is. */
export interface SourceColumn {
  readonly kind: ColumnKind;
  readonly nullable?: boolean;
  /** MySQL type, as in the DDL; used for documentation and to choose the DMS transformation. */
  readonly sqlType: string;
  /** True where the empty string is refused, because the value becomes a DynamoDB key. */
  readonly nonEmpty?: boolean;
  /** True for a number that must be above 0, because "0" is the key of the current state. */
  readonly positive?: boolean;
  /** Allowed members, for `enum`. */
  readonly members?: readonly string[];
}

/** A column that holds the key of a row of another table. */
export interface SourceReference {
  readonly column: string;
  readonly table: string;
}

/**
 * One replicated table. `aggregate` names the key column whose entity owns the row: the row lives in that entity's partition of
 * the row mirror, so that one strongly consistent Query reads an entity with everything that belongs to it.
 */
export interface SourceTable {
  readonly name: string;
  readonly key: readonly string[];
  readonly columns: Readonly<Record<string, SourceColumn>>;
  readonly references: readonly SourceReference[];
  /** Entity that owns the row (`metric`, `group`, `dimension`) and the key column with the entity's id. */
  readonly aggregate: { readonly entity: string; readonly column: string };
  /** Column whose value becomes a key of the published items; two rows may want one value for a while. */
  readonly publishedName?: string;
  /** Place in the full load; DMS loads tables with a higher number first. */
  readonly loadOrder: number;
}
