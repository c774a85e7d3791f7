/**
 * Lookups in several stores, the fastest first: the first that has a key
 * answers, and the stores before it are given what it had.
 *
 * Where one of them is shared with other processes, each entry that a slow
 * store has is judged by what those purged. What the quick ones have was judged
 * on its way there.
 */
import { attempt, settled } from './attempt.ts';
import type { PurgeJudge } from './purge-judge.ts';
import type { Found, Tier } from './store.ts';

export class TierLookups {
  /** The newest lookup of each key; a change to the key ends it, so that nothing older is promoted over it. */
  readonly #newest = new Map<string, symbol>();
  readonly #stores: readonly Tier[];
  readonly #shared: Tier | null;
  readonly #judge: PurgeJudge | null;

  /** @param shared one of the stores, that other processes write to, too */
  constructor(stores: readonly Tier[], shared: Tier | null = null, judge: PurgeJudge | null = null) {
    this.#stores = stores;
    this.#shared = shared;
    this.#judge = judge;
  }

  /** @param some of the stores */
  async get(key: string, some: readonly Tier[]): Promise<Found | undefined> {
    const lookup = Symbol();
    this.#newest.set(key, lookup);
    let found: Found | undefined;
    for (const store of some) {
      found = await settled(() => store.get(key));
      if (found && this.#judge !== null && (await this.#isPurged(key, found, store))) found = undefined;
      if (found === undefined) continue;
      if (this.#newest.get(key) === lookup) this.promote(key, found, store);
      break;
    }
    this.#close(key, lookup);
    return found;
  }

  async getMany(keys: readonly string[]): Promise<ReadonlyMap<string, Found>> {
    const lookup = Symbol();
    for (const key of keys) this.#newest.set(key, lookup);
    const all = new Map<string, Found>();
    for (const store of this.#stores) {
      const left = keys.filter((key) => !all.has(key));
      if (left.length === 0) break;
      for (const [key, found] of (await settled(() => store.getMany(left))) ?? []) {
        if (this.#judge !== null && (await this.#isPurged(key, found, store))) continue;
        all.set(key, found);
        if (this.#newest.get(key) === lookup) this.promote(key, found, store);
      }
    }
    for (const key of keys) this.#close(key, lookup);
    return all;
  }

  /** Gives the stores before one what that had. */
  promote(key: string, { entry }: Found, from: Tier): void {
    for (const store of this.#stores.slice(0, this.#stores.indexOf(from))) {
      // An entry that another process has stored there is newer: a lease without a token never holds.
      const fence = store === this.#shared ? { key, token: '' } : undefined;
      attempt(() => store.set(key, entry, fence));
    }
  }

  /** The key was changed: nothing that is on its way is promoted over that. */
  end(key: string): void {
    this.#newest.delete(key);
  }

  /** The same of all keys. */
  endAll(): void {
    this.#newest.clear();
  }

  #close(key: string, lookup: symbol): void {
    if (this.#newest.get(key) === lookup) this.#newest.delete(key);
  }

  /** Judges what a slow store has. One that is this process' own is cleared of what was purged. */
  async #isPurged(key: string, { entry }: Found, store: Tier): Promise<boolean> {
    const judge = this.#judge;
    if (judge === null || store.isSync) return false;
    let judgement = judge.judge(key, entry);
    if (judgement === 'unknown') {
      await judge.catchUp();
      judgement = judge.judge(key, entry);
    }
    if (judgement === 'purged' && store !== this.#shared) attempt(() => store.delete(key));
    return judgement !== 'kept';
  }
}
