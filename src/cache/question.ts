/**
 * What the cache is asked.
 */
import type { Expectation } from '../response/complete.ts';
import type { Asked, Label } from '../response/entry.ts';
import type { Lead } from './flight.ts';

/** What a request lets the cache do; see `request/policy`. */
export interface Permission {
  readonly read: boolean;
  readonly follow: boolean;
  readonly ask: boolean;
  /** Seconds. */
  readonly maxAge: number;
  readonly ttl: number;
}

export interface Question {
  readonly key: string;
  readonly permission: Permission;
  readonly expected: Expectation;
  readonly lead: Lead;
  /** Whether callers with other credentials share this key: what the upstream says of one is then not said to another. */
  readonly shared: boolean;
  /** What the answer is listed and purged by. */
  readonly label: Label;
  /** What was asked, to be kept with the answer once it is. */
  readonly parts: () => Asked['parts'];
}
