/**
 * The decision: a request with a key is a hit, a follow or a miss; one without
 * is a bypass. Each comes back as a listener on a recording, so that whoever
 * serves it need not know which it was.
 *
 * The flight is registered before the first `await`, and the store is asked
 * inside it: of any number of equal requests, one asks the upstream.
 */
import type { Endpoint } from '../endpoint.ts';
import { notCached } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Head, RawHeaders } from '../response/entry.ts';
import type { Found, Store } from '../store/store.ts';
import { Flight, type Lead } from './flight.ts';
import { FutureEntries } from './future-entries.ts';
import { Flights } from './flights.ts';
import { isOverdue, mayPlay, type Patience, waitForHead } from './following.ts';
import { ForgottenAnswers } from './forgotten-answers.ts';
import { type Ground, StoreLanding } from './landing.ts';
import type { Load } from './load.ts';
import type { Miss, Opening } from './outcome.ts';
import type { Permission, Question } from './question.ts';
import { Removals } from './removals.ts';
import { isGoodEnough, lookUp, openStored, surelyLacks } from './stored.ts';
import { UnkeptKeys } from './unkept-keys.ts';
import { isVariantKey, ownKey, type Sent, suits, variantKey, variantOf } from './variants.ts';

export interface CacheOptions extends Patience {
  readonly store: Store;
  readonly log: Log;
  /** The most that one answer may take, in bytes, to be kept. */
  readonly maxEntryBytes: number;
  readonly onAbandon: 'abort' | 'finish';
  readonly load: Load;
  /** Which headers of an answer are kept with it. */
  readonly keptHeaders: (headers: RawHeaders) => RawHeaders;
}

export class Cache {
  /** Throws answers away. */
  readonly removals: Removals;
  readonly #options: CacheOptions;
  readonly #flights = new Flights();
  readonly #unkept: UnkeptKeys;
  readonly #forgotten = new ForgottenAnswers();
  readonly #future: FutureEntries;
  readonly #ground: Ground;

