/**
 * The columns of the datasource of metric changes, derived from the contract of `MetricChanged`: a member that is added to the contract is
 * a column here, and `relay druid plan` shows it. It knows the contract and nothing of Druid's spec format.
 */
import * as z from 'zod';
import { metricChanged } from '#schemas/metric-changed.ts';

export interface ChangeColumn {
  readonly name: string;
  /** JSONPath in the EventBridge envelope, which is what a rule puts on a stream. */
  readonly path: string;
  readonly kind: 'string' | 'long' | 'strings' | 'json';
}

/** Becomes `__time`. */
export const TIME_COLUMN: Pick<ChangeColumn, 'name' | 'path'> = {
  name: 'occurredAt',
  path: '$.detail.metadata.occurredAt',
};

/** Whole numbers that are counted or compared; the contract may write them as text. Other numbers are decimals and stay exact as text. */
const LONGS: ReadonlySet<string> = new Set(['revision', 'latestVersion']);

interface MemberSchema {
  readonly type?: string;
  readonly items?: MemberSchema;
  readonly properties?: Readonly<Record<string, MemberSchema>>;
}

/** Whole objects come last; a metric's own attribute is a column unless the event says the same under that name. */
export function changeColumns(): readonly ChangeColumn[] {
  const contract = z.toJSONSchema(metricChanged, { io: 'input' }) as MemberSchema;
  const metadata = columnsOf(contract.properties?.metadata, '$.detail.metadata');
  const change = columnsOf(contract.properties?.data, '$.detail.data');
  const ofEvent = [...metadata, ...change].filter(({ name }) => name !== TIME_COLUMN.name);
  const known = new Set(ofEvent.map(({ name }) => name));
  const ofMetric = columnsOf(contract.properties?.data?.properties?.metric, '$.detail.data.metric').filter(
    ({ name }) => !known.has(name),
  );
  return [...ofEvent.filter(isPlain), ...ofMetric, ...ofEvent.filter((column) => !isPlain(column))];
}

const isPlain = ({ kind }: ChangeColumn): boolean => kind !== 'json';

function columnsOf(schema: MemberSchema | undefined, path: string): readonly ChangeColumn[] {
  return Object.entries(schema?.properties ?? {}).map(([name, member]) => ({
    name,
    path: `${path}.${name}`,
    kind: kindOf(name, member),
  }));
}

function kindOf(name: string, { type, items }: MemberSchema): ChangeColumn['kind'] {
  if (LONGS.has(name)) return 'long';
  if (type === 'array' && items?.type === 'string') return 'strings';
  return type === 'object' || type === 'array' ? 'json' : 'string';
}
