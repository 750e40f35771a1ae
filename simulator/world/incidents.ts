/**
 * What befalls a world beside its writes: pollers are lost and services are away, shards are split, merged, trimmed and closed, tables are loaded again,
 * windows are replayed, and what is past its time to live goes. When each happens is drawn here; what it does is the business of the part it befalls.
 */
import { SOURCE_TABLES } from '#schemas/source/lph.ts';
import type { SimulatedDms } from '../dms/replication.ts';
import { type Faults, NO_FAULTS } from '../engine/faults.ts';
import type { Random } from '../engine/random.ts';
import type { VirtualTime } from '../engine/virtual-time.ts';
import type { Plan } from '../plan.ts';
import type { SimulatedAws } from './aws.ts';
import { TABLES } from './functions.ts';
import type { Readers } from './readers.ts';
import type { Replays } from './replays.ts';

const ACCIDENTS_EVERY_MS = 1_000;
/** Of an item past its time to live, at a write. */
const EXPIRY_CHANCE = 0.3;

/** The parts that something may befall. */
export interface Exposed {
  readonly time: VirtualTime;
  readonly weather: { faults: Faults };
  readonly services: SimulatedAws;
  readonly dms: SimulatedDms;
  readonly readers: Readers;
  readonly replays: Replays;
}

export class Incidents {
  readonly #plan: Plan;
  readonly #world: Exposed;
  readonly #random: Random;
  /** Dice of their own for what a plan may leave out: the rest of the history stays what it was. */
  readonly #dice: { readonly replay: Random; readonly reload: Random; readonly roll: Random };

  /** `random` is the world's, which its writes draw from as well. */
  constructor(plan: Plan, world: Exposed, random: Random, root: Random) {
    this.#plan = plan;
    this.#world = world;
    this.#random = random;
    this.#dice = { replay: root.fork('replay-dice'), reload: root.fork('reload-dice'), roll: root.fork('roll-dice') };
  }

  /** The faults of the plan, and the accidents that come by themselves for as long as they last. */
  begin(): void {
    this.#world.weather.faults = this.#plan.faults;
    const { pollerRestart, outage } = this.#plan.faults;
    if (pollerRestart > 0 || outage > 0) this.#accidents(pollerRestart, outage);
  }

  /** What may come with a write. */
  atWrite(): void {
    const { replay = 0, reload = 0, roll = 0 } = this.#plan.settings;
    const { services, dms, replays } = this.#world;
    this.#reshard();
    if (this.#dice.replay.chance(replay)) replays.begin();
    if (this.#dice.reload.chance(reload)) dms.reload(someTables(this.#dice.reload));
    if (this.#dice.roll.chance(roll)) services.dynamodb.stream(TABLES.metrics).rollShard();
    services.dynamodb.expire(EXPIRY_CHANCE);
  }

  #accidents(pollerRestart: number, outage: number): void {
    const { time, weather, readers } = this.#world;
    time.after(ACCIDENTS_EVERY_MS, () => {
      if (weather.faults === NO_FAULTS) return;
      if (this.#random.chance(pollerRestart)) this.#random.pick([readers.mapping, readers.pipe]).restart();
      if (this.#random.chance(outage)) this.#beAway(this.#random.between(1_000, 60_000));
      this.#accidents(pollerRestart, outage);
    });
  }

  #beAway(ms: number): void {
    const { time, weather } = this.#world;
    weather.faults = { ...this.#plan.faults, throttle: 1 };
    time.after(ms, () => {
      if (weather.faults !== NO_FAULTS) weather.faults = this.#plan.faults;
    });
  }

  #reshard(): void {
    const { time, weather, services, readers } = this.#world;
    if (!this.#random.chance(weather.faults.reshard)) return;
    const { kinesis } = services;
    const what = this.#random.pick(['split', 'merge', 'trim']);
    if (what === 'split') kinesis.split();
    else if (what === 'merge') kinesis.merge();
    else kinesis.trim(readers.mapping.oldestUnfinishedMs(kinesis.records) ?? time.nowMs());
  }
}

function someTables(random: Random): readonly string[] {
  const first = random.pick(SOURCE_TABLES);
  return SOURCE_TABLES.filter((table) => table === first || random.chance(0.3)).map(({ name }) => name);
}