  constructor(options: CacheOptions) {
    this.#options = options;
    this.#unkept = new UnkeptKeys(options.clock);
    this.#future = new FutureEntries(options.log);
    this.removals = new Removals({ ...options, flights: this.#flights, forgotten: this.#forgotten });
    this.#ground = { ...options, flights: this.#flights, unkept: this.#unkept, forgotten: this.#forgotten };
  }

  /** How many flights may be joined. */
  get flights(): number {
    return this.#flights.size;
  }

  /** The keys to which an answer is on its way that may still be kept. */
  keysInTheAir(): string[] {
    return this.#flights.keys();
  }

  /** Why the last answer under a key was not kept; null where it was, or nothing is known of it. */
  whyNotKept(key: string): string | null {
    return this.#unkept.whyNot(key);
  }

  /** What is kept under a key, where it can be had without waiting and is good enough. */
  hit(key: string, permission: Permission, sent: Sent, now = this.#options.clock.now()): Opening | undefined {
    const { store } = this.#options;
    const stored = permission.read ? store.getNow(key) : undefined;
    if (stored === undefined) return undefined;
    const own = ownKey(key, stored.entry, sent);
    const found = this.#goodEnough(own === key ? stored : store.getNow(own), permission, sent, now);
    return found && this.#hit(own, found, now);
  }

  /** Answers what `hit` could not. @throws RefrainError `not_cached` where the upstream may not be asked */
  open(question: Question): Opening | Promise<Opening> {
    const { key, permission } = question;
    if (!permission.ask) return this.#onlyIfCached(question);
    const flight = permission.follow ? this.#flights.joinable(key) : null;
    if (!flight || isOverdue(flight, this.#options)) return this.#miss(question);
    const { head } = flight.recording;
    return head && !mayPlay(flight, head, question) ? this.#askBeside(head, question) : this.#follow(flight, question);
  }

  /** Fetches for one caller; nobody joins and nothing is kept. @param endpoint whose answers tell what they took */
  bypass(why: string, lead: Lead, endpoint: Endpoint | null = null): Opening {
    const { clock, load } = this.#options;
    load.admitFlight();
    const flight = new Flight({ landing: null, endpoint, maxBytes: 0, onAbandon: 'abort', clock, load });
    const listener = flight.recording.listen();
    flight.lead(lead);
    return { outcome: { word: 'bypass', why }, listener, call: flight.account.whenOver };
  }

  async #onlyIfCached(question: Question): Promise<Opening> {
    const { key, permission, sent } = question;
    const stored = permission.read ? await lookUp(this.#options.store, key) : undefined;
    const own = stored ? ownKey(key, stored.entry, sent) : key;
    if (own !== key) return this.#onlyIfCached({ ...question, key: own });
    const found = this.#goodEnough(stored, permission, sent);
    if (!found) throw notCached();
    return this.#hit(key, found);
  }

  #follow(flight: Flight, question: Question): Opening | Promise<Opening> {
    this.#options.load.admitListener();
    const listener = flight.recording.listen();
    const opening: Opening = { outcome: { word: 'follow' }, listener, call: flight.account.whenOver };
    return flight.lookup ? this.#followStored(flight, opening, question) : this.#followHead(flight, opening, question);
  }

  /** Follows a flight that is still asking the store. */
  async #followStored(flight: Flight, opening: Opening, question: Question): Promise<Opening> {
    const stored = await flight.lookup;
    if (!stored) return this.#followHead(flight, opening, question);
    opening.listener.leave();
    return this.#answerFrom(stored, question);
  }

  /** Follows once the head is known, unless it says that the answer is for the one who leads; then asks for itself. */
  #followHead(flight: Flight, opening: Opening, question: Question): Opening | Promise<Opening> {
    const { listener } = opening;
    const { head, state } = listener;
    if (head === null) {
      if (state !== 'waiting') return opening;
      return waitForHead(listener, question.client)
        .then((stays) => (stays && listener.head ? this.#followHead(flight, opening, question) : opening));
    }
    if (mayPlay(flight, head, question)) return opening;
    listener.leave();
    return this.#askBeside(head, question);
  }

  /** Answers what a flight in the air does not. @param head of that flight's answer */
  #askBeside(head: Head, question: Question): Opening | Promise<Opening> {
    const { key, sent } = question;
    const variant = variantOf(head, sent);
    if (variant && !isVariantKey(key)) {
      return this.open({ ...question, key: variantKey(key, variant.digest), varying: { by: variant.by } });
    }
    // An answer that is no answer has left the table, and another may be on its way already.
    return head.status === 200 ? this.#miss(question) : this.open(question);
  }

  /** Answers by what the store has under the key, or from where that says the answer is. */
  #answerFrom(stored: Found, question: Question): Opening | Promise<Opening> {
    const { key, permission, sent } = question;
    const { entry } = stored;
    const own = ownKey(key, entry, sent);
    if (own !== key) {
      return this.open({ ...question, key: own, varying: { by: entry.variant?.by ?? [], first: entry } });
    }
    if (this.#goodEnough(stored, permission, sent)) return this.#hit(key, stored);
    return this.open({ ...question, permission: { ...permission, read: false } });
  }

  #miss(question: Question): Opening | Promise<Opening> {
    const { key, permission, lead, sent, varying, expected: { noStore } } = question;
    const { load, store } = this.#options;
    const isToLookUp = permission.read && !surelyLacks(store, key);
    if (isToLookUp) load.admitListener();
    else load.admitFlight();
    const landing = new StoreLanding(this.#ground, question);
    const flight = this.#register(question, landing);
    const listener = flight.recording.listen();
    const notKept = permission.read ? this.#unkept.whyNot(key) : null;
    const outcome: Miss = { word: 'miss', ttl: permission.ttl, noStore, notKept, answer: landing };
    const opening: Opening = {
      outcome, listener, call: flight.account.whenOver, flight,
      ...(varying && { variesBy: varying.by }),
    };
    if (!isToLookUp) {
      flight.lead(lead);
      return opening;
    }
    const lookup = lookUp(store, key).then((stored) => {
      const isElsewhere = stored !== undefined && ownKey(key, stored.entry, sent) !== key;
      const found = isElsewhere ? stored : this.#goodEnough(stored, permission, sent);
      flight.lookup = null;
      landing.before = stored?.entry;
      if (found) {
        flight.dismiss();
        listener.leave();
      } else flight.leadWithin(load, lead);
      return found;
    });
    flight.lookup = lookup;
    return lookup.then((found) => (found ? this.#answerFrom(found, question) : opening));
  }

  /** A flight that is joinable unless another one holds the key already. */
  #register(question: Question, landing: StoreLanding): Flight {
    const { key, expected: { endpoint } } = question;
    const { clock, load, maxEntryBytes, onAbandon } = this.#options;
    const flight = new Flight({ landing, endpoint, maxBytes: maxEntryBytes, onAbandon, clock, load });
    if (flight.recording.liveOnly) return flight;
    landing.place = this.#flights.add(flight, question, !this.#unkept.has(key) && !this.#isHeld(question));
    return flight;
  }

  /** Tests whether another flight holds the key, and is to be waited for. */
  #isHeld(question: Question): boolean {
    const held = this.#flights.joinable(question.key);
    if (held === null || isOverdue(held, this.#options)) return false;
    const { head } = held.recording;
    return head === null || mayPlay(held, head, question);
  }

  #hit(key: string, found: Found, now = this.#options.clock.now()): Opening {
    this.#options.store.use(key);
    return openStored(found, now);
  }

  /** The entry found, unless it is too old, of another variant, or was dropped while a slow store looked for it. */
  #goodEnough(
    found: Found | undefined, { maxAge }: Permission, sent: Sent, now = this.#options.clock.now(),
  ): Found | undefined {
    if (!found || this.#forgotten.has(found.entry.answerId) || !suits(found.entry, sent)) return undefined;
    if (isGoodEnough(found.entry, maxAge, now)) return found;
    this.#future.note(found.entry, now);
    return undefined;
  }
}
