/**
 * All that can happen to the flights of one cache, one event at a time: who
 * asks, what the store and the upstream say, who leaves, what the time is.
 */
import { Flight } from '../../src/cache/flight.ts';
import type { Writer } from '../../src/response/writer.ts';
import type { Random } from '../request/random.ts';
import type { Turn } from './answers.ts';
import { Asker, type Manner, type Topic } from './asker.ts';
import { Call, SETTLE_MS } from './call.ts';
import type { HeldLookup, LookupResult } from './held-store.ts';
import { Invariants } from './invariants.ts';
import type { Harness } from './harness.ts';

/** More promises than the longest chain of them from a lookup to whoever waits for it. */
const TICKS = 24;

export class Model {
  readonly harness: Harness;
  readonly askers: Asker[] = [];
  readonly calls: Call[] = [];
  readonly invariants: Invariants;
  readonly random: Random;
  /** Called before each call of a function that was handed in; what it throws is thrown there. */
  onCall: (name: string) => void = () => {};
  #ticks = TICKS;
  readonly #name: string;
  readonly #trace: string[] | null;

  /** @param name part of every key and every number of a call, so that models share none */
  constructor(harness: Harness, name: string, random: Random, trace: string[] | null = null) {
    this.harness = harness;
    this.random = random;
    this.#name = name;
    this.#trace = trace;
    this.invariants = new Invariants(harness, this.askers, this.calls);
    const { store } = harness;
    store.isSure = false;
    store.onCall = (what) => this.onCall(what);
    store.onSet = (key, entry) => this.invariants.onSet(key, entry);
    harness.onHeaders = () => this.onCall('headers');
    harness.onUnkept = (key, why) => this.invariants.onUnkept(key, why);
  }

  get now(): number {
    return this.harness.clock.now();
  }

  get flying(): Call[] {
    return this.calls.filter(({ isInTheAir }) => isInTheAir);
  }

  topic(letter: string, kind: Topic['kind'], shared: boolean): Topic {
    return { key: `${this.#name}.${letter}`, kind, shared, other: null };
  }

  /** Two forms of one answer, each of which can be made from the other. */
  forms(kinds: readonly [Topic['kind'], Topic['kind']], shared: boolean): Topic[] {
    const [one, two] = ['a', 'b'].map((letter, at) => this.topic(letter, kinds[at] as Topic['kind'], shared));
    this.#ticks = 3 * TICKS;
    return [
      { ...(one as Topic), other: (two as Topic).key },
      { ...(two as Topic), other: (one as Topic).key },
    ];
  }

  ask(topic: Topic, manner: Manner): Asker {
    const number = this.askers.length;
    const {
      invariants,
      harness: { store, cache },
    } = this;
    const asker: Asker = new Asker({
      topic,
      manner,
      now: this.now,
      step: invariants.step + 1,
      findings: invariants.findings,
      onSettled: () => invariants.onSettled(asker),
    });
    this.askers.push(asker);
    this.#does(
      () => `${number} asks ${topic.key} ${JSON.stringify(manner)}${topic.shared ? ', shared' : ''}`,
      () => {
        asker.isUnkept = invariants.isUnkept(topic.key);
        const before = store.lookups.size + this.calls.length;
        asker.ask(cache, (writer) => this.#led(asker, writer));
        asker.isFirst = store.lookups.size + this.calls.length > before;
      },
    );
    return asker;
  }

