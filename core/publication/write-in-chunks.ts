/**
 * A publication that does not fit one transaction. First the fence moves, the head notes what may lie under the name from now on, and the
 * name is held by a claim; then chunks, each checking the fence and that item "0" is ours; item "0" and the head last. Whoever dies in
 * between leaves a head that says `unfinished`, from which the next recompute goes on. Nothing begins that could not end: an item too
 * large for DynamoDB is found before the first write.
 */
import type { ItemStore, WriteAction } from '../platform/item-store.ts';
import { LATEST } from '../projection/project-metric.ts';
import type { Publication } from './decide-publication.ts';
import { requireItemsFit, writeGuarded } from './guarded-chunks.ts';
import { type MetricHead, moveHead } from './metric-head.ts';
import { mine } from './metric-item.ts';
import { claimWrite, type PublicationPlan, type Tables, type Takeover } from './publication-writes.ts';

export interface ChunkedPublication {
  readonly tables: Tables;
  readonly metricId: string;
  readonly head: MetricHead;
  readonly publication: Publication;
  readonly plan: PublicationPlan;
  readonly takeover: Takeover | undefined;
}

/** @returns false when the fence or a name moved meanwhile: read everything again. */
export async function writeInChunks(store: ItemStore, chunked: ChunkedPublication): Promise<boolean> {
  const { tables, metricId, head, publication, plan, takeover } = chunked;
  const { name } = publication;
  const versions = [...new Set([...publication.items.keys(), ...publication.deletes, ...(takeover?.versions ?? [])])];
  const begun: MetricHead = {
    ...head,
    fence: head.fence + 1,
    // Versions under the name that is left go before its item "0": a metric that returns to that name must write them again.
    published: publication.leaves === null ? head.published : withUnknownVersions(head.published),
    unfinished: { name, versions: versions.filter((version) => version !== LATEST) },
  };
  const opening = [
    moveHead(tables.sourceRows, metricId, head, begun),
    ...(isHeld(chunked) ? [] : [claimWrite(chunked)]),
    ...(plan.displacing ? [plan.displacing] : []),
  ];
  const closing = [
    moveHead(tables.sourceRows, metricId, begun, plan.next),
    { ...plan.latest, condition: mine(metricId) } as WriteAction,
    ...(plan.leaving ? [plan.leaving.redirect] : []),
  ];
  requireItemsFit([...opening, ...plan.versions, ...closing]);
  if (!(await store.transact(opening)).written) return false;
  if (!(await writeGuarded(store, tables, metricId, begun.fence, name, plan.versions))) return false;
  if (plan.leaving && publication.leaves !== null) {
    if (!(await writeGuarded(store, tables, metricId, begun.fence, publication.leaves, plan.leaving.versions)))
      return false;
  }
  return (await store.transact(closing)).written;
}

/** Item "0" under the name is the metric's own already. */
const isHeld = ({ head, publication: { name, found } }: ChunkedPublication): boolean =>
  head.publishedName === name && (found === undefined || found.holder === 'mine');

/** No content has this hash, so the version is written again before anyone relies on it. */
const UNKNOWN = '';

const withUnknownVersions = (published: MetricHead['published']): MetricHead['published'] =>
  new Map([...published].map(([version, hash]) => [version, version === LATEST ? hash : UNKNOWN]));
