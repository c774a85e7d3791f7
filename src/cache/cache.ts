/**
 * The decision: a request with a key is a hit, a follow or a miss; one without
 * is a bypass. Each comes back as a listener on a recording, so that whoever
 * serves it need not know which it was.
 *
 * The flight is registered before the first `await`, and the store is asked
 * inside it: of any number of equal requests, one asks the upstream.
 */
import type { Clock } from '../clock.ts';
import type { Endpoint } from '../endpoint.ts';
import { notCached } from '../errors.ts';
import type { Log } from '../log.ts';
import type { RawHeaders } from '../response/entry.ts';
import type { Gone } from '../store/gone.ts';
import { NOTHING } from '../store/listing.ts';
import type { Found, Store } from '../store/store.ts';
import { Flight, type Lead } from './flight.ts';
import { FutureEntries } from './future-entries.ts';
import { entriesFor, Flights, type Purged, type PurgeRequest } from './flights.ts';
import { ForgottenAnswers } from './forgotten-answers.ts';
import { type Ground, StoreLanding } from './landing.ts';
import type { Load } from './load.ts';
import type { Opening } from './outcome.ts';
import type { Permission, Question } from './question.ts';
import { isGoodEnough, lookUp, openStored, surelyLacks } from './stored.ts';
import { UnkeptKeys } from './unkept-keys.ts';

export interface CacheOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** The most that one answer may take, in bytes, to be kept. */
  readonly maxEntryBytes: number;
  readonly onAbandon: 'abort' | 'finish';
  /** How long, in seconds, a request waits for the first byte of another's call before one may call anew. */
  readonly patience: number;
  readonly load: Load;
  /** Which headers of an answer are kept with it. */
  readonly keptHeaders: (headers: RawHeaders) => RawHeaders;
}

/** What an upstream says of a credential or an account, not of a question. */
const PERSONAL_STATUS: ReadonlySet<number> = new Set([401, 402, 403, 429]);

export class Cache {
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

  /** What is kept under a key, where it can be had without waiting and is good enough. */
  hit(key: string, permission: Permission): Opening | undefined {
    const found = permission.read ? this.#goodEnough(this.#options.store.getNow(key), permission) : undefined;
    return found && this.#hit(key, found);
  }

  /** Answers what `hit` could not. @throws RefrainError `not_cached` where the upstream may not be asked */
  open(question: Question): Opening | Promise<Opening> {
    const { key, permission } = question;
    if (!permission.ask) return this.#onlyIfCached(question);
    const flight = permission.follow ? this.#flights.joinable(key) : null;
    return flight && !this.#isOverdue(flight) ? this.#follow(flight, question) : this.#miss(question);
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

  /** Drops what is kept under a key, and fences what is on its way to it. */
  purge(key: string): void {
    for (const flight of this.#flights.to(key)) flight.fence();
    this.#options.store.delete(key);
  }

  /** Drops all that fits, what is on its way included, for every request from here on; resolves with how much that was. */
  async purgeAll(request: PurgeRequest): Promise<Purged> {
    const { store, clock } = this.#options;
    const flights = this.#flights.purgedBy(request);
    for (const flight of flights) flight.fence();
    return { ...((await store.purge(entriesFor(request, clock.now()))) ?? NOTHING), flights: flights.length };
  }

  /** What `purgeAll` would drop. */
  async countAll(request: PurgeRequest): Promise<Purged> {
    const { store, clock } = this.#options;
    const flights = this.#flights.purgedBy(request).length;
    return { ...((await store.count(entriesFor(request, clock.now()))) ?? NOTHING), flights };
  }

  /** Drops the answers with this `id`, also those that land from here on. */
  forget(answerId: string): void {
    this.#forgotten.add(answerId);
    this.#options.store.deleteAnswer(answerId);
  }

  /** Whether all that was dropped so far is gone for good, whatever becomes of this process. */
  written(): Promise<boolean> {
    return this.#options.store.written();
  }

  /** What another process over the same store threw away is not kept here either, where it is on its way. */
  heed(gone: Gone): void {
    if ('answerId' in gone) return this.#forgotten.add(gone.answerId);
    const flights = 'key' in gone ? this.#flights.to(gone.key) : this.#flights.fitting(gone.purge);
    for (const flight of flights) flight.fence();
  }

  async #onlyIfCached({ key, permission }: Question): Promise<Opening> {
    const found = permission.read ? this.#goodEnough(await lookUp(this.#options.store, key), permission) : undefined;
    if (!found) throw notCached();
    return this.#hit(key, found);
  }

  #follow(flight: Flight, question: Question): Opening | Promise<Opening> {
    this.#options.load.admitListener();
    const listener = flight.recording.listen();
    const opening: Opening = { outcome: { word: 'follow' }, listener, call: flight.account.whenOver };
    if (flight.lookup) return this.#followStored(flight.lookup, opening, question);
    return question.shared ? this.#followShared(opening, question) : opening;
  }

