/**
 * The store that all nodes of a modelled fleet share, as one of them reaches it: by
 * the same way as the hub, and in the same order.
 */
import type { Entry } from '../../src/response/entry.ts';
import type { Fence, Found, Tier } from '../../src/store/store.ts';
import type { HubServer, SimulatedHub } from './simulated-hub.ts';

/** The entries behind the hub. */
export class SharedEntries {
  readonly entries = new Map<string, Entry>();
  /** Called with each entry that is written, and the one that it replaces. */
  onWrite: (key: string, entry: Entry, fence: Fence | undefined, before: Entry | undefined) => void = () => {};

  /** @returns whether it was written */
  write(server: HubServer, key: string, entry: Entry, fence: Fence | undefined): boolean {
    const isOurs = fence === undefined || server.holder(fence.key)?.token === fence.token;
    if (fence && isOurs) server.release(fence);
    const before = this.entries.get(key);
    if (!isOurs && before !== undefined) return false;
    this.entries.set(key, entry);
    this.onWrite(key, entry, fence, before);
    return true;
  }
}

export class SharedStore implements Tier {
  readonly name = 'shared';
  readonly hub: SimulatedHub;
  readonly #shared: SharedEntries;
  readonly #pending = new Map<string, Entry>();

  constructor(hub: SimulatedHub, shared: SharedEntries) {
    this.hub = hub;
    this.#shared = shared;
  }

  getSync(): undefined {
    return undefined;
  }

  async get(key: string): Promise<Found | undefined> {
    const pending = this.#pending.get(key);
    const entry = pending ?? (await this.hub.ask(() => this.#shared.entries.get(key) ?? null));
    return entry ? { entry, tier: this.name } : undefined;
  }

  async getMany(keys: readonly string[]): Promise<ReadonlyMap<string, Found>> {
    const all = await Promise.all(keys.map(async (key) => [key, await this.get(key)] as const));
    return new Map(all.flatMap(([key, found]) => (found ? [[key, found] as const] : [])));
  }

  set(key: string, entry: Entry, fence?: Fence): void {
    this.#pending.set(key, entry);
    const done = () => {
      if (this.#pending.get(key) === entry) this.#pending.delete(key);
    };
    void this.hub.ask((server) => this.#shared.write(server, key, entry, fence)).then(done);
  }

  setMany(entries: Iterable<readonly [key: string, entry: Entry]>): void {
    for (const [key, entry] of entries) this.set(key, entry);
  }

  delete(key: string): void {
    this.#pending.delete(key);
    void this.hub.ask(() => this.#shared.entries.delete(key));
  }

  async close(): Promise<void> {}
}
