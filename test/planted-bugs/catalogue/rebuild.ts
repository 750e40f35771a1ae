/** Bugs in what a rebuild puts back, and in the rehearsal of a plan. Laws L1, L2 and L5 after a lost Metrics table. */
import type { Mutant } from '../mutant.ts';

const FOUND = 'core/publication/read-found-items.ts';
const DECIDE = 'core/publication/decide-publication.ts';
const REGAIN = 'core/publication/regain-name.ts';
const CHUNKS = 'core/publication/write-in-chunks.ts';
const OVERLAY = 'core/platform/overlay-item-store.ts';
const rebuild = ['test/property/rebuild.property.test.ts'];
const overlay = ['test/property/overlay-item-store.property.test.ts'];

export const REBUILD: readonly Mutant[] = [
  {
    name: 'head-trusted-by-a-rebuild',
    breaks: 'after the Metrics table is lost the head still records its items as published',
    file: DECIDE,
    find: 'found?.name === name ? found.hashes : told',
    replace: 'told',
    likely: rebuild,
  },
  {
    name: 'put-back-as-a-new-revision',
    breaks: 'what is put back as it was told keeps its revision: nobody is told a change that nobody made',
    file: DECIDE,
    find: 'found?.headIsLast === true && sameHashes(told, hashes)',
    replace: 'found?.headIsLast === true && sameHashes(told, hashes) && found.hashes.size > 0',
    likely: rebuild,
  },
  {
    name: 'a-change-put-back-as-told',
    breaks: 'what differs from the last thing told is one revision more',
    file: DECIDE,
    find: 'found?.headIsLast === true && sameHashes(told, hashes)',
    replace: 'found?.headIsLast === true',
    likely: rebuild,
  },
  {
    name: 'an-older-item-counts-as-there',
    breaks: 'item "0" of an older revision is put again, also with the same content',
    file: FOUND,
    find: 'latest && revisionFound >= head.revision',
    replace: 'latest',
    likely: rebuild,
  },
  {
    name: 'lost-name-not-regained',
    breaks: 'a metric whose item "0" was lost can leave its name',
    file: REGAIN,
    find: "if (holder === 'mine') return undefined;\n    return [",
    replace: 'return undefined;\n    return [',
    likely: rebuild,
  },
  {
    name: 'lost-name-not-claimed-for-chunks',
    breaks: 'a large metric whose item "0" was lost claims its name before its chunks',
    file: CHUNKS,
    find: "head.publishedName === name && (found === undefined || found.holder === 'mine')",
    replace: 'head.publishedName === name',
    likely: rebuild,
  },
  {
    name: 'rehearsal-forgets-deletes',
    breaks: 'a rehearsal sees its own deletes',
    file: OVERLAY,
    find: 'const item = entry ? entry.after : await this.#below.get(table, key);',
    replace: 'const item = entry?.after ?? (await this.#below.get(table, key));',
    likely: overlay,
  },
  {
    name: 'rehearsal-cuts-before-it-merges',
    breaks: 'a query with a limit in a rehearsal asks for as many more as may be hidden',
    file: OVERLAY,
    find: 'limit === undefined ? undefined : limit + written().length',
    replace: 'limit',
    likely: overlay,
  },
];
