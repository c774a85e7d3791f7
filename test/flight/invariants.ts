/**
 * The invariants at every step of every model: of what is counted, of who asks
 * the upstream, of what is kept. What is heard is checked in `assertions`.
 */
import type { Entry } from '../../src/response/entry.ts';
import { callOf } from './answers.ts';
import type { Asker } from './asker.ts';
import { type Call, SETTLE_MS } from './call.ts';
import { Findings } from './findings.ts';
import { checkAnswer } from './assertions.ts';
import { TAKEOVER_AFTER, type Harness } from './harness.ts';

/** For how long a key is not waited for whose answer could not be kept, in ms. */
export const UNKEPT_MS = 120_000;

/** Why an answer is not kept that say nothing of the next one. */
const OCCASIONAL = new Set([
  'status',
  'ttl',
  'purged',
  'too-large',
  'limits',
  'empty',
  'content-filter',
  'tool-call',
  'text-not-json',
]);

/** That an answer was kept. */
export interface Keeping {
  readonly step: number;
  /** In milliseconds since the epoch. */
  readonly at: number;
  readonly bytes: number;
}

export class Invariants {
  readonly findings = new Findings();
  /** Counts what happens. */
  step = 0;
  /** True once something that was handed in has failed against its contract. */
  isFaulty = false;
  /** By the number of the call whose answer it is. */
  readonly kept = new Map<string, Keeping>();
  readonly #harness: Harness;
  readonly #askers: readonly Asker[];
  readonly #calls: readonly Call[];
  /** At which steps, by key. */
  readonly #purged = new Map<string, number[]>();
  readonly #forgotten = new Map<string, number>();
  /** The steps in which what a lookup had found may have become no answer any more. */
  readonly #spoilt = new Set<number>();
  /** Until when each key counts as one whose answer cannot be kept; and did, whatever was kept since. */
  readonly #unkept = new Map<string, number>();
  readonly #wasUnkept = new Map<string, number>();

  readonly #detachedBefore: number;

  constructor(harness: Harness, askers: readonly Asker[], calls: readonly Call[]) {
    this.#harness = harness;
    this.#detachedBefore = harness.detached;
    this.#askers = askers;
    this.#calls = calls;
  }

