/** Bugs in the row mirror: tombstones, back-links, conditional writes, and who is affected by a stored row. Laws L1, L3 and L4. */
import type { Mutant } from '../mutant.ts';

const MIRROR = 'core/mirror/row-mirror.ts';
const ITEM = 'core/mirror/register-item.ts';
const AFFECTED = 'core/affected/affected-metrics.ts';
const convergence = ['test/property/convergence.property.test.ts'];
const mirror = ['test/unit/core/mirror-writes.test.ts', 'test/unit/core/register-item.test.ts'];

export const ROW_MIRROR: readonly Mutant[] = [
  {
    name: 'delete-without-tombstone',
    breaks: 'L3: a deleted row is never brought back by an older record: a delete leaves a tombstone',
    file: MIRROR,
    find: 'const written = await this.#store.write({',
    replace:
      "if (!folded.register.row) {\n        await this.#store.write({ kind: 'delete', table: this.#table, key: keyItem(lane.key) });\n        return folded.outcome;\n      }\n      const written = await this.#store.write({",
    likely: mirror,
  },
  {
    name: 'tombstone-without-expiry',
    breaks: 'a tombstone goes when no replay can reach back to it any more',
    file: ITEM,
    find: '{ expiresAt: { N: String(tombstoneExpiresAt) } }',
    replace: '{}',
    likely: mirror,
  },
  {
    name: 'tombstone-expires-at-once',
    breaks: 'a tombstone is kept longer than any replay can reach back',
    file: MIRROR,
    find: ' + this.#tombstoneDays * DAY_SECONDS',
    replace: '',
    likely: mirror,
  },
  {
    name: 'tombstone-expiry-in-milliseconds',
    breaks: 'a time to live is in seconds; milliseconds would never come',
    file: MIRROR,
    find: 'Math.floor(this.#nowMs() / 1000) +',
    replace: 'this.#nowMs() +',
    likely: mirror,
  },
  {
    name: 'stored-position-read-as-double',
    breaks: 'a position survives its way through the store to the last digit',
    file: ITEM,
    find: 'transactionId: BigInt(transactionId),',
    replace: 'transactionId: BigInt(Number(transactionId)),',
    likely: mirror,
  },
  {
    name: 'back-links-after-row',
    breaks: 'L4: back-links are written before the row that needs them, or a crash in between loses an update',
    file: MIRROR,
    find: 'await this.#putBackLinks(work, failed);',
    replace: 'await using late = { [Symbol.asyncDispose]: () => this.#putBackLinks(work, failed) };',
    likely: mirror,
  },
  {
    name: 'back-links-of-the-first-reference-only',
    breaks:
      'every reference of a row has its back-link: a chained metric that is renamed concerns those that chain to it',
    file: 'core/mirror/back-links.ts',
    find: 'of table.references)',
    replace: 'of table.references.slice(0, 1))',
    likely: convergence,
  },
  {
    name: 'back-link-to-the-group-forgotten',
    breaks: 'every reference of a row has its back-link: a group that changes concerns its metrics',
    file: 'core/mirror/back-links.ts',
    find: 'of table.references)',
    replace: 'of table.references.slice(1))',
    likely: convergence,
  },
  {
    name: 'back-link-of-the-name-forgotten',
    breaks: 'whoever wants a name is found by the back-link of the name when it is left',
    file: 'core/mirror/back-links.ts',
    find: 'if (name) links.push',
    replace: "if (name === '') links.push",
    likely: convergence,
  },
  {
    name: 'row-written-without-condition',
    breaks: 'a register is replaced only if it still is the one that was read',
    file: MIRROR,
    find: 'condition: unchangedSince(stored?.writes),',
    replace: '',
    likely: mirror,
  },
  {
    name: 'writes-not-counted',
    breaks: 'every write of a register is told from the one before',
    file: MIRROR,
    find: '(stored?.writes ?? 0) + 1',
    replace: 'stored?.writes ?? 1',
    likely: mirror,
  },
  {
    name: 'duplicate-not-recomputed',
    breaks: 'L4: a duplicate may be the retry after a crash between the row and its recompute',
    file: MIRROR,
    find: "placements.includes('duplicate') ||",
    replace: '',
    likely: ['test/unit/core/retry-after-crash.test.ts'],
  },
  {
    name: 'late-birth-not-recomputed',
    breaks: 'L4: a birth that comes late may be the retry after a crash before those who point there were recomputed',
    file: MIRROR,
    find: '|| changes.some((change) => tellsLife(known, change))',
    replace: '',
    likely: ['test/unit/core/retry-after-crash.test.ts'],
  },
  {
    name: 'key-parts-not-escaped',
    breaks: 'no two keys of the mirror meet, whatever names hold',
    file: 'core/mirror/mirror-key.ts',
    find: 'part.replace(/[%#]/g,',
    replace: 'part.replace(/[%]/g,',
    likely: ['test/unit/core/mirror-key.test.ts'],
  },
  {
    name: 'group-change-affects-nobody',
    breaks: 'a dimension that joins or leaves a group concerns the metrics of the group',
    file: AFFECTED,
    find: "if (entity === 'metric' &&",
    replace: "if (entity !== 'dimension' &&",
    likely: convergence,
  },
  {
    name: 'rename-affects-only-itself',
    breaks: 'the name of a metric is in the items of those that consume it or chain to it',
    file: AFFECTED,
    find: "entity === 'metric' && !rows.some(({ table }) => isEntityTable(table))",
    replace: "entity === 'metric'",
    likely: convergence,
  },
  {
    name: 'dimension-affects-its-first-group-only',
    breaks: 'a dimension concerns the metrics of every group that has it',
    file: AFFECTED,
    find: '!seen.has(user));',
    replace: '!seen.has(user)).slice(0, 1);',
    likely: convergence,
  },
  {
    name: 'fan-out-cut-at-the-limit',
    breaks: 'more affected metrics than the limit go to the projection queue; none is left out',
    file: AFFECTED,
    find: 'usedByPrefix, limit + 1)',
    replace: 'usedByPrefix, limit)',
    likely: ['test/unit/core/replicate-batch.test.ts', ...convergence],
  },
];
