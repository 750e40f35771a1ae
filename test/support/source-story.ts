/**
 * A source database told as a story: rows of the six tables, transactions, cascades that leave no record, and the DMS messages that the story
 * yields. It states by itself what the Metrics table must hold at the end, without the code under test.
 */
export type Value = string | null;
export type SourceRow = Readonly<Record<string, Value>>;

const KEYS: Readonly<Record<string, readonly string[]>> = {
  metric_groups: ['id'],
  dimensions: ['id'],
  dimensions_metric_groups: ['dimension_id', 'metric_group_id'],
  metrics: ['id'],
  metric_versions: ['metric_id', 'version'],
  metric_relationships: ['consumed_metric_id', 'consumer_metric_id'],
};

const CREATED = { created_at: '2018-02-15T18:23:45.500000Z', created_by: 'ada' };

/** Rows that MySQL deletes or changes with a parent, without a binlog event. */
const CASCADES: Readonly<Record<string, readonly { table: string; column: string; action: 'delete' | 'setNull' }[]>> = {
  metrics: [
    { table: 'metric_versions', column: 'metric_id', action: 'delete' },
    { table: 'metric_relationships', column: 'consumed_metric_id', action: 'delete' },
    { table: 'metric_relationships', column: 'consumer_metric_id', action: 'delete' },
    { table: 'metrics', column: 'chained_metric_id', action: 'setNull' },
  ],
  metric_groups: [{ table: 'dimensions_metric_groups', column: 'metric_group_id', action: 'delete' }],
  dimensions: [{ table: 'dimensions_metric_groups', column: 'dimension_id', action: 'delete' }],
};

export class SourceStory {
  readonly tables = new Map<string, Map<string, SourceRow>>(Object.keys(KEYS).map((table) => [table, new Map()]));
  /** One DMS message a row change, in commit order. */
  readonly messages: string[] = [];
  #transaction = 0;
  #record = 0;
  #built = 0;
  readonly lineage: string;

  constructor(lineage = 'lph-1') {
    this.lineage = lineage;
  }

  /** Everything written inside is one transaction. */
  transaction(write: () => void): this {
    this.#transaction++;
    this.#record = 0;
    write();
    return this;
  }

  rows(table: string): Map<string, SourceRow> {
    const rows = this.tables.get(table);
    if (!rows) throw new Error(`no table ${table}`);
    return rows;
  }

  insert(table: string, row: SourceRow): void {
    const full = table in { dimensions_metric_groups: 1, metric_relationships: 1 } ? row : { ...CREATED, ...row };
    this.rows(table).set(keyOf(table, full), full);
    this.#emit(table, 'insert', full);
  }

  update(table: string, key: readonly string[], change: SourceRow): void {
    const old = this.rows(table).get(key.join('|'));
    if (!old) throw new Error(`no row ${key} in ${table}`);
    const row = { ...old, ...change };
    const before = Object.fromEntries(
      (KEYS[table] ?? []).filter((column) => row[column] !== old[column]).map((column) => [column, old[column]]),
    );
    this.rows(table).delete(key.join('|'));
    this.rows(table).set(keyOf(table, row), row);
    this.#emit(table, 'update', row, before);
  }

  delete(table: string, key: readonly string[]): void {
    const row = this.rows(table).get(key.join('|'));
    if (!row) throw new Error(`no row ${key} in ${table}`);
    this.rows(table).delete(key.join('|'));
    for (const { table: child, column, action } of CASCADES[table] ?? []) {
      for (const [childKey, childRow] of this.rows(child)) {
        if (childRow[column] !== row.id) continue;
        if (action === 'delete') this.rows(child).delete(childKey);
        else this.rows(child).set(childKey, { ...childRow, [column]: null });
      }
    }
    this.#emit(table, 'delete', row);
  }

  /** What a full load of the present state would send. */
  load(): string[] {
    const messages: string[] = [];
    for (const [table, rows] of this.tables) {
      for (const row of rows.values()) messages.push(this.#message(table, 'load', row));
    }
    return messages;
  }

  #emit(table: string, operation: string, row: SourceRow, before?: object): void {
    this.#record++;
    this.messages.push(this.#message(table, operation, row, before));
  }

  #message(table: string, operation: string, row: SourceRow, before?: object): string {
    const builtAt = `2026-11-20T12:${String(Math.floor(this.#built / 60e6) % 60).padStart(2, '0')}:00.${String(this.#built++ % 1e6).padStart(6, '0')}Z`;
    const position =
      operation === 'load'
        ? ''
        : `,"transaction-id":${(5n << 32n) + BigInt(this.#transaction)},"transaction-record-id":${this.#record},"commit-timestamp":"2026-11-20T12:00:00Z"`;
    const image = operation === 'update' ? `,"before-image":${JSON.stringify(before ?? {})}` : '';
    return `{"data":${JSON.stringify({ ...row, relay_lineage: this.lineage })},"metadata":{"timestamp":"${builtAt}","record-type":"data","operation":"${operation}","partition-key-type":"primary-key","schema-name":"lph","table-name":"${table}"${position}}${image}}`;
  }

