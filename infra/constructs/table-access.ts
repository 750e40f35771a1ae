/**
 * What the recompute protocol does with the two tables, as IAM actions. Replicator and projector run the same protocol, so they get
 * the same grant from one place. No scan and no table operation is among them.
 */
import type { RelayTable } from './relay-table.ts';
import type { ServiceRole } from './service-role.ts';

/** Item reads and writes, alone or inside TransactWriteItems, which IAM checks per contained action. */
const ITEM_ACTIONS = [
  'dynamodb:BatchGetItem',
  'dynamodb:BatchWriteItem',
  'dynamodb:ConditionCheckItem',
  'dynamodb:DeleteItem',
  'dynamodb:GetItem',
  'dynamodb:PutItem',
  'dynamodb:Query',
];

/** Lets the role apply rows and recompute metrics. */
export function permitRecompute(
  role: ServiceRole,
  tables: { readonly metrics: RelayTable; readonly sourceRows: RelayTable },
): void {
  role.permit('RecomputeMetrics', ITEM_ACTIONS, [tables.sourceRows.tableArn, tables.metrics.tableArn]);
}
