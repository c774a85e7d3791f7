/**
 * An entry as it is held in memory, which is also how it is found.
 */
import type { Entry } from '../response/entry.ts';
import type { Found } from './store.ts';
import { weigh } from './weight.ts';

export class HeldEntry implements Found {
  static readonly TIER = 'memory';
  /** The name of the store that holds it. */
  readonly tier: string;
  readonly key: string;
  readonly entry: Entry;
  /** Grows with each entry that is set. */
  readonly id: number;
  readonly bytes: number;
  hits = 0;
  /** Purged, and about to be dropped. */
  isGone = false;

  constructor(key: string, entry: Entry, id: number, tier: string) {
    this.tier = tier;
    this.key = key;
    this.entry = entry;
    this.id = id;
    this.bytes = weigh(key, entry);
  }
}

/** The same, its request left to a store that has more room. */
export function withoutParts(entry: Entry): Entry {
  return entry.request?.parts ? { ...entry, request: { ...entry.request, parts: null } } : entry;
}
