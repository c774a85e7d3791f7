/**
 * What the cache is asked.
 */
import type { Expectation } from '../response/complete.ts';
import type { StoredRequest, Entry, Label } from '../response/entry.ts';
import type { Fetch } from './flight.ts';
import type { Sent } from './variants.ts';

/** What a request lets the cache do; see `request/policy`. */
export interface Permission {
  readonly read: boolean;
  readonly follow: boolean;
  readonly ask: boolean;
  /** Seconds. */
  readonly maxAge: number;
  readonly ttl: number;
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

export interface Question {
  /** Of a variant, once it is known that the answers vary. */
  readonly key: string;
  /** The way in which answers vary, as far as it is known. */
  readonly varying?: Varying;
  readonly sent: Sent;
  readonly client: Client;
  readonly permission: Permission;
  /** Whether it wants no answer that is kept, whatever else keeps it from one. */
  readonly isRefresh: boolean;
  readonly expected: Expectation;
  readonly fetch: Fetch;
  /** Whether callers with other credentials share this key: what the upstream says of one is then not said to another. */
  readonly shared: boolean;
  /** What the answer is listed and purged by. */
  readonly label: Label;
  /** What was asked, to be kept with the answer once it is. */
  readonly parts: () => StoredRequest['parts'];
}
