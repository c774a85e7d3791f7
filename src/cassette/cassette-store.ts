/**
 * A cassette as a store: all that its file has, in memory, and what is recorded. Nothing in it expires or is evicted.
 *
 * While the file is being read, `getSync` finds what has come, and whoever asks with `get` waits for it. What is only
 * `set` is this process's alone; what is recorded is in the file from the next lot on.
 */
import { extname } from 'node:path';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Entry } from '../response/entry.ts';
import type { Catalogue, Kept, Likeness, TierSize } from '../store/catalogue.ts';
import type { Purge } from '../store/filter.ts';
import type { Gone } from '../store/gone.ts';
import { add, type EntryRow, type EntryRows, type Listing, type Totals } from '../store/listing.ts';
import { createMemoryStore, type MemoryStore } from '../store/memory.ts';
import type { Found, Tier } from '../store/store.ts';
import type { Failure } from '../thread/failure.ts';
import { type Service, Thread } from '../thread/thread.ts';
import { type CassetteHeader, joinHeaders, type RedactionRule } from './cassette-header.ts';
import { CassetteLoading } from './cassette-loading.ts';
import { isThere } from './cassette-paths.ts';
import type { CassetteService, CassetteServiceOptions } from './cassette-service.ts';
import { HeldExchanges } from './held-exchanges.ts';
import type { RecordedExchange } from './recorded-exchange.ts';
import { RecordingBuffer } from './recording-buffer.ts';

/** `.ts` in the source tree, `.js` where it was built. */
const SERVICE = new URL(`./cassette-service${extname(import.meta.url)}`, import.meta.url);
/** After how long with nothing to write the thread's memory is given back. */
const IDLE_MS = 10_000;

export interface CassetteStoreOptions extends CassetteServiceOptions {
  /** Rules that the header gets with what is recorded, beside those that it has. */
  readonly redact?: readonly RedactionRule[];
  readonly clock: Clock;
  readonly log: Log;
}

export class CassetteStore implements Required<Omit<Tier, 'setDerived'>>, Catalogue {
  readonly name = 'cassette';
  /** True once it is closed, where not all that was recorded could be written. */
  hasLost = false;
  readonly #options: CassetteStoreOptions;
  readonly #memory: MemoryStore;
  readonly #service: Service<CassetteService>;
  readonly #loading: CassetteLoading;
  readonly #buffer: RecordingBuffer;
  readonly #exchanges: HeldExchanges;
  #closing: Promise<void> | undefined;
  /** A run that asked for nothing says nothing of what is used. */
  #isAsked = false;

