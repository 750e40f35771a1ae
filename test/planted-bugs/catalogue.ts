/** Every planted bug. To add one, write it into the part that owns its rule; the unit test over this list keeps the texts true. */
import { BATCH_AND_QUEUE } from './catalogue/batch.ts';
import { DECODING } from './catalogue/decoding.ts';
import { NAMES } from './catalogue/names.ts';
import { ORDER_OF_CHANGES } from './catalogue/order-of-changes.ts';
import { PROJECTION } from './catalogue/projection.ts';
import { PUBLICATION } from './catalogue/publication.ts';
import { REBUILD } from './catalogue/rebuild.ts';
import { REPLAY } from './catalogue/replay.ts';
import { ROW_MIRROR } from './catalogue/row-mirror.ts';
import { STORE_AND_EVENT } from './catalogue/store-and-event.ts';
import type { Mutant } from './mutant.ts';

export const CATALOGUE: readonly Mutant[] = [
  ...DECODING,
  ...ORDER_OF_CHANGES,
  ...ROW_MIRROR,
  ...PROJECTION,
  ...PUBLICATION,
  ...NAMES,
  ...BATCH_AND_QUEUE,
  ...STORE_AND_EVENT,
  ...REPLAY,
  ...REBUILD,
];
