/**
 * Samples: up to so many answers to equal requests, each under a key of its own. A request takes the lowest that is
 * neither stored nor in flight; where there is none, the next in turn.
 *
 * Who has chosen registers his flight in the same turn of the event loop, so that no two requests take the same free
 * one. What slow stores have is asked before that, of all samples in one go.
 */
import { LRUCache } from 'lru-cache';
import { sampleKey } from '../store/sample-key.ts';
import type { Found, Store } from '../store/store.ts';
import type { Flights } from './flights.ts';
import type { Permission } from './question.ts';
import type { StoredAnswers } from './stored.ts';
import { ownKey, type Sent } from './variants.ts';

/** How many keys have a turn that is remembered; one that is forgotten begins at 1. */
const TURNS = 10_000;

export interface SampledRequest {
  /** That of the first sample. */
  readonly key: string;
  /** How many samples there may be. */
  readonly samples: number;
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
  /** The sample whose turn it is, by the key of the first. Sized, since room for a `max` is taken at the start. */
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
    const { key, samples, sent } = request;
    const unknown: string[] = [];
    for (let number = 1; number <= samples; number++) {
      const own = this.#ownKey(sampleKey(key, number), sent, NOTHING);
      if (flights.joinable(own) === null && store.getSync(own) === undefined) unknown.push(own);
    }
    if (unknown.length === 0) return null;
    const id = `${samples} ${key}`;
    let lookup = this.#lookups.get(id);
    if (lookup === undefined) {
      lookup = this.#find(unknown, sent).finally(() => this.#lookups.delete(id));
      this.#lookups.set(id, lookup);
    }
    return lookup;
  }

  /** @param lookup the answer of slow stores */
  choose(request: SampledRequest, lookup = NOTHING): ChosenSample {
    const { key, samples, permission } = request;
    if (!permission.ask) return this.#nextStored(request, lookup);
    for (let number = 1; number <= samples; number++) {
      const sample = { key: sampleKey(key, number), number };
      if (!this.#isTaken(sample.key, request, lookup)) return sample;
    }
    return this.#take(request, this.#turnOf(request));
  }

  /** The next in turn of those that are stored; without any, the first. */
  #nextStored(request: SampledRequest, lookup: FoundByKey): ChosenSample {
    const { key, samples } = request;
    const turn = this.#turnOf(request);
    for (let step = 0; step < samples; step++) {
      const number = ((turn - 1 + step) % samples) + 1;
      if (this.#isStored(sampleKey(key, number), request, lookup)) return this.#take(request, number);
    }
    return { key, number: 1 };
  }

  #turnOf({ key, samples }: SampledRequest): number {
    return (((this.#turns.get(key) ?? 1) - 1) % samples) + 1;
  }

  #take({ key, samples }: SampledRequest, number: number): ChosenSample {
    this.#turns.set(key, (number % samples) + 1);
    return { key: sampleKey(key, number), number };
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
    return this.#parts.store.getSync(key) ?? lookup.get(key);
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
