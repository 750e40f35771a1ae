/**
 * Does the work of one message of the projection queue: recompute metrics, or split a fan-out into messages of at most the limit.
 * Splitting is done before anything is recomputed, so a message that dies in the middle is simply done again.
 */
import { type ProjectionMessage, projectionMessage } from '#schemas/projection-message.ts';
import { directUsers } from '../affected/affected-metrics.ts';
import { RelayError } from '../error/relay-error.ts';
import { entityOf } from '../mirror/mirror-key.ts';
import { slices } from '../platform/concurrently.ts';
import { type SettleContext, settleMetrics } from './settle-affected.ts';

/** @throws the first error that a metric met; the message then comes back. */
export async function runProjection(context: SettleContext, body: string): Promise<void> {
  const message = parseMessage(body);
  const metricIds = message.kind === 'recompute' ? message.metricIds : await splitFanOut(context, message);
  const basis = message.kind === 'recompute' && message.byItems ? 'items' : 'head';
  const { commit, foundAs } = message;
  const causes = new Map(metricIds.map((id) => [id, commit]));
  const found = new Map(foundAs ? metricIds.map((id) => [id, foundAs]) : []);
  const errors = await settleMetrics(context, causes, basis, found);
  const [first] = errors.values();
  if (first !== undefined) throw first;
}

function parseMessage(body: string): ProjectionMessage {
  try {
    return projectionMessage.parse(JSON.parse(body));
  } catch (cause) {
    throw new RelayError('MALFORMED_MESSAGE', 'the projection queue holds a message that is no projection message', {
      cause,
    });
  }
}

/** @returns the metrics to recompute here; more than the limit are sent on in messages of their own. */
async function splitFanOut(
  context: SettleContext,
  { kind, partitions, ...cause }: Extract<ProjectionMessage, { kind: 'fanOut' }>,
): Promise<readonly string[]> {
  const found = await Promise.all(
    partitions.map((partition) => directUsers(context.store, context.tables.sourceRows, partition)),
  );
  const users = [...new Set(found.flat())];
  const metricIds = users.filter((user) => entityOf(user)[0] === 'metric').map((user) => entityOf(user)[1]);
  const further = users.filter((user) => entityOf(user)[0] !== 'metric');
  for (const slice of slices(further, context.fanOutLimit))
    await context.send({ kind, partitions: slice, ...cause }, 0);
  if (metricIds.length <= context.fanOutLimit) return metricIds;
  for (const slice of slices(metricIds, context.fanOutLimit))
    await context.send({ kind: 'recompute', metricIds: slice, ...cause }, 0);
  return [];
}