  /** The live items the Metrics table must hold, by `name␀version`, from the rows alone. */
  expectedItems(): Map<string, Record<string, unknown>> {
    const items = new Map<string, Record<string, unknown>>();
    const nameOf = (table: string, id: Value | undefined): string => this.rows(table).get(id ?? '')?.name ?? '?';
    for (const metric of this.rows('metrics').values()) {
      const id = metric.id;
      const versions = [...this.rows('metric_versions').values()].filter((row) => row.metric_id === id);
      versions.sort((a, b) => Number(a.version) - Number(b.version));
      const latest = versions.at(-1);
      const hybrid = metric.value_type === 'HYBRID';
      const dimensions = [...this.rows('dimensions_metric_groups').values()]
        .filter((row) => row.metric_group_id === metric.metric_group_id)
        .map((row) => nameOf('dimensions', row.dimension_id));
      const consumed = [...this.rows('metric_relationships').values()]
        .filter((row) => row.consumer_metric_id === id)
        .map((row) => nameOf('metrics', row.consumed_metric_id));
      const names = (hybrid ? consumed : dimensions).sort();
      const set = names.length > 0 ? { [hybrid ? 'consumedMetrics' : 'relatedDimensions']: names } : {};
      const whole = latest && names.length > 0 && (!hybrid || latest.hybrid_formula);
      const shared = {
        name: metric.name,
        metricId: id,
        valueType: metric.value_type,
        ...(metric.chained_metric_id && { chainedMetric: nameOf('metrics', metric.chained_metric_id) }),
      };
      const content = (row: SourceRow) => ({
        updatedAt: '2018-02-15T18:23:45.5Z',
        updatedBy: 'ada',
        aggregationStyle: row.aggregation_style,
        ...(row.hybrid_formula && { hybridFormula: row.hybrid_formula }),
        ...(row.deprecated_reason && { deprecatedReason: row.deprecated_reason }),
      });
      for (const row of versions) {
        items.set(`${metric.name}\u0000${row.version}`, {
          ...shared,
          version: row.version,
          ...content(row),
          ...(row === latest ? set : {}),
        });
      }
      items.set(`${metric.name}\u00000`, {
        ...shared,
        version: '0',
        createdAt: '2018-02-15T18:23:45.5Z',
        createdBy: 'ada',
        ...(latest && { ...content(latest), latestVersion: latest.version }),
        ...set,
        ...(!whole && { incomplete: true }),
      });
    }
    return items;
  }
}

/** The metric 1 `views` with the dimension `country`, whole in one transaction; each later version comes in one of its own. */
export function viewsStory(...laterVersions: readonly string[]): SourceStory {
  const story = new SourceStory();
  story.transaction(() => {
    story.insert('metric_groups', { id: '1', name: 'views' });
    story.insert('dimensions', { id: '9', name: 'country' });
    story.insert('dimensions_metric_groups', { dimension_id: '9', metric_group_id: '1' });
    story.insert('metrics', metricRow('1', 'views'));
    story.insert('metric_versions', versionRow('1', '1'));
  });
  for (const version of laterVersions)
    story.transaction(() => story.insert('metric_versions', versionRow('1', version)));
  return story;
}

const keyOf = (table: string, row: SourceRow): string => (KEYS[table] ?? []).map((column) => row[column]).join('|');

/** A metrics row with every column; the rest of a metric is told apart. */
export function metricRow(id: string, name: string, more: SourceRow = {}): SourceRow {
  return {
    id,
    name,
    value_type: 'SCALAR',
    metric_group_id: '1',
    chained_metric_id: null,
    chain_cutoff_date: null,
    updated_at: null,
    ...more,
  };
}

export function versionRow(metricId: string, version: string, more: SourceRow = {}): SourceRow {
  return {
    metric_id: metricId,
    version,
    aggregation_style: 'SUM',
    aggregation_param: null,
    hybrid_formula: null,
    deprecated_at: null,
    deprecated_by: null,
    deprecated_reason: null,
    ...more,
  };
}