  settle(lookup: HeldLookup, result: LookupResult): void {
    this.#does(
      () => `the lookup of ${lookup.key} is settled with ${result}`,
      () => lookup.settle(result),
    );
  }

  begin(call: Call, turn: Turn): void {
    this.#does(
      () => `call ${call.number} begins ${turn}`,
      () => call.begin(turn, this.now, this.invariants.step, this.random),
    );
  }

  say(call: Call): void {
    this.#does(
      () => `call ${call.number} says chunk ${call.sent.length + 1} of ${call.answer?.chunks.length}`,
      () => call.say(this.now),
    );
  }

  finish(call: Call): void {
    this.#does(
      () => `call ${call.number} finishes`,
      () => call.finish(),
    );
  }

  fail(call: Call): void {
    this.#does(
      () => `call ${call.number} fails`,
      () => call.fail(this.invariants.step),
    );
  }

  babble(call: Call): void {
    this.#does(
      () => `call ${call.number} goes on after its end`,
      () => call.babble(this.random),
    );
  }

  read(asker: Asker): void {
    this.#does(
      () => `${this.askers.indexOf(asker)} reads`,
      () => asker.read(),
    );
  }

  leave(asker: Asker): void {
    this.#does(
      () => `${this.askers.indexOf(asker)} leaves`,
      () => asker.leave(),
    );
  }

  turn(ms: number): void {
    this.#does(
      () => `the clock turns ${ms} ms`,
      () => {
        this.invariants.onTurn();
        this.harness.clock.advance(ms);
      },
    );
  }

  purge({ key }: Topic): void {
    this.#does(
      () => `${key} is purged`,
      () => {
        // Noted first: what happens inside happens after it.
        this.invariants.onPurge(key);
        const source = this.harness.store.derivedFrom(key);
        if (source !== undefined) this.invariants.onPurge(source);
        this.harness.cache.removals.purge(key).catch(() => {});
      },
    );
  }

  forget(call: Call): void {
    const id = `resp_${call.number}`;
    this.#does(
      () => `${id} is forgotten`,
      () => {
        this.invariants.onForget(id);
        attempt(() => this.harness.cache.removals.forget(id));
      },
    );
  }

  evict({ key }: Topic, everywhere: boolean): void {
    this.#does(
      () => `${key} is evicted ${everywhere ? 'everywhere' : 'from memory'}`,
      () => this.harness.store.evict(key, everywhere),
    );
  }

  /** Lets so many promises settle; all that can, unless said otherwise. */
  async rest(ticks = this.#ticks): Promise<void> {
    for (let tick = 0; tick < ticks; tick++) await null;
    if (ticks >= this.#ticks) this.invariants.checkAtRest();
  }

  /**
   * Brings all that is under way to its end: every lookup is settled, every call
   * goes on as it began or as it should, and everybody hears it out.
   */
  async end(): Promise<void> {
    for (let round = 0; round < 30 && !this.#isOver(); round++) {
      for (const lookup of this.harness.store.lookups) this.settle(lookup, 'now');
      await this.rest();
      for (const call of this.flying) this.#goOn(call);
      // The others must be told when there is more.
      for (const asker of this.askers) if (asker.manner.pace === 'lazy') asker.readAll();
      this.invariants.check();
    }
    await this.rest();
    this.invariants.checkAtTheEnd();
  }

  /** Everybody leaves; what then goes on without anybody must end by itself. */
  async depart(): Promise<void> {
    for (const asker of this.askers) this.leave(asker);
    for (const lookup of this.harness.store.lookups) this.settle(lookup, 'now');
    await this.rest();
    this.turn(SETTLE_MS);
    await this.rest();
    // A request that still asks cannot leave yet: its question is settled first.
    if (this.harness.setting.onAbandon === 'finish' || this.askers.some(({ state }) => state === 'asking')) return;
    const vain = this.flying.find(({ isDetached }) => !isDetached);
    this.invariants.findings.hold(vain === undefined, () => `call ${vain?.number} goes on for nobody`);
  }

  #isOver(): boolean {
    return (
      this.harness.store.lookups.size === 0 && this.flying.length === 0 && this.askers.every(({ isOver }) => isOver)
    );
  }

  #goOn(call: Call): void {
    if (call.answer === null) this.begin(call, 'right');
    while (call.isInTheAir && call.maySay) this.say(call);
    if (call.isInTheAir && call.terminalAt !== null && this.random.once(2)) this.turn(SETTLE_MS);
    if (call.isInTheAir && call.hasSaidAll) this.finish(call);
  }

  /** A request leads: its upstream is asked. */
  #led(asker: Asker, writer: Writer): void {
    const number = `${this.#name}.${this.calls.length}`;
    this.#trace?.push(`  ${this.askers.indexOf(asker)} leads call ${number}`);
    this.onCall('lead');
    const call = new Call({
      number,
      asker,
      writer,
      isDetached: writer instanceof Flight && writer.isDetached,
      now: this.now,
      step: this.invariants.step,
      onPrompt: (prompt) => this.say(prompt),
    });
    this.invariants.onLed(call);
    this.calls.push(call);
    const { leading } = asker.manner;
    if (leading === 'by hand') return;
    if (leading === 'fails') return this.fail(call);
    if (leading !== 'throws') this.begin(call, 'right');
    if (leading === 'begins and throws') this.say(call);
    if (leading === 'says all') return this.#goOn(call);
    call.end = 'failed';
    throw new Error('the lead throws');
  }

  #does(what: () => string, act: () => void): void {
    this.invariants.step++;
    this.#trace?.push(`${this.invariants.step}. ${what()}`);
    try {
      act();
    } catch (error) {
      this.invariants.findings.hold(false, () => `${what()} and is thrown ${error}`);
    }
  }
}

function attempt<Result>(act: () => Result): Result | undefined {
  try {
    return act();
  } catch {
    // The caller of a purge sees the failure; what was on its way is fenced all the same.
    return undefined;
  }
}
