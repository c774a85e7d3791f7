/**
 * The removal of answers before their time: from the store, and of those on
 * their way, which are delivered and not kept.
 */
import type { Clock } from '../clock.ts';
import { notShared, overloaded } from '../errors.ts';
import type { PurgeMark } from '../response/entry.ts';
import type { GoneNews } from '../store/gone.ts';
import type { Purge } from '../store/filter.ts';
import { add, NOTHING } from '../store/listing.ts';
import type { Store } from '../store/store.ts';
import type { DeletedResponses } from './deleted-responses.ts';
import { entriesFor, type Flights, type Purged, type PurgeRequest } from './flights.ts';
import { searchText, type TextSearch, totalsOf } from './text-search.ts';

export interface RemovalParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly flights: Flights;
  readonly deletedResponses: DeletedResponses;
}

/** The log of what the processes of a fleet throw away. */
export interface PurgeLog {
  /** Its place that is known here, for an answer that is asked for now; undefined before it was read. */
  readonly mark: PurgeMark | undefined;
  /** False while something was thrown away here that `mark` does not tell of. */
  readonly isShared: boolean;
  /** @returns whether every process will heed it; where it is false, it is tried again as long as this one runs */
  append(gone: GoneNews): Promise<boolean>;
}

/** Keys under which other processes of a fleet may hold an older entry. */
export interface ReplacedKeys {
  append(key: string): void;
}

/** Keys that wait at once until other processes know that they are gone. */
const PURGED_AT_ONCE = 100;

export class Removals {
  readonly #parts: RemovalParts;
  #log: PurgeLog | null = null;
  #replaced: ReplacedKeys | null = null;
  #tellOthers: (gone: GoneNews) => Promise<unknown> = async () => {};

  constructor(parts: RemovalParts) {
    this.#parts = parts;
  }

  /** Has other processes told what is thrown away here, and what is replaced. Legal before the first request. */
  join(log: PurgeLog, replaced: ReplacedKeys): void {
    this.#log = log;
    this.#replaced = replaced;
  }

  /**
   * Has those told too that must not wait for the log, which may be out of reach.
   * @param tell resolves once they have heeded it
   */
  joinBeside(tell: (gone: GoneNews) => Promise<unknown>): void {
    this.#tellOthers = tell;
  }

  /** A newer entry was stored under a key than one that was served from it. */
  replaced(key: string): void {
    this.#replaced?.append(key);
  }

  /** The mark of an answer that is asked for now; undefined where purges are not logged. */
  get mark(): PurgeMark | undefined {
    return this.#log?.mark;
  }

  /**
   * Drops what is kept under a key, and fences what is on its way to it, from the moment that this is called. What was
   * derived goes with its source, from which it would be made again.
   * @throws RefrainError `not_shared`
   */
  async purge(key: string): Promise<void> {
    const { flights, store } = this.#parts;
    for (const flight of flights.to(key)) flight.fence();
    flights.forgetSource(key);
    const { derivation } = store.getSync(key)?.entry ?? {};
    store.delete(key);
    const logging = this.#log?.append({ key });
    const purging = derivation && this.purge(derivation.key);
    await Promise.all([this.#tellOthers({ key }), purging]);
    if (logging && !(await logging)) throw notShared();
  }

  /**
   * Drops all that fits, what is on its way included, for every request from here on.
   * @returns how much that was
   * @throws RefrainError `not_shared`
   */
  async purgeAll(request: PurgeRequest): Promise<Purged> {
    const { store, clock } = this.#parts;
    const purge = entriesFor(request, clock.now());
    if (request.text !== undefined) return this.#purgeText(request, purge);
    const flights = this.#parts.flights.purgedBy(request);
    for (const flight of flights) flight.fence();
    this.#parts.flights.forgetEntries(purge);
    const upTo = this.#log?.mark;
    const logging = this.#log?.append({ purge });
    const telling = this.#tellOthers({ purge });
    const totals = (await store.purge(purge, upTo)) ?? NOTHING;
    await telling;
    if (logging && !(await logging)) throw notShared();
    return { ...totals, flights: flights.length };
  }

  /** Counts what `purgeAll` would drop. */
  async countAll(request: PurgeRequest): Promise<Purged> {
    const { store, clock } = this.#parts;
    const flights = this.#parts.flights.purgedBy(request).length;
    const purge = entriesFor(request, clock.now());
    if (request.text === undefined) return { ...((await store.count(purge)) ?? NOTHING), flights };
    return { ...reportOf(await this.#search(purge, request.text), request), flights };
  }

  /** Throws away by key what a search finds; copies that nobody can judge go at once, here and elsewhere. */
  async #purgeText(request: PurgeRequest, purge: Purge): Promise<Purged> {
    const { store } = this.#parts;
    const flights = this.#parts.flights.purgedBy(request);
    for (const flight of flights) flight.fence();
    this.#parts.flights.forgetEntries(purge);
    store.dropCopies(purge);
    const logging = this.#log?.append({ doubt: purge });
    await this.#tellOthers({ doubt: purge });
    const found = await this.#search(purge, request.text);
    const keys = [...found.fitting.keys(), ...(request.includeUnjudged ? found.unjudged.keys() : [])];
    for (let at = 0; at < keys.length; at += PURGED_AT_ONCE)
      await Promise.all(keys.slice(at, at + PURGED_AT_ONCE).map((key) => this.purge(key)));
    if (logging && !(await logging)) throw notShared();
    return { ...reportOf(found, request), flights: flights.length };
  }

  /** @throws RefrainError `overloaded` while some of what is kept cannot be searched */
  async #search(purge: Purge, text: string | undefined): Promise<TextSearch> {
    const { store } = this.#parts;
    if (!(await store.written())) throw overloaded();
    return searchText(store.catalogues(), { ...purge, text });
  }

  /** Drops the answers with this `id` here, also those that land from here on. */
  forget(answerId: string): void {
    this.#parts.deletedResponses.add(answerId);
    this.#parts.store.deleteAnswer(answerId);
    void this.#tellOthers({ answerId });
  }

  /** Has a fleet forget them, too: never at the word of just anybody, since the log holds only so much. */
  tellForgotten(answerId: string): void {
    void this.#log?.append({ answerId });
  }

  /** Tests whether all that was dropped so far is gone for good, whatever becomes of this process. */
  written(): Promise<boolean> {
    return this.#parts.store.written();
  }

  /** Keeps nothing that is on its way, where another process threw it away. */
  heed(gone: GoneNews): void {
    const { flights, deletedResponses } = this.#parts;
    if ('answerId' in gone) return deletedResponses.add(gone.answerId);
    const purge = 'purge' in gone ? gone.purge : 'doubt' in gone ? gone.doubt : null;
    if ('key' in gone) flights.forgetSource(gone.key);
    for (const flight of 'key' in gone ? flights.to(gone.key) : flights.fitting(purge ?? {})) flight.fence();
    if (purge) flights.forgetEntries(purge);
  }
}

function reportOf({ fitting, unjudged }: TextSearch, { includeUnjudged = false }: PurgeRequest) {
  const totals = includeUnjudged ? add(totalsOf(fitting), totalsOf(unjudged)) : totalsOf(fitting);
  return { ...totals, unjudged: includeUnjudged ? 0 : unjudged.size };
}
