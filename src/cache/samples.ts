/**
 * Samples: up to so many answers to equal requests, each under a key of its own. A request takes the lowest that is
 * neither stored nor in flight; where there is none, the next in turn.
 *
 * A choice is followed by its flight in the same turn of the event loop, so that no two requests take the same free
 * one. What slow stores have is asked before that, of all samples in one go.
 */
import { LRUCache } from 'lru-cache';
import type { Found, Store } from '../store/store.ts';
import type { Flights } from './flights.ts';
import type { Permission } from './question.ts';
import type { StoredAnswers } from './stored.ts';
import { ownKey, type Sent } from './variants.ts';

/** How many keys have a turn that is remembered; one that is forgotten begins at 1. */
const TURNS = 10_000;

export interface SampledRequest {
  /** Those of all samples, in their order. */
  readonly keys: readonly [first: string, ...others: string[]];
  /** The other keys from which the answer under a key may be made. */
  readonly sources: (key: string) => readonly string[];
  readonly permission: Permission;
  readonly sent: Sent;
}

export interface ChosenSample {
  readonly key: string;
  /** From 1 on. */
  readonly number: number;
}

type FoundByKey = ReadonlyMap<string, Found>;
const NOTHING: FoundByKey = new Map();

export interface SamplesParts {
  readonly store: Store;
  readonly flights: Flights;
  readonly stored: StoredAnswers;
}

export class Samples {
  readonly #parts: SamplesParts;
  /** The index of the one whose turn it is, by the first key. Sized, since room for a `max` is taken at the start. */
  readonly #turns = new LRUCache<string, number>({ maxSize: TURNS, sizeCalculation: () => 1 });
  /** Those under way, by number of samples and key. */
  readonly #lookups = new Map<string, Promise<FoundByKey>>();

  constructor(parts: SamplesParts) {
    this.#parts = parts;
  }

  /** Asks slow stores for the samples of which nothing is known here; null where there is nothing to wait for. */
  lookUp(request: SampledRequest): Promise<FoundByKey> | null {
    const { store, flights } = this.#parts;
    if (store.isSync) return null;
    const { keys, sources, sent } = request;
    const isUnknown = (key: string) => flights.joinable(key) === null && !store.has(key);
    const unknown = keys.flatMap((key) => {
      const all = [key, ...sources(key)].map((one) => this.#ownKey(one, sent, NOTHING));
      return all.every(isUnknown) ? all : [];
    });
    if (unknown.length === 0) return null;
    const id = `${keys.length} ${[keys[0], ...sources(keys[0])].join(' ')}`;
    let lookup = this.#lookups.get(id);
    if (lookup === undefined) {
      lookup = this.#find(unknown, sent).finally(() => this.#lookups.delete(id));
      this.#lookups.set(id, lookup);
    }
    return lookup;
  }

  /** @param lookup the answer of slow stores */
  choose(request: SampledRequest, lookup = NOTHING): ChosenSample {
    const { keys, permission } = request;
    if (!permission.ask) return this.#nextStored(request, lookup);
    const free = keys.findIndex(
      (key) => ![key, ...request.sources(key)].some((one) => this.#isTaken(one, request, lookup)),
    );
    return free === -1 ? this.#take(keys, this.#turnOf(keys)) : sampleAt(keys, free);
  }

  /** The next in turn of those that are stored; without any, the first. */
  #nextStored(request: SampledRequest, lookup: FoundByKey): ChosenSample {
    const { keys } = request;
    const turn = this.#turnOf(keys);
    const inTurn = [...keys.slice(turn), ...keys.slice(0, turn)];
    const stored = inTurn.find((key) =>
      [key, ...request.sources(key)].some((one) => this.#isStored(one, request, lookup)),
    );
    return stored === undefined ? sampleAt(keys, 0) : this.#take(keys, keys.indexOf(stored));
  }

  #turnOf(keys: SampledRequest['keys']): number {
    return (this.#turns.get(keys[0]) ?? 0) % keys.length;
  }

  #take(keys: SampledRequest['keys'], index: number): ChosenSample {
    this.#turns.set(keys[0], (index + 1) % keys.length);
    return sampleAt(keys, index);
  }

  #isTaken(key: string, { permission, sent }: SampledRequest, lookup: FoundByKey): boolean {
    const { flights } = this.#parts;
    if (flights.joinable(key) ?? flights.joinable(this.#ownKey(key, sent, lookup))) return true;
    // One that is too old for this request alone, or kept for a failure, is replaced in its turn.
    return this.#isStored(key, { sent, permission: { ...permission, maxAge: Infinity } }, lookup);
  }

  #isStored(
    key: string,
    { permission, sent }: Pick<SampledRequest, 'permission' | 'sent'>,
    lookup: FoundByKey,
  ): boolean {
    const held = this.#held(this.#ownKey(key, sent, lookup), lookup);
    return this.#parts.stored.freshness(held, permission, sent) !== 'gone';
  }

  /** That of the variant, where the stored sample says that its answers vary. */
  #ownKey(key: string, sent: Sent, lookup: FoundByKey): string {
    const first = this.#held(key, lookup);
    return first === undefined ? key : ownKey(key, first.entry, sent);
  }

  #held(key: string, lookup: FoundByKey): Found | undefined {
    const { store } = this.#parts;
    // Only what is there counts as looked up: one question is one miss of the memory.
    return (store.has(key) ? store.getSync(key) : undefined) ?? lookup.get(key);
  }

  async #find(keys: readonly string[], sent: Sent): Promise<FoundByKey> {
    const { store } = this.#parts;
    try {
      const found = await store.getMany(keys);
      const variants = [...found].map(([key, { entry }]) => ownKey(key, entry, sent)).filter((key) => !found.has(key));
      return variants.length === 0 ? found : new Map([...found, ...(await store.getMany(variants))]);
    } catch {
      return NOTHING;
    }
  }
}

function sampleAt(keys: SampledRequest['keys'], index: number): ChosenSample {
  return { key: keys[index] as string, number: index + 1 };
}
