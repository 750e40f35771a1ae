/** A source database, a DMS and a stream that is a list: what a test needs to look at the messages of a whole history. */
import type { StreamEntry } from '#simulator/aws/kinesis.ts';
import type { FullLoadStyle } from '#simulator/dms/full-load-style.ts';
import { SimulatedDms } from '#simulator/dms/replication.ts';
import { type Faults, NO_FAULTS } from '#simulator/engine/faults.ts';
import { type Random, seededRandom } from '#simulator/engine/random.ts';
import { VirtualTime } from '#simulator/engine/virtual-time.ts';
import { initialRows, writeStep } from '#simulator/source/random-writes.ts';
import { SourceDatabase } from '#simulator/source/source-database.ts';

export interface SourceWorldOptions {
  readonly seed: string;
  readonly writesBefore?: number;
  readonly writes?: number;
  readonly faults?: Partial<Faults>;
  readonly style?: FullLoadStyle;
  /** Probabilities that an entry is refused, and that a request has no answer. */
  readonly refused?: number;
  readonly unanswered?: number;
  /** Probability of a reload of everything, per write. */
  readonly reload?: number;
}

export interface SourceWorld {
  readonly database: SourceDatabase;
  readonly dms: SimulatedDms;
  readonly time: VirtualTime;
  /** Everything that was accepted, in order. */
  readonly stream: readonly StreamEntry[];
  /** Commits that were there before the replication began. */
  readonly loadedCommits: number;
}

const WRITE_EVERY_MS = 120;
const LIMIT_MS = 3_600_000;

/** Lives until everything that was written is on the stream. */
export async function sourceWorld(options: SourceWorldOptions): Promise<SourceWorld> {
  const { seed, writesBefore = 5, writes = 20, style } = options;
  const random = seededRandom(seed);
  const time = new VirtualTime();
  const database = new SourceDatabase();
  initialRows(database, random.fork('initial'), time.nowMs());
  const write = (number: number): void => writeStep(database, random.fork(`write ${number}`), time.nowMs());
  for (let number = 0; number < writesBefore; number++) write(number);

  const stream: StreamEntry[] = [];
  const put = listPut(stream, random.fork('put'), time, options);
  const weather = { faults: { ...NO_FAULTS, ...options.faults } };
  const dms = new SimulatedDms(time, random.fork('dms'), weather, database, put, ...(style ? [style] : []));
  const loadedCommits = database.commits.length;
  dms.start();
  let written = 0;
  const reloads = random.fork('reloads');
  for (let number = 0; number < writes; number++) {
    time.after((number + 1) * WRITE_EVERY_MS, () => {
      write(writesBefore + number);
      written += 1;
      if (reloads.chance(options.reload ?? 0)) dms.reload();
    });
  }
  await time.runUntil(() => written === writes && dms.idle, LIMIT_MS, 'everything is on the stream');
  return { database, dms, time, stream, loadedCommits };
}

function listPut(
  stream: StreamEntry[],
  random: Random,
  time: VirtualTime,
  { refused = 0, unanswered = 0 }: SourceWorldOptions,
): (entries: readonly StreamEntry[]) => Promise<readonly number[]> {
  return async (entries) => {
    await time.sleep(random.between(1, 30));
    if (random.chance(unanswered / 2)) throw new Error('refused whole');
    const places: number[] = [];
    for (const [place, entry] of entries.entries()) {
      if (random.chance(refused)) places.push(place);
      else stream.push(entry);
    }
    if (random.chance(unanswered / 2)) throw new Error('taken, and the answer lost');
    return places;
  };
}
