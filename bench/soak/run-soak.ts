/** One soak from an empty directory to a verdict: source, relay, subscriber, writers, and whoever kills and reshards meanwhile. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { privateSource } from '#cli/pipeline/source.ts';
import { connectSource } from '#local/dms/source-connection.ts';
import { createSchema } from '#sample/load-sample.ts';
import { type SeededRandom, seededRandom } from '#sample/seeded-random.ts';
import { Relay } from './relay.ts';
import { RESHARDS, type Reshard, reshard } from './resharding.ts';
import { Subscriber } from './subscriber.ts';
import { awaitRest, type Findings, faultsOf } from './verdict.ts';
import { killOne, VICTIMS, type Victim } from './victims.ts';
import { noWrites, type WriteCounts, writeAtRandom, writeBeginning } from './writers.ts';

export interface SoakOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly writesPerSecond: number;
  /** 0: nothing is killed. */
  readonly killEverySeconds: number;
  /** 0: the stream keeps its shards. */
  readonly reshardEverySeconds: number;
  readonly restWithinMinutes: number;
  readonly metrics: number;
  readonly keep: boolean;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

export interface SoakReport {
  readonly seed: number;
  readonly seconds: number;
  readonly secondsToRest: number;
  readonly writes: WriteCounts;
  readonly kills: ReadonlyMap<Victim, number>;
  readonly relayStarts: number;
  readonly relayEndedByItself: number;
  readonly reshards: ReadonlyMap<Reshard, number>;
  readonly events: number;
  readonly redelivered: number;
  readonly findings: Findings;
  readonly faults: number;
  /** Kept because of faults or by wish. */
  readonly directory: string | undefined;
}

const PROGRESS_EVERY_MS = 10_000;
/** A run goes on until every process was killed and every kind of reshard was made, but not for ever. */
const LONGEST_EXTENSION_MS = 240_000;
/** Half a second each: relay may be starting, the stream may still be busy with the reshard before. */
const TRIES_MAX = 50;

export async function runSoak(options: SoakOptions): Promise<SoakReport> {
  const { say, signal, seed } = options;
  const directory = await mkdtemp(join(tmpdir(), 'metric-relay-soak-'));
  const begun = Date.now();
  const undo: (() => Promise<unknown>)[] = [];
  let clean = false;
  try {
    say(`Data directory ${directory}`);
    const database = await privateSource(
      join(directory, 'database'),
      (_, message) => say(`database: ${message}`),
      () => {},
    );
    undo.push(() => database.stop());
    const schema = await connectSource(database.url);
    await createSchema(schema);
    await schema.end();
    await writeBeginning(database.url, seed, options.metrics);
    const relay = new Relay(join(directory, 'pipeline'), database.replicationUrl, say);
    relay.start();
    undo.push(() => relay.stop());
    const reach = await relay.ready(signal);
    const subscriber = new Subscriber();
    say('Waiting for the full load');
    const restOptions = { withinMs: options.restWithinMinutes * 60_000, signal };
    const begin = await awaitRest(relay, database.url, subscriber, 'none', { ...restOptions, onLook: () => {} });
    if (faultsOf(begin) > 0) say(`The beginning is not at rest: ${begin.differences.slice(0, 3).join('\n')}`);
    await subscriber.subscribe(reach, relay);
    undo.push(() => subscriber.leave());

    const writes = noWrites();
    const kills = new Map<Victim, number>();
    const reshards = new Map<Reshard, number>();
    await disturb(options, database.url, relay, subscriber, { writes, kills, reshards });
    say('Quiet; waiting for rest');
    let shown = '';
    const quietAt = Date.now();
    const findings = await awaitRest(relay, database.url, subscriber, begin.revisions, {
      ...restOptions,
      onLook: (found) => {
        const line = `${restLine(found)}; ${subscriber.events} events`;
        if (line !== shown) say(line);
        shown = line;
      },
    });
    const faults = faultsOf(findings);
    clean = faults === 0 && !options.keep;
    return {
      seed,
      seconds: Math.round((Date.now() - begun) / 1000),
      secondsToRest: Math.round((Date.now() - quietAt) / 1000),
      writes,
      kills,
      relayStarts: relay.starts,
      relayEndedByItself: relay.endedByItself,
      reshards,
      events: subscriber.events,
      redelivered: subscriber.deliveries - subscriber.events,
      findings,
      faults,
      directory: clean ? undefined : directory,
    };
  } finally {
    say('Stopping');
    for (const stop of undo.toReversed()) await stop().catch((error: unknown) => say(`stop: ${String(error)}`));
    if (clean) await rm(directory, { recursive: true, force: true });
  }
}

