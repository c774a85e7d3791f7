/**
 * A world in which chance decides: who asks what and when, in which order
 * promises settle, what the upstream does, who leaves. The same seed makes the
 * same choices.
 */
import { Dice } from '../request/random.ts';
import { type Kind, type Turn, TURNS } from './answers.ts';
import type { Leading, Manner, Pace, Topic } from './asker.ts';
import { SETTLE_MS } from './call.ts';
import { ONLY_IF_CACHED, PLAIN, REFRESH } from './events.ts';
import { UNKEPT_MS } from './invariants.ts';
import { BOUNDLESS, PATIENCE, type Setting, Surroundings, TTL } from './harness.ts';
import { World } from './model.ts';

const SETTINGS: readonly Setting[] = [
  { onAbandon: 'abort', maxEntryBytes: 1e9, limits: BOUNDLESS },
  { onAbandon: 'abort', maxEntryBytes: 1e9, limits: BOUNDLESS },
  { onAbandon: 'finish', maxEntryBytes: 1e9, limits: BOUNDLESS },
  { onAbandon: 'abort', maxEntryBytes: 700, limits: BOUNDLESS },
  { onAbandon: 'finish', maxEntryBytes: 700, limits: BOUNDLESS },
  { onAbandon: 'abort', maxEntryBytes: 1e9, limits: { flights: 2, listeners: 4, bytes: 1_000 } },
  { onAbandon: 'finish', maxEntryBytes: 1e9, limits: { flights: 1, listeners: Infinity, bytes: Infinity } },
  { onAbandon: 'abort', maxEntryBytes: 1e9, limits: { flights: Infinity, listeners: 2, bytes: Infinity } },
  { onAbandon: 'finish', maxEntryBytes: 0, limits: { flights: 3, listeners: 3, bytes: 0 } },
];

/** As `Cache-Control` and our own headers make them; a caller whom the upstream refused last asks as one who refreshes. */
const PERMISSIONS: readonly Manner['permission'][] = [
  ...Array<Manner['permission']>(6).fill(PLAIN),
  REFRESH,
  ONLY_IF_CACHED,
  { ...PLAIN, maxAge: 0 },
  { ...PLAIN, maxAge: 5 },
  { ...PLAIN, ttl: 0 },
  { ...PLAIN, ttl: 2 },
  null,
];

const KINDS: readonly Kind[] = ['json', 'events', 'chat'];
const PACES: readonly Pace[] = ['eager', 'eager', 'eager', 'lazy', 'lazy', 'fleeing'];
const LEADINGS: readonly Leading[] = [
  ...Array<Leading>(16).fill('by hand'),
  'says all',
  'says all',
  'fails',
  'throws',
  'begins and throws',
];
const TIMES: readonly number[] = [1, SETTLE_MS, 2_500, PATIENCE * 1000 + 1, TTL * 1000, UNKEPT_MS];
/** How many promises settle between two deeds; all, mostly, as between two turns of the event loop. */
const TICKS: readonly (number | undefined)[] = [undefined, undefined, undefined, undefined, 0, 0, 1, 2, 4, 7];

const MOST_ASKERS = 7;

export class Schedules {
  readonly #surroundings = SETTINGS.map(() => null as Surroundings | null);

  /** @returns what was found not to hold, with all that was done, or null */
  async run(seed: number): Promise<string | null> {
    const found = await this.#play(seed, null);
    if (found === null) return null;
    // Once more, from nothing, to tell how it came about.
    const trace: string[] = [];
    const again = await new Schedules().#play(seed, trace);
    return [`seed ${seed}: ${found}`, ...trace, again === found ? '' : `alone, it ends in: ${again}`].join('\n');
  }

