/**
 * A slow store that a node of a modelled fleet has for itself, as a file is.
 */
import type { Clock } from '../../src/clock.ts';
import type { Entry } from '../../src/response/entry.ts';
import { type Gone, isGone } from '../../src/store/gone.ts';
import type { Found, Tier } from '../../src/store/store.ts';

/** How long a lookup takes, in ms. */
const LOOKUP_MS = 200;

export class OwnStore implements Tier {
  readonly name = 'own';
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  getSync(): undefined {
    return undefined;
  }

  async get(key: string): Promise<Found | undefined> {
    await new Promise<void>((resolve) => void this.#clock.after(LOOKUP_MS, resolve));
    const entry = this.#entries.get(key);
    return entry && { entry, tier: this.name };
  }

  async getMany(keys: readonly string[]): Promise<ReadonlyMap<string, Found>> {
    const all = await Promise.all(keys.map(async (key) => [key, await this.get(key)] as const));
    return new Map(all.flatMap(([key, found]) => (found ? [[key, found] as const] : [])));
  }

  set(key: string, entry: Entry): void {
    this.#entries.set(key, entry);
  }

  setMany(entries: Iterable<readonly [key: string, entry: Entry]>): void {
    for (const [key, entry] of entries) this.set(key, entry);
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  drop(gone: Gone): void {
    for (const [key, entry] of this.#entries) if (isGone(gone, key, entry)) this.#entries.delete(key);
  }

  async close(): Promise<void> {}
}
