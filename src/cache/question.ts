/**
 * A question: all that the cache is asked at once.
 */
import type { FormMode } from '../dialect.ts';
import type { Expectation } from '../response/complete.ts';
import type { StoredRequest, Entry, Label } from '../response/entry.ts';
import type { Found } from '../store/store.ts';
import type { Fetch } from './flight.ts';
import type { Recorder } from './recorder.ts';
import type { Sent } from './variants.ts';

/** The rights that a request gives the cache; see `request/policy`. Times are in seconds. */
export interface Permission {
  readonly read: boolean;
  readonly follow: boolean;
  readonly ask: boolean;
  /** The oldest entry that is served, however fresh. */
  readonly maxAge: number;
  /** How long past its expiry an entry is served as it is. */
  readonly maxStale: number;
  /** True where an entry that is served so is refreshed meanwhile. */
  readonly revalidates: boolean;
  /** How long past its expiry an entry is served where the upstream fails. */
  readonly staleIfError: number;
  readonly ttl: number;
  /** The answers that may be made from one in another form. */
  readonly forms: FormMode;
}

/** The same rights to what is fresh, and none to what has expired; itself where it gives none such. */
export function withoutStale(permission: Permission): Permission {
  const { maxStale, staleIfError } = permission;
  return maxStale > 0 || staleIfError > 0 ? { ...permission, maxStale: 0, staleIfError: 0 } : permission;
}

export interface Varying {
  /** The headers by which they do. */
  readonly by: readonly string[];
  /** The variant that is stored under the key of them all. */
  readonly first?: Entry;
}

/** The one who asks. */
export interface Client {
  /** Calls `act` when it leaves, or at once where it has. @returns what takes that back */
  onceGone(act: () => void): () => void;
}

/** The other forms in which an answer may be stored, and how the one that is asked for is made from them. */
export interface OtherForms {
  /** The one that is asked for. */
  readonly form: string;
  /** The best first. */
  readonly sources: readonly FormSource[];
  /** The answer as it is asked for; null where that is in doubt. @param source of whose form the entry is */
  derive(entry: Entry, source: FormSource): Promise<Entry | null>;
}

export interface FormSource {
  readonly form: string;
  readonly key: string;
  /** True where one on its way is worth waiting for: it will say all that is needed. */
  readonly isRich: boolean;
}

/** An answer made of items, each of which is kept under a key of its own. */
export interface AnswerInItems {
  readonly keys: readonly string[];
  /** True where some of it was kept before, under labels of its own. */
  readonly hasKnown: boolean;
  /** How old the oldest of what is known of it is, in seconds. */
  readonly age: number;
  /** The entry under the question's key, or made of those under its items'; and that of a variant under its own. */
  find(key: string): Promise<Found | undefined>;
  /** The entries that its answer is kept as, by their keys; null where it is kept as it is. */
  split(entry: Entry): readonly (readonly [key: string, entry: Entry])[] | null;
}

export interface Question {
  /** Of a variant, once it is known that the answers vary. */
  readonly key: string;
  /** Null where its answer is derived from none. */
  readonly forms: OtherForms | null;
  /** The way in which answers vary, as far as it is known. */
  readonly varying?: Varying;
  readonly sent: Sent;
  readonly client: Client;
  readonly permission: Permission;
  /** Tests whether its caller may have what is stale, by the upstream's word of this moment. */
  readonly mayBeStale: () => boolean;
  /** True where it wants no answer that is kept, whatever else keeps it from one. */
  readonly isRefresh: boolean;
  readonly expected: Expectation;
  readonly fetch: Fetch;
  /** Takes its answer in the place of the store; absent where no cassette does. */
  readonly recorder?: Recorder;
  /** Absent where its answer is kept as it is. */
  readonly items?: AnswerInItems | undefined;
  /** True where callers with other credentials share this key: what the upstream says of one is not said to another. */
  readonly shared: boolean;
  /** The label that the answer is listed and purged by. */
  readonly label: Label;
  /** The parts of the request, to be kept with the answer once it is. */
  readonly parts: () => StoredRequest['parts'];
}