  async #play(seed: number, trace: string[] | null): Promise<string | null> {
    const dice = new Dice(seed);
    const at = dice.below(SETTINGS.length);
    const surroundings = (this.#surroundings[at] ??= new Surroundings(SETTINGS[at] as Setting));
    trace?.push(JSON.stringify(surroundings.setting));
    const world = new World(surroundings, String(seed), dice, trace);
    const { findings } = world.rules;
    const chance = new Chance(world, dice);
    for (let deeds = 8 + dice.below(30); deeds > 0 && findings.first === null; deeds--) {
      chance.deed();
      world.rules.check();
      await world.rest(dice.pick(TICKS));
    }
    if (dice.once(3)) await world.depart();
    await world.end();
    await surroundings.store.close();
    return findings.first;
  }
}

/** What happens next. */
class Chance {
  readonly #world: World;
  readonly #dice: Dice;
  readonly #topics: readonly Topic[];
  readonly #isReliable: boolean;
  readonly #turns: readonly Turn[];

  constructor(world: World, dice: Dice) {
    this.#world = world;
    this.#dice = dice;
    this.#topics = ['a', 'b'].slice(dice.below(2)).map((letter) => world.topic(letter, dice.pick(KINDS), dice.once(3)));
    this.#isReliable = !dice.once(8);
    // Judging megabytes would take most of the time.
    this.#turns = world.surroundings.setting.maxEntryBytes < 1e6 ? TURNS : TURNS.filter((turn) => turn !== 'huge');
    world.rules.isFaulty = !this.#isReliable;
    world.onCall = (name) => {
      if (!this.#isReliable && name !== 'lead' && dice.once(6)) throw new Error(`${name} throws`);
    };
  }

  /** Something that may happen now. */
  deed(): void {
    const dice = this.#dice;
    const chance = dice.below(100);
    if (chance < 22) this.#ask();
    else if (chance < 34) this.#tell();
    else if (chance < 72) this.#hearFromUpstream();
    else if (chance < 82) this.#read();
    else if (chance < 90) this.#leave();
    else if (chance < 94) this.#world.turn(dice.pick(TIMES));
    else this.#meddle();
  }

  #ask(): void {
    const dice = this.#dice;
    if (this.#world.askers.length >= MOST_ASKERS) return;
    this.#world.ask(dice.pick(this.#topics), {
      permission: dice.pick(PERMISSIONS),
      pace: dice.pick(PACES),
      leading: dice.pick(LEADINGS),
    });
  }

  #tell(): void {
    const lookups = [...this.#world.surroundings.store.lookups];
    if (lookups.length === 0) return;
    const told = this.#isReliable
      ? this.#dice.pick(['then', 'now', 'nothing'] as const)
      : this.#dice.pick(['then', 'now', 'nothing', 'failure'] as const);
    this.#world.tell(this.#dice.pick(lookups), told);
  }

  #hearFromUpstream(): void {
    const dice = this.#dice;
    const world = this.#world;
    if (world.calls.length === 0) return;
    const call = dice.pick(world.calls);
    if (!call.isInTheAir) {
      if (dice.once(4)) world.babble(call);
      return;
    }
    call.isPrompt ||= dice.once(4);
    if (dice.once(20)) return world.fail(call);
    if (call.answer === null) return world.begin(call, dice.pick(this.#turns));
    if (call.hasSaidAll ? !dice.once(4) : dice.once(20)) return world.finish(call);
    if (call.maySay) world.say(call);
  }

  #read(): void {
    const lazy = this.#world.askers.filter(({ manner: { pace } }) => pace === 'lazy');
    if (lazy.length > 0) this.#world.read(this.#dice.pick(lazy));
  }

  #leave(): void {
    if (this.#world.askers.length > 0) this.#world.leave(this.#dice.pick(this.#world.askers));
  }

  #meddle(): void {
    const dice = this.#dice;
    const world = this.#world;
    const topic = dice.pick(this.#topics);
    const chance = dice.below(4);
    if (chance === 0) world.purge(topic);
    else if (chance === 1 && world.calls.length > 0) world.forget(dice.pick(world.calls));
    else if (chance === 2) world.evict(topic, dice.once(2));
    else Object.assign(world.surroundings.store, { isNear: dice.once(2), isSure: dice.once(2) });
  }
}
