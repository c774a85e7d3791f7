/**
 * A model in which chance decides: who asks what and when, in which order
 * promises settle, what the upstream does, who leaves. The same seed makes the
 * same choices.
 */
import { Random } from '../request/random.ts';
import { type Kind, type Turn, TURNS } from './answers.ts';
import type { Leading, Manner, Pace, Topic } from './asker.ts';
import { SETTLE_MS } from './call.ts';
import { ONLY_IF_CACHED, PLAIN, REFRESH, REVALIDATES, STALE_IF_ERROR } from './events.ts';
import { UNKEPT_MS } from './invariants.ts';
import { BOUNDLESS, TAKEOVER_AFTER, type Setting, Harness, TTL } from './harness.ts';
import { Model } from './model.ts';

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

/** As `Cache-Control` and our own headers make them; a caller that the upstream refused last asks as a refresh does. */
const PERMISSIONS: readonly Manner['permission'][] = [
  ...Array<Manner['permission']>(6).fill(PLAIN),
  REFRESH,
  ONLY_IF_CACHED,
  { ...PLAIN, maxAge: 0 },
  { ...PLAIN, maxAge: 5 },
  { ...PLAIN, ttl: 0 },
  { ...PLAIN, ttl: 2 },
  REVALIDATES,
  REVALIDATES,
  { ...REVALIDATES, ttl: 2 },
  { ...REVALIDATES, ...STALE_IF_ERROR, maxStale: 5 },
  STALE_IF_ERROR,
  { ...STALE_IF_ERROR, ttl: 2 },
  { ...PLAIN, maxStale: 30 },
  { ...ONLY_IF_CACHED, maxStale: 30 },
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
const TIMES: readonly number[] = [1, SETTLE_MS, 2_500, TAKEOVER_AFTER * 1000 + 1, TTL * 1000, UNKEPT_MS];
/** How many promises settle between two events; all, mostly, as between two turns of the event loop. */
const TICKS: readonly (number | undefined)[] = [undefined, undefined, undefined, undefined, 0, 0, 1, 2, 4, 7];

const MOST_ASKERS = 7;

export class Schedules {
  readonly #harness = SETTINGS.map(() => null as Harness | null);

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
    const random = new Random(seed);
    const at = random.below(SETTINGS.length);
    const harness = (this.#harness[at] ??= new Harness(SETTINGS[at] as Setting));
    trace?.push(JSON.stringify(harness.setting));
    const model = new Model(harness, String(seed), random, trace);
    const { findings } = model.invariants;
    const chance = new Chance(model, random);
    for (let events = 8 + random.below(30); events > 0 && findings.first === null; events--) {
      chance.event();
      model.invariants.check();
      await model.rest(random.pick(TICKS));
    }
    if (random.once(3)) await model.depart();
    await model.end();
    await harness.store.close();
    return findings.first;
  }
}

/** The choice of what happens next. */
class Chance {
  readonly #model: Model;
  readonly #random: Random;
  readonly #topics: readonly Topic[];
  readonly #isReliable: boolean;
  readonly #turns: readonly Turn[];

  constructor(model: Model, random: Random) {
    this.#model = model;
    this.#random = random;
    this.#topics = random.once(3)
      ? model.forms([random.pick(KINDS), random.pick(KINDS)], random.once(3))
      : ['a', 'b'].slice(random.below(2)).map((letter) => model.topic(letter, random.pick(KINDS), random.once(3)));
    this.#isReliable = !random.once(8);
    // Judging megabytes would take most of the time.
    this.#turns = model.harness.setting.maxEntryBytes < 1e6 ? TURNS : TURNS.filter((turn) => turn !== 'huge');
    model.invariants.isFaulty = !this.#isReliable;
    model.onCall = (name) => {
      if (!this.#isReliable && name !== 'lead' && random.once(6)) throw new Error(`${name} throws`);
    };
  }

  /** Something that may happen now. */
  event(): void {
    const random = this.#random;
    const chance = random.below(100);
    if (chance < 22) this.#ask();
    else if (chance < 34) this.#settle();
    else if (chance < 72) this.#advanceUpstream();
    else if (chance < 82) this.#read();
    else if (chance < 90) this.#leave();
    else if (chance < 94) this.#model.turn(random.pick(TIMES));
    else this.#meddle();
  }

  #ask(): void {
    const random = this.#random;
    if (this.#model.askers.length >= MOST_ASKERS) return;
    this.#model.ask(random.pick(this.#topics), {
      permission: random.pick(PERMISSIONS),
      pace: random.pick(PACES),
      leading: random.pick(LEADINGS),
    });
  }

  #settle(): void {
    const lookups = [...this.#model.harness.store.lookups];
    if (lookups.length === 0) return;
    const result = this.#isReliable
      ? this.#random.pick(['then', 'now', 'nothing'] as const)
      : this.#random.pick(['then', 'now', 'nothing', 'failure'] as const);
    this.#model.settle(this.#random.pick(lookups), result);
  }

  #advanceUpstream(): void {
    const random = this.#random;
    const model = this.#model;
    if (model.calls.length === 0) return;
    const call = random.pick(model.calls);
    if (!call.isInTheAir) {
      if (random.once(4)) model.babble(call);
      return;
    }
    call.isPrompt ||= random.once(4);
    if (random.once(20)) return model.fail(call);
    if (call.answer === null) return model.begin(call, random.pick(this.#turns));
    if (call.hasSaidAll ? !random.once(4) : random.once(20)) return model.finish(call);
    if (call.maySay) model.say(call);
  }

  #read(): void {
    const lazy = this.#model.askers.filter(({ manner: { pace } }) => pace === 'lazy');
    if (lazy.length > 0) this.#model.read(this.#random.pick(lazy));
  }

  #leave(): void {
    if (this.#model.askers.length > 0) this.#model.leave(this.#random.pick(this.#model.askers));
  }

  #meddle(): void {
    const random = this.#random;
    const model = this.#model;
    const topic = random.pick(this.#topics);
    const chance = random.below(4);
    if (chance === 0) model.purge(topic);
    else if (chance === 1 && model.calls.length > 0) model.forget(random.pick(model.calls));
    else if (chance === 2) model.evict(topic, random.once(2));
    else Object.assign(model.harness.store, { isNear: random.once(2), isSure: random.once(2) });
  }
}