interface Counts {
  readonly writes: WriteCounts;
  readonly kills: Map<Victim, number>;
  readonly reshards: Map<Reshard, number>;
}

async function disturb(
  options: SoakOptions,
  sourceUrl: string,
  relay: Relay,
  subscriber: Subscriber,
  { writes, kills, reshards }: Counts,
): Promise<void> {
  const { seed, say } = options;
  const over = new AbortController();
  // What has come often enough leaves the rest of an extended run to the other.
  const killedEnough = new AbortController();
  const reshardedEnough = new AbortController();
  const signal = AbortSignal.any([over.signal, options.signal]);
  const killing = async (): Promise<void> => {
    for await (const [victim, random] of turns(
      VICTIMS,
      options.killEverySeconds,
      seededRandom(seed + 1),
      AbortSignal.any([signal, killedEnough.signal]),
    )) {
      // Mostly a pipeline at work, now and then one that is just starting.
      if (random.chance(0.8)) await relay.ready(signal).catch(() => {});
      for (let tries = 0; tries < TRIES_MAX && !signal.aborted; tries++) {
        const pid = killOne(victim, relay);
        if (pid !== undefined) {
          kills.set(victim, (kills.get(victim) ?? 0) + 1);
          say(`kill -9 ${victim} (process ${pid})`);
          break;
        }
        await delay(500);
      }
    }
  };
  const resharding = async (): Promise<void> => {
    for await (const [wanted, random] of turns(
      RESHARDS,
      options.reshardEverySeconds,
      seededRandom(seed + 2),
      AbortSignal.any([signal, reshardedEnough.signal]),
    )) {
      for (let tries = 0; tries < TRIES_MAX && !signal.aborted; tries++) {
        const reach = await relay.reach();
        const done = reach === undefined ? undefined : await reshard(wanted, reach, random);
        if (done !== undefined) {
          reshards.set(done, (reshards.get(done) ?? 0) + 1);
          say(`reshard: ${done}`);
          break;
        }
        await delay(500);
      }
    }
  };
  const progress = async (): Promise<void> => {
    while (!signal.aborted) {
      await delay(PROGRESS_EVERY_MS, undefined, { signal }).catch(() => {});
      say(
        `${[...writes.transactions].map(([outcome, n]) => `${n} ${outcome}`).join(', ')}; ${subscriber.events} events`,
      );
    }
  };
  const clock = async (): Promise<void> => {
    const end = Date.now() + options.minutes * 60_000;
    const latest = end + LONGEST_EXTENSION_MS;
    const allKilled = (): boolean => options.killEverySeconds === 0 || kills.size === VICTIMS.length;
    const allResharded = (): boolean => options.reshardEverySeconds === 0 || reshards.size === RESHARDS.length;
    while (!signal.aborted && (Date.now() < end || (Date.now() < latest && !(allKilled() && allResharded())))) {
      await delay(500, undefined, { signal }).catch(() => {});
      if (Date.now() < end) continue;
      if (allKilled()) killedEnough.abort();
      if (allResharded()) reshardedEnough.abort();
    }
    over.abort();
  };
  try {
    await Promise.all([
      writeAtRandom(sourceUrl, seed, options.writesPerSecond, writes, signal),
      killing(),
      resharding(),
      progress(),
      clock(),
    ]);
  } finally {
    over.abort();
  }
  options.signal.throwIfAborted();
}

/** One of the things after another at uneven intervals; each comes once before any comes again. */
async function* turns<T>(
  things: readonly T[],
  everySeconds: number,
  random: SeededRandom,
  signal: AbortSignal,
): AsyncGenerator<readonly [T, SeededRandom]> {
  if (everySeconds === 0) return;
  while (!signal.aborted) {
    for (const thing of random.sample(things, things.length)) {
      await delay(everySeconds * 1000 * (0.5 + random.below(1000) / 1000), undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      yield [thing, random];
    }
  }
}

function restLine(found: Findings): string {
  return `${found.items} items, ${found.differences.length} differences, ${found.missingEvents.length} missing events, ${found.quarantined.length} quarantined`;
}
