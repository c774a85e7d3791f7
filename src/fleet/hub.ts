/**
 * The hub: where the processes of a fleet meet. Redis is one, the parent of
 * several workers another. It knows no answer and decides nothing; leases,
 * following and purges are built on it once, whichever it is.
 *
 * No call throws or rejects. Null says that the hub could not be asked or
 * did not answer in time; whether it did what was asked is then not known, and
 * each process goes on alone.
 */

/** Leave to lead: to ask the upstream for the answer under a key. */
export interface Lease {
  readonly key: string;
  /** Of this claim alone; it fences off what an earlier holder writes late. */
  readonly token: string;
}

export interface Claim extends Lease {
  /** How long it holds unless it is renewed, in ms. */
  readonly ms: number;
  /**
   * `storedAt` of the entry that the claimant has found under the key and is to replace, or null where it found none:
   * where another is there by now, that is the answer.
   */
  readonly seen: number | null;
  /**
   * The lease of another that is taken over: the one with this token, which was silent for too long, or with `true`
   * whichever there is, and whatever is stored, since a refresh asks for what is newer.
   */
  readonly takesOver: string | boolean;
}

export type Claimed =
  | { readonly kind: 'granted' }
  /** Another process leads. */
  | { readonly kind: 'held'; readonly node: string; readonly token: string }
  /** An entry that the claimant had not seen is under the key; told before a lease is. */
  | { readonly kind: 'stored'; readonly storedAt: number };

/** Messages between two nodes: heard in the order sent, or not at all. */
export interface Messages {
  /** @returns whether that node was there to hear it */
  send(node: string, message: Uint8Array): Promise<boolean | null>;
  /** @param listener of what is sent to this node; there is one */
  listen(listener: (message: Buffer) => void): void;
  /** @param listener is called with a node that is gone for good; only where the hub can know */
  onLeft?(listener: (node: string) => void): void;
}

export interface LogRecord {
  /** Grows by one with each record; 1 is the first. */
  readonly id: number;
  readonly text: string;
}

export interface LogSlice {
  /** Names the log; another where this one was lost and begun anew. */
  readonly incarnation: string;
  /** The first and the last id that the log holds; 1 and 0 where it is empty and always was. */
  readonly first: number;
  readonly last: number;
  /** In order. */
  readonly records: readonly LogRecord[];
}

/**
 * The logs that there are:
 * - `purges`: what was thrown away; a record that is lost may bring something back
 * - `callers`: which credentials were refused, and accepted again
 * - `replaced`: keys under which older copies may be in memory; nothing depends on it
 */
export type LogName = 'purges' | 'callers' | 'replaced';

/** A log that all processes read: bounded, its oldest records are dropped. */
export interface SharedLog {
  /** Resolves once a purge would outlive the loss of one machine, where there are several. @returns its id */
  append(text: string): Promise<number | null>;
  /** @param after the id of the last record that is known */
  read(after: number, limit: number): Promise<LogSlice | null>;
  /**
   * @param listener is called when there may be news; it may be called for nothing, or missed. A hub that sees all
   * processes waits for what it returns, and so does who appended
   */
  onNews(listener: () => unknown): void;
}

/** Notes that all processes read, one under each name. */
export interface Board {
  put(name: string, text: string): Promise<boolean | null>;
  /** Puts it where there is none. @returns what is there then */
  agree(name: string, text: string): Promise<string | null>;
  remove(names: readonly string[]): Promise<boolean | null>;
  all(): Promise<ReadonlyMap<string, string> | null>;
}

export type HubState = 'up' | 'down';

export interface Hub extends Messages {
  /** This process, by a name that no other has, nor it itself after a restart. */
  readonly node: string;
  /** `down` from the moment that it is taken for out of reach until it answers again: null is then said at once. */
  readonly state: HubState;
  /** @param listener is called after each change of state */
  onState(listener: (state: HubState) => void): void;
  claim(claim: Claim): Promise<Claimed | null>;
  /** @returns of each whether it still holds, for `ms` more */
  renew(leases: readonly Lease[], ms: number): Promise<readonly boolean[] | null>;
  /** Gives it back, where it still holds. */
  release(lease: Lease): Promise<boolean | null>;
  log(name: LogName): SharedLog;
  board(name: 'books' | 'facts'): Board;
  close(): Promise<void>;
}