  /** Follows a flight that is still asking the store. */
  async #followStored(lookup: Promise<Found | undefined>, opening: Opening, question: Question): Promise<Opening> {
    const stored = await lookup;
    if (!stored) return question.shared ? this.#followShared(opening, question) : opening;
    opening.listener.leave();
    if (this.#goodEnough(stored, question.permission)) return this.#hit(question.key, stored);
    return this.open({ ...question, permission: { ...question.permission, read: false } });
  }

  /** Follows unless the upstream refuses the one who leads, for his credential or his account; then asks for itself. */
  async #followShared(opening: Opening, question: Question): Promise<Opening> {
    const { listener } = opening;
    await listener.whenBegun();
    if (!PERSONAL_STATUS.has(listener.head?.status ?? 0)) return opening;
    listener.leave();
    return this.open(question);
  }

  #miss(question: Question): Opening | Promise<Opening> {
    const { key, permission, lead } = question;
    const { load, store } = this.#options;
    const isToLookUp = permission.read && !surelyLacks(store, key);
    if (isToLookUp) load.admitListener();
    else load.admitFlight();
    const flight = this.#register(question);
    const listener = flight.recording.listen();
    const opening: Opening = { outcome: { word: 'miss', ttl: permission.ttl }, listener, call: flight.account.whenOver, flight };
    if (!isToLookUp) {
      flight.lead(lead);
      return opening;
    }
    const lookup = lookUp(store, key).then((stored) => {
      const found = this.#goodEnough(stored, permission);
      flight.lookup = null;
      if (found) {
        flight.dismiss();
        listener.leave();
      } else flight.leadWithin(load, lead);
      return found;
    });
    flight.lookup = lookup;
    return lookup.then((found) => (found ? this.#hit(key, found) : opening));
  }

  /** A flight that is joinable unless another one holds the key already. */
  #register(question: Question): Flight {
    const { key, expected: { endpoint } } = question;
    const { clock, load, maxEntryBytes, onAbandon } = this.#options;
    const landing = new StoreLanding(this.#ground, question);
    const flight = new Flight({ landing, endpoint, maxBytes: maxEntryBytes, onAbandon, clock, load });
    if (flight.recording.liveOnly) return flight;
    const held = this.#flights.joinable(key);
    landing.place = this.#flights.add(flight, question, !this.#unkept.has(key) && (!held || this.#isOverdue(held)));
    return flight;
  }

  /** Whether a flight has not said a byte for so long that a further attempt may start, which then takes its place. */
  #isOverdue({ recording, account: { ledAt } }: Flight): boolean {
    const { clock, patience } = this.#options;
    return recording.head === null && ledAt !== null && clock.now() - ledAt > patience * 1000;
  }

  #hit(key: string, found: Found): Opening {
    this.#options.store.use(key);
    return openStored(found, this.#options.clock.now());
  }

  /** What is found, unless it is too old, or was dropped while a slow store looked for it. */
  #goodEnough(found: Found | undefined, { maxAge }: Permission): Found | undefined {
    if (!found || this.#forgotten.has(found.entry.answerId)) return undefined;
    const now = this.#options.clock.now();
    if (isGoodEnough(found.entry, maxAge, now)) return found;
    this.#future.note(found.entry, now);
    return undefined;
  }
}
