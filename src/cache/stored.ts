/**
 * The stored answers, as the cache asks for them: how good each is for a
 * question, and how it is opened as a hit.
 */
import type { Clock } from '../clock.ts';
import { notCached } from '../errors.ts';
import type { Log } from '../log.ts';
import { Reader } from '../response/reader.ts';
import { StoredAnswer } from '../response/stored-answer.ts';
import type { Found, Store } from '../store/store.ts';
import type { DeletedResponses } from './deleted-responses.ts';
import { DerivedAnswers, mayBeMade, type StoredQuestion } from './derived-answers.ts';
import { type Freshness, freshnessOf, type Served } from './freshness.ts';
import { FutureEntries } from './future-entries.ts';
import type { CacheResult } from './outcome.ts';
import type { Permission, Question } from './question.ts';
import { ownKey, type Sent, suits } from './variants.ts';

export interface StoredParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly deletedResponses: DeletedResponses;
}

/** An entry, and the key that it lies under. */
export interface FoundOwn {
  readonly key: string;
  readonly found: Found;
}

export class StoredAnswers {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #deletedResponses: DeletedResponses;
  readonly #future: FutureEntries;
  readonly #derived: DerivedAnswers;

  constructor({ store, clock, log, deletedResponses }: StoredParts) {
    this.#store = store;
    this.#clock = clock;
    this.#deletedResponses = deletedResponses;
    this.#future = new FutureEntries(log);
    this.#derived = new DerivedAnswers(store, (found, { permission, sent }) => this.freshness(found, permission, sent));
  }

  /** True where all that is stored can be had without waiting. */
  get isSync(): boolean {
    return this.#store.isSync;
  }

  /** A hit that can be had without waiting and needs no upstream call; null where nothing can be had so. */
  hit(key: string, permission: Permission, sent: Sent, now = this.#clock.now()): CacheResult | null | undefined {
    if (!permission.read) return undefined;
    const first = this.#store.getSync(key);
    if (first === undefined) return null;
    const own = ownKey(key, first.entry, sent);
    const found = own === key ? first : this.#store.getSync(own);
    if (this.freshness(found, permission, sent, now) !== 'fresh') return undefined;
    return this.open(own, found as Found, 'fresh', now);
  }

  /** A hit, however long the store takes. @throws RefrainError `not_cached` */
  async only(question: Question, isLookedUp = false): Promise<CacheResult> {
    const own = question.permission.read ? await this.findOwn(question, isLookedUp) : undefined;
    const served = this.servable(own?.found, question);
    if (!own || !served) throw notCached();
    return this.open(own.key, own.found, served);
  }

  /** The same as `find`, and under the key of its variant where the answers vary by what was sent. */
  async findOwn(question: StoredQuestion, isLookedUp = false): Promise<FoundOwn | undefined> {
    const { key, sent } = question;
    const found = await this.find(question, isLookedUp);
    if (!found) return undefined;
    const own = ownKey(key, found.entry, sent);
    return own === key ? { key, found } : this.findOwn({ ...question, key: own });
  }

  /**
   * The store's answer to a question, or one that is made from another form of it; nothing where the store fails,
   * against its contract.
   * @param isLookedUp nothing can be had without waiting
   */
  async find(question: StoredQuestion, isLookedUp = false): Promise<Found | undefined> {
    const { key, forms, items, permission } = question;
    try {
      if (items) return await items.find(key);
      let own = await (isLookedUp ? this.#store.getSlow(key) : this.#store.get(key));
      // One that was recorded may lie behind it.
      if (own?.entry.derivation && !mayBeMade(own.entry.derivation, permission)) own = await this.#store.getSlow(key);
      return forms === null ? own : await this.#derived.instead(own, question, forms);
    } catch {
      return undefined;
    }
  }

  /** Tests whether another form is stored from which an answer may be made, as far as can be had without waiting. */
  mayDerive({ forms }: Question): boolean {
    return forms?.sources.some(({ key }) => this.#store.has(key)) === true;
  }

  /** `gone` too of another variant, and of what was deleted while a slow store looked for it. */
  freshness(found: Found | undefined, permission: Permission, sent: Sent, now = this.#clock.now()): Freshness {
    if (!found || this.#deletedResponses.has(found.entry.answerId) || !suits(found.entry, sent)) return 'gone';
    if (found.entry.derivation && !mayBeMade(found.entry.derivation, permission)) return 'gone';
    const freshness = freshnessOf(found.entry, permission, now);
    if (freshness === 'gone') this.#future.note(found.entry, now);
    return freshness;
  }

  /** The same for a hit: nothing where the upstream has to be asked first. */
  servable(found: Found | undefined, { permission, sent }: Question): Served | null {
    const freshness = this.freshness(found, permission, sent);
    return freshness === 'fresh' || freshness === 'stale-while-revalidate' ? freshness : null;
  }

  /** Tests whether what was found answers a question, or says where its answer is. */
  isAnswer(found: Found, question: Question): boolean {
    const { key, sent } = question;
    return ownKey(key, found.entry, sent) !== key || this.servable(found, question) !== null;
  }

  /** @param status that of the failure in whose place it is served */
  open(key: string, { entry, tier }: Found, freshness: Served, now = this.#clock.now(), status?: number): CacheResult {
    const { derivation = null } = entry;
    this.#store.use(derivation?.key ?? key);
    const age = Math.max(0, Math.floor((now - entry.storedAt) / 1000));
    const rest = (entry.expiresAt - now) / 1000;
    // Rounded so that only what is fresh has some left.
    const ttl = rest > 0 ? Math.ceil(rest) : Math.floor(rest);
    return {
      outcome: { word: 'hit', tier, age, ttl, freshness, status: status ?? null, derivation },
      reader: new Reader(new StoredAnswer(entry)),
      entry,
      call: entry.call ?? null,
    };
  }
}
