/**
 * The stored part of a batch: its answer under its own key, or all of its inputs, from which that is put together.
 * An answer that would be longer than one that is kept is asked for whole: a short request may name many long ones.
 */
import { freshnessOf } from '../cache/freshness.ts';
import type { Question } from '../cache/question.ts';
import type { InputBatch } from '../items/batch.ts';
import type { Found } from '../store/store.ts';
import { HeldBytes } from './held-bytes.ts';
import { findMany, joinKnown, lengthOfAll, NOTHING_KNOWN, readKnown } from './known-inputs.ts';
import type { ProxyDependencies } from './proxy-dependencies.ts';

const TOO_LONG = 'some inputs are kept, but the answer to all would be longer than maxEntryBytes';
const NO_ROOM = 'some inputs are kept, but answers on their way hold as much as limits.bytes lets them';

export class BatchLookup {
  /** By the number of the input, as the store had them last, fresh or not. */
  known = NOTHING_KNOWN;
  /** Why all is asked for although some of it is known; null where it is not. */
  whyWhole: string | null = null;
  /** Of what is known, and of what is fetched beside it. */
  readonly held: HeldBytes;
  readonly #proxy: ProxyDependencies;
  readonly #question: Question;
  readonly #batch: InputBatch;

  constructor(proxy: ProxyDependencies, question: Question, batch: InputBatch) {
    this.#proxy = proxy;
    this.#question = question;
    this.#batch = batch;
    this.held = new HeldBytes(proxy.admission);
  }

  /** @param keys of the inputs */
  async find(keys: readonly string[]): Promise<Found | undefined> {
    this.#forget(null);
    const { store, clock, cache } = this.#proxy;
    const { key, permission } = this.#question;
    const found = await findMany(store, [key, ...keys], (bytes) => this.#mayHold(bytes));
    const whole = found.get(key);
    const isGood = whole?.entry.variant || (whole && freshnessOf(whole.entry, permission, clock.now()) === 'fresh');
    if (isGood) return whole;
    this.known = await readKnown(this.#question, keys, found);
    if (lengthOfAll(this.#batch, this.known) > cache.maxEntryBytes) this.#forget(TOO_LONG);
    if (this.known.size < keys.length) return whole;
    const joined = joinKnown(this.#question, this.#batch, this.known, clock.now());
    if (joined === undefined) this.#forget(null);
    return joined ?? whole;
  }

  /** Each entry has more than its item. */
  #mayHold(bytes: number): boolean {
    const hasRoom = this.held.add(bytes);
    const isShort = this.held.bytes <= 2 * this.#proxy.cache.maxEntryBytes;
    if (!hasRoom || !isShort) this.#forget(isShort ? NO_ROOM : TOO_LONG);
    return hasRoom && isShort;
  }

  #forget(whyWhole: string | null): void {
    this.whyWhole = whyWhole;
    this.known = NOTHING_KNOWN;
    this.held.letGo();
  }
}