  constructor(options: CassetteStoreOptions) {
    const { path, isReadOnly, keyOptions, redact = [], clock, log } = options;
    this.#options = options;
    this.#memory = createMemoryStore({ maxBytes: Number.MAX_SAFE_INTEGER, name: this.name });
    const data: CassetteServiceOptions = { path, isReadOnly, keyOptions };
    this.#service = new Thread({ idleMs: IDLE_MS }).serve({ module: SERVICE, data });
    this.#buffer = new RecordingBuffer({ service: this.#service, path, redact, isReadOnly, clock, log });
    this.#exchanges = new HeldExchanges(this.#memory, this.#buffer);
    this.#loading = new CassetteLoading(
      isThere(path) ? this.#service : null,
      () => clock.now(),
      (exchange) => this.#exchanges.load(exchange),
    );
  }

  /** How requests are to be read: resolves before any is named. */
  get opened(): Promise<CassetteHeader> {
    return this.#loading.opened.then(() => this.header);
  }

  /** Of the file, once it is opened, and of the options. */
  get header(): CassetteHeader {
    return joinHeaders(this.#loading.header, { upstreams: {}, redact: this.#options.redact ?? [] });
  }

  /** Resolves once all is here, with why the file cannot be read, or null. */
  get loaded(): Promise<Failure | null> {
    return this.#loading.ended.then((failure) => (this.#closing ? null : failure));
  }

  get isSync(): boolean {
    return this.#loading.isOver;
  }

  get held(): TierSize {
    return this.#memory.held;
  }

  has(key: string): boolean {
    return this.#memory.has(key);
  }

  getSync(key: string): Found | undefined {
    this.#isAsked = true;
    return this.#memory.getSync(key);
  }

  async get(key: string): Promise<Found | undefined> {
    await this.#until(key);
    return this.#memory.get(key);
  }

  async getMany(keys: readonly string[]): Promise<ReadonlyMap<string, Found>> {
    for (const key of keys) await this.#until(key);
    return this.#memory.getMany(keys);
  }

  set(key: string, entry: Entry): void {
    this.#memory.set(key, entry);
  }

  setMany(entries: Iterable<readonly [key: string, entry: Entry]>): void {
    this.#memory.setMany(entries);
  }

  /** Keeps an exchange, here and in the file. @param key of its sample */
  record(exchange: RecordedExchange, key: string, entry: Entry): void {
    this.#exchanges.record(exchange, key, entry, this.isSync);
  }

  /** All that the file has, or will, by the keys of their samples. */
  exchanges(): Iterable<readonly [key: string, exchange: RecordedExchange]> {
    return this.#exchanges.all();
  }

  use(key: string, times: number): void {
    this.#memory.use(key, times);
    this.#exchanges.use(key);
  }

  /** From the file too. */
  delete(key: string): void {
    this.#memory.delete(key);
    this.#exchanges.delete(key, this.isSync);
  }

  drop(gone: Gone): void {
    if ('key' in gone) this.delete(gone.key);
    else if ('answerId' in gone) this.deleteAnswer(gone.answerId);
    else void this.purge(gone.purge);
  }

  /** Nothing that is recorded has an id: what a request deleted at its upstream is asked for again in a replay. */
  deleteAnswer(answerId: string): void {
    this.#memory.deleteAnswer(answerId);
  }

  /** From the file too; of a file that is still being read, that which is yet to come as well. */
  async purge(purge: Purge): Promise<Totals> {
    const isWhole = this.isSync;
    const purged = this.#purge(purge);
    if (isWhole) return purged;
    await this.loaded;
    return add(await purged, await this.#purge(purge));
  }

  async written(): Promise<boolean> {
    return this.#buffer.flush();
  }

  async list(listing: Listing): Promise<EntryRows | undefined> {
    await this.loaded;
    return this.#memory.list(listing);
  }

  async count(purge: Purge): Promise<Totals | undefined> {
    await this.loaded;
    return this.#memory.count(purge);
  }

  async listByPrefix(prefix: string, limit: number): Promise<readonly EntryRow[] | undefined> {
    await this.loaded;
    return this.#memory.listByPrefix(prefix, limit);
  }

  async read(key: string): Promise<Entry | undefined> {
    await this.#until(key);
    return this.#memory.read(key);
  }

  async findByPrefix(digits: string): Promise<Kept | undefined> {
    await this.loaded;
    return this.#memory.findByPrefix(digits);
  }

  async newest(like: Likeness, limit: number): Promise<readonly Kept[] | undefined> {
    await this.loaded;
    return this.#memory.newest(like, limit);
  }

  size(): Promise<Totals> {
    return this.#memory.size();
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    await this.#memory.close();
    // A file that is only read need not be read to its end.
    if (this.#buffer.hasChanged) await this.#save();
    if (this.#isAsked || this.#exchanges.used.size > 0) await this.#service.ask('mark', [[...this.#exchanges.used]]);
    await this.#service.end();
    // Exchanges that came from the file meanwhile.
    await this.#memory.close();
  }

  async #save(): Promise<void> {
    const { path, log } = this.#options;
    await this.#loading.ended;
    this.hasLost = !(await this.#buffer.flush());
    if (this.hasLost) log.error({ path }, 'what was recorded last is lost: it could not be written');
    const merged = await this.#service.ask('merge', []);
    if ('failure' in merged)
      log.error(
        { path, why: merged.failure.message },
        'what was recorded stays beside the cassette until the next start',
      );
  }

  #purge(purge: Purge): Promise<Totals> {
    this.#exchanges.purge(purge);
    return this.#memory.purge(purge) as Promise<Totals>;
  }

  async #until(key: string): Promise<void> {
    while (!this.#loading.isOver && !this.#memory.has(key)) await this.#loading.more;
  }
}
