/**
 * The purges of a log, found by what they are about: whether one of them came
 * after an entry's mark costs a few looks and not a walk over all.
 */
import type { Entry } from '../response/entry.ts';
import { isPurgedBy, isScopePrefix, type Purge } from '../store/filter.ts';
import type { LoggedPurge } from './purge-record.ts';

export interface IndexedPurge extends LoggedPurge {
  /** Its place in the log. */
  readonly id: number;
}

interface IndexedFilter {
  readonly id: number;
  readonly filter: Purge;
}

export class PurgeIndex {
  /** In the order of the log. */
  readonly #purges = new Map<number, IndexedPurge>();
  /** The last record of each purge. */
  readonly #names = new Map<string, number>();
  readonly #keys = new Map<string, number>();
  readonly #answers = new Map<string, number>();
  /** By the tag, or else the model, or else the scope that they name, oldest first. */
  readonly #filters = new Map<string, IndexedFilter[]>();

  add(logged: IndexedPurge): void {
    const { id, purge, gone } = logged;
    this.#purges.set(id, logged);
    this.#names.set(purge, id);
    if ('key' in gone) this.#keys.set(gone.key, id);
    else if ('answerId' in gone) this.#answers.set(gone.answerId, id);
    else if ('purge' in gone) this.#filed(gone.purge).push({ id, filter: gone.purge });
  }

  /** Forgets what is before a place in the log. */
  trim(first: number): void {
    for (const [id, { purge, gone }] of this.#purges) {
      if (id >= first) return;
      this.#purges.delete(id);
      forget(this.#names, purge, id);
      if ('key' in gone) forget(this.#keys, gone.key, id);
      else if ('answerId' in gone) forget(this.#answers, gone.answerId, id);
      else if ('purge' in gone) this.#unfile(gone.purge);
    }
  }

  /** Tests whether a purge of this name is in the log. */
  has(purge: string): boolean {
    return this.#names.has(purge);
  }

  at(id: number): IndexedPurge | undefined {
    return this.#purges.get(id);
  }

  all(): IteratorObject<IndexedPurge> {
    return this.#purges.values();
  }

  /** Tests whether a purge behind a place in the log is about an entry. */
  isGone(after: number, key: string, entry: Entry): boolean {
    const { answerId } = entry;
    if ((this.#keys.get(key) ?? 0) > after) return true;
    if (answerId !== null && (this.#answers.get(answerId) ?? 0) > after) return true;
    if (this.#filters.size === 0) return false;
    return namesOf(entry).some((name) => this.#isFiltered(name, after, entry));
  }

  #isFiltered(name: string, after: number, entry: Entry): boolean {
    const filters = this.#filters.get(name) ?? [];
    for (let at = filters.length - 1; at >= 0; at -= 1) {
      const { id, filter } = filters[at] as IndexedFilter;
      if (id <= after) return false;
      if (isPurgedBy(filter, entry)) return true;
    }
    return false;
  }

  #filed(filter: Purge): IndexedFilter[] {
    const name = nameOf(filter);
    let filters = this.#filters.get(name);
    if (filters === undefined) this.#filters.set(name, (filters = []));
    return filters;
  }

  /** Forgets the oldest of those filed like this one, which is this one. */
  #unfile(filter: Purge): void {
    const filters = this.#filed(filter);
    filters.shift();
    if (filters.length === 0) this.#filters.delete(nameOf(filter));
  }
}

/** A private scope may be named by its first digits; so many characters of it are filed by. */
const SCOPE_CHARACTERS = 'private:'.length + 12;

const ANY = '';
const ofTag = (tag: string) => `tag ${tag}`;
const ofModel = (model: string) => `model ${model}`;
const ofScope = (scope: string) => `scope ${isScopePrefix(scope) ? scope.slice(0, SCOPE_CHARACTERS) : scope}`;

/** The one name that a filter is filed under. */
function nameOf({ tag, model, scope }: Purge): string {
  if (tag !== undefined) return ofTag(tag);
  if (model !== undefined) return ofModel(model);
  const isShort = scope === undefined || (isScopePrefix(scope) && scope.length < SCOPE_CHARACTERS);
  return isShort ? ANY : ofScope(scope);
}

/** All names that a filter may be filed under which is about an entry. */
function namesOf({ request }: Entry): string[] {
  if (request === undefined) return [ANY];
  const { tags, model, scope } = request;
  return [ANY, ofScope(scope), ...tags.map(ofTag), ...(model === null ? [] : [ofModel(model)])];
}

function forget(places: Map<string, number>, name: string, id: number): void {
  if (places.get(name) === id) places.delete(name);
}