  get #now(): number {
    return this.#harness.clock.now();
  }

  onPurge(key: string): void {
    this.#purged.set(key, [...(this.#purged.get(key) ?? []), this.step]);
  }

  onForget(id: string): void {
    this.#spoilt.add(this.step);
    if (!this.#forgotten.has(id)) this.#forgotten.set(id, this.step);
  }

  /** The clock was turned. */
  onTurn(): void {
    this.#spoilt.add(this.step);
  }

  onUnkept(start: string, why: string): void {
    if (OCCASIONAL.has(why)) return;
    this.#unkept.set(start, this.#now + UNKEPT_MS);
    this.#wasUnkept.set(start, this.#now + UNKEPT_MS);
  }

  /** True where nobody should wait for another's answer under this key. */
  isUnkept(key: string): boolean {
    return (this.#unkept.get(key.slice(0, 16)) ?? -Infinity) > this.#now;
  }

  /** True where a key was purged from this step on, and before that one. */
  wasPurged(key: string, from: number, before = Infinity): boolean {
    return (this.#purged.get(key) ?? []).some((step) => step >= from && step < before);
  }

  wasForgottenBefore(id: string | null, step: number): boolean {
    return id !== null && (this.#forgotten.get(id) ?? Infinity) < step;
  }

  /** True where a call may have been too large to keep, or too much with others. */
  mayBeLiveOnly({ asker, bytes }: Call): boolean {
    const { maxEntryBytes, limits } = this.#harness.setting;
    return asker.manner.permission === null || bytes > maxEntryBytes || limits.bytes < Infinity;
  }

  onSettled(asker: Asker): void {
    checkAnswer(this, this.#harness.setting, asker, this.#calls);
  }

  onLed(call: Call): void {
    const { asker } = call;
    const { permission } = asker.manner;
    this.findings.hold(permission?.ask !== false, () => 'a request that may not ask leads');
    this.findings.hold(
      this.#calls.every((other) => other.asker !== asker || other.isDetached),
      () => 'a request leads twice',
    );
    if (call.isDetached) this.#checkRefresh(call);
    if (permission?.follow && permission.read && asker.topic.other !== null)
      this.#checkOtherForm(call, asker.topic.other);
    if (!permission?.follow || !this.#mayHoldItsKey(asker)) return;
    const double = this.#calls.find(
      (other) => this.#mayBeFollowed(other, asker.topic.key) && !hasWaitedTooLong(other, asker),
    );
    this.findings.hold(
      double === undefined,
      () => `call ${call.number} is made though ${double?.number} may be followed`,
    );
  }

  /** Nobody asks who came while the same was on its way in another form, and may be had from that. */
  #checkOtherForm({ asker, number }: Call, other: string): void {
    const waited = this.#calls.find(
      (call) =>
        call.ledStep < asker.openedStep &&
        !call.isDetached &&
        call.asker.manner.permission?.ttl !== 0 &&
        this.#mayBeFollowed(call, other),
    );
    this.findings.hold(!asker.isFirst || waited === undefined, () => `call ${number} is made beside ${waited?.number}`);
  }

  /** One for each key, for a request that permits it, and none where its answer is known not to be kept. */
  #checkRefresh({ asker }: Call): void {
    const { permission } = asker.manner;
    const { key } = asker.topic;
    this.findings.hold(permission?.revalidates === true, () => 'a call is made for nobody');
    this.findings.hold(!(asker.isFirst && asker.isUnkept), () => 'a refresh is made that is known not to be kept');
    const double = this.#calls.find(
      (other) => other.isDetached && other.asker.topic.key === key && this.#isGoingOn(other),
    );
    this.findings.hold(double === undefined, () => `a refresh is made beside call ${double?.number}`);
  }

  /** The answer of a call is kept. */
  onSet(key: string, { head, body, answerId }: Entry): void {
    const { findings } = this;
    const call = this.#calls.find(({ number }) => number === callOf(head));
    if (!call) return findings.hold(false, () => 'an answer is kept that no call has said');
    const { asker, ledStep, sent, number, end, terminalAt, lastSentAt } = call;
    findings.hold(asker.topic.key === key, () => `${number} is kept under the key of another`);
    findings.hold(call.isWhole && Buffer.concat(sent).equals(body), () => `${number} is kept and is not whole`);
    findings.hold(
      end !== null || (terminalAt !== null && (lastSentAt as number) + SETTLE_MS <= this.#now),
      () => `${number} is kept before its end`,
    );
    findings.hold(
      (asker.manner.permission?.ttl ?? 0) > 0 && call.answer?.turn !== 'no-store',
      () => `${number} is kept against its head or its request`,
    );
    // A leader that leads later than it asked is not in the air when it asks; what a purge's step leads is after it.
    const inTheAirFrom = asker.isFirst && !this.#mayHaveAskedAnew(ledStep) ? asker.openedStep : ledStep + 1;
    findings.hold(!this.wasPurged(key, inTheAirFrom), () => `${number} is kept though it was fenced`);
    findings.hold(!this.wasForgottenBefore(answerId, Infinity), () => `${number} is kept though it was forgotten`);
    findings.hold(!this.kept.has(number), () => `${number} is kept twice`);
    findings.hold(
      this.#harness.cache.keysInTheAir().includes(key),
      () => `${number} has left the table before it is kept`,
    );
    this.#unkept.delete(key.slice(0, 16));
    this.kept.set(number, { step: this.step, at: this.#now, bytes: body.length });
  }

  /** After each event. */
  check(): void {
    const { admission, clock } = this.#harness;
    const flying = this.#calls.filter(({ isInTheAir }) => isInTheAir);
    this.findings.hold(
      admission.flights === flying.length,
      () => `${admission.flights} calls are counted, ${flying.length} are in the air`,
    );
    this.findings.hold(
      admission.flights <= this.#harness.setting.limits.flights,
      () => `${admission.flights} calls are in the air, too many`,
    );
    this.findings.hold(admission.held >= 0, () => `${admission.held} bytes are counted`);
    const committed = flying.filter(({ terminalAt }) => terminalAt !== null).length;
    // One for each that may wait for its end, or for a slow reader.
    const waiting = committed + flying.filter((call) => this.mayBeLiveOnly(call)).length;
    this.findings.hold(clock.waiting <= waiting, () => `${clock.waiting} timers are set for ${waiting} calls`);
  }

  /** After each event whose promises have all settled. */
  checkAtRest(): void {
    const { admission, cache, store } = this.#harness;
    const flying = this.#calls.filter(({ isInTheAir }) => isInTheAir);
    if (store.lookups.size === 0 && flying.length === 0) {
      this.findings.hold(
        cache.flights === 0 && cache.keysInTheAir().length === 0,
        () => 'what is in the table is not in the air',
      );
    }
    const unheard = this.#askers.findIndex((asker) => asker.state === 'playing' && this.#isKeptInTheDark(asker));
    this.findings.hold(unheard === -1, () => `request ${unheard} is not told that there is more`);
    if (admission.listeners > 0 || this.#askers.some(({ state }) => state === 'asking')) return;
    const vain = flying.find((call) => !this.#isWorthFinishing(call));
    this.findings.hold(vain === undefined, () => `call ${vain?.number} goes on for nobody`);
  }

  /** When everything has been brought to its end. */
  checkAtTheEnd(): void {
    for (const asker of this.#askers) {
      this.findings.hold(asker.isOver, () => `request ${this.#askers.indexOf(asker)} hangs, ${asker.state}`);
      checkAnswer(this, this.#harness.setting, asker, this.#calls);
    }
    for (const call of this.#calls) {
      const isLeftAlone = call.end === 'failed' && call.asker.manner.leading.endsWith('throws') && !call.isAborted;
      this.findings.hold(!isLeftAlone, () => `call ${call.number} was thrown away and is not ended`);
      this.findings.hold(!this.#isGivenUp(call), () => `call ${call.number} was a refresh and is given up`);
      this.findings.hold(
        this.kept.has(call.number) || !this.#mustBeKept(call),
        () => `call ${call.number} was whole and is not kept`,
      );
    }
    const uncharged = this.#calls.filter(({ isDetached, asker }) => isDetached || isHit(asker)).length;
    this.findings.hold(this.#harness.detached - this.#detachedBefore <= uncharged, () => 'a call is charged twice');
    const unreported = this.#calls.filter((call) => call.isDetached && this.kept.has(call.number)).length;
    this.findings.hold(
      unreported <= this.#harness.detached - this.#detachedBefore,
      () => 'a refresh is charged to nobody',
    );
    const remains = this.#harness.remains();
    this.findings.hold(remains.length === 0, () => `there remains ${remains.join(', ')}`);
  }

  #isKeptInTheDark({ listener: { head }, hasSeenHead, manner: { pace }, played }: Asker): boolean {
    if (head === null) return false;
    const call = this.#calls.find(({ number }) => number === callOf(head));
    return !hasSeenHead || (pace === 'eager' && played.length < (call?.sent.length ?? 0));
  }

  /** True where the flight of a request that may follow is the one to be followed. */
  #mayHoldItsKey({ topic: { key, other }, openedStep, openedAt, isFirst, isUnkept }: Asker): boolean {
    if (this.wasPurged(key, openedStep) || this.wasPurged(other ?? key, openedStep)) return false;
    return isFirst ? !isUnkept : (this.#wasUnkept.get(key.slice(0, 16)) ?? -Infinity) <= openedAt;
  }

  /** Leaves out what depends on how far a request had come when its key was purged or given up. */
  #mayBeFollowed(call: Call, key: string): boolean {
    const { asker } = call;
    return (
      asker.topic.key === key &&
      asker.manner.permission?.follow === true &&
      this.#mayHoldItsKey(asker) &&
      this.#isGoingOn(call)
    );
  }

  /** True while a call is in the air and may hold its key: others wait for it. */
  #isGoingOn(call: Call): boolean {
    const { asker, answer, begunAt, ledAt, ledStep } = call;
    if (!call.isInTheAir || this.wasPurged(asker.topic.key, ledStep)) return false;
    if (answer !== null && (answer.head.status !== 200 || answer.turn === 'no-store')) return false;
    return !this.mayBeLiveOnly(call) && (begunAt ?? this.#now) - ledAt <= TAKEOVER_AFTER * 1000;
  }

  /** True where a request that led in this step may have had an entry, which was no answer when it was to be played. */
  #mayHaveAskedAnew(ledStep: number): boolean {
    return this.#spoilt.has(ledStep);
  }

  #isWorthFinishing(call: Call): boolean {
    if (call.terminalAt !== null) return true;
    const { permission } = call.asker.manner;
    if (
      (this.#harness.setting.onAbandon === 'abort' && !call.isDetached) ||
      permission === null ||
      this.wasPurged(call.asker.topic.key, call.ledStep)
    )
      return false;
    const { answer } = call;
    if (answer === null) return true;
    return (
      answer.head.status === 200 &&
      answer.turn !== 'no-store' &&
      permission.ttl > 0 &&
      call.bytes <= this.#harness.setting.maxEntryBytes
    );
  }

  /** True where we ended a refresh that could have been kept. */
  #isGivenUp(call: Call): boolean {
    const { isDetached, isAborted, end, terminalAt } = call;
    if (!isDetached || !isAborted || end !== null || terminalAt !== null) return false;
    return !this.mayBeLiveOnly(call) && this.#isWorthFinishing(call);
  }

  #mustBeKept(call: Call): boolean {
    const {
      asker: {
        topic,
        manner: { permission },
        openedStep,
      },
      answer,
    } = call;
    if (this.isFaulty || !permission || permission.ttl === 0 || answer === null || answer.turn === 'no-store')
      return false;
    if (
      !call.isWhole ||
      (call.end === null && call.terminalAt === null) ||
      (call.end === 'failed' && call.terminalAt === null)
    )
      return false;
    return (
      !this.mayBeLiveOnly(call) &&
      !this.wasPurged(topic.key, openedStep) &&
      !this.wasForgottenBefore(answer.id, Infinity)
    );
  }
}

/** Tests whether a request was answered by what is kept: where it led a call, in the place of one that failed. */
function isHit({ result }: Asker): boolean {
  return result?.outcome.word === 'hit';
}

/** Tests whether a request was silent for so long, since it waited for another form, that the next took its place. */
function hasWaitedTooLong({ asker: { topic, openedAt } }: Call, next: Asker): boolean {
  return topic.other !== null && next.openedAt - openedAt > TAKEOVER_AFTER * 1000;
}
