/**
 * Leases: leave to lead. A flight asks for one after it is registered and in
 * the same turn as it asks the store, since another process may have the answer
 * or be fetching it. In one process leave is always given: nobody is asked.
 *
 * A lease is claimed for a flight, holds for as long as that is in the air, and is
 * given back by the write of its answer, or by `release`.
 */
import type { Call, Head } from '../response/entry.ts';
import type { AnswerFailure } from '../response/writer.ts';
import type { Fence } from '../store/store.ts';
import type { Flight } from './flight.ts';
import type { Terms } from './terms.ts';

export interface Leases {
  /** Never rejects. */
  claim(request: LeaseRequest): Promise<ClaimResult>;
  /** Takes over whichever lease holds: a refresh asks for what is newer than anything. */
  takeOver(key: string, flight: Flight): GrantedLease;
  /** A lease that nobody was asked for: its answer is kept where nothing is stored by then. */
  alone(key: string): GrantedLease;
}

export interface LeaseRequest {
  readonly key: string;
  /** The flight that is to lead; followed by other processes from the grant on. */
  readonly flight: Flight;
  /** `storedAt` of the entry that the answer is to replace; null where none is known. */
  readonly seen: number | null;
  /** The token of a lease that is taken over; null where none is. */
  readonly takesOver: string | null;
}

export type ClaimResult =
  /** `alone` where the hub could not be asked. */
  | { readonly kind: 'granted' | 'alone'; readonly lease: GrantedLease }
  /** An entry that was stored then has not been seen. */
  | { readonly kind: 'stored'; readonly storedAt: number }
  /** Another process leads. */
  | { readonly kind: 'held'; readonly leader: RemoteLeader };

export interface GrantedLease {
  /** Fences off what an earlier leader writes late; the write that it guards gives the lease back. */
  readonly fence: Fence;
  /** The answer has been written under the fence. */
  written(): void;
  /** Gives it back: nothing is written. Legal any number of times, and after `written`. */
  release(): void;
}

/** A process that leads, for as long as it does. */
export interface RemoteLeader {
  /** Of its lease. */
  readonly token: string;
  /** Has its answer written to a follower, from byte 0. Called once; nothing is written before it returns. */
  follow(follower: Follower): Following;
}

/** The end of a flight that follows. Nothing is called after `landed`, `failed` or `lost`, nor after `leave`. */
export interface Follower {
  begin(head: Head, length: number | null, terms: Terms): void;
  /**
   * @param isCommitted the answer is whole with this chunk, whatever becomes of its leader
   * @returns false where nothing more should be appended until it is resumed
   */
  append(chunk: Buffer, isCommitted: boolean): boolean;
  /** Every byte is here. @param unkept why the leader does not keep it */
  landed(call: Call | null, unkept: string | null): void;
  /** It broke off where it is led. */
  failed(failure: AnswerFailure): void;
  /** It cannot be followed, or no more. */
  lost(why: Loss): void;
}

/**
 * The reason why an answer is not followed any more:
 * - `elsewhere`: its leader leads no more, or has not thrown away yet what its follower knows to be purged
 * - `for-one`: its head says that it is for the one who asked, or is no answer
 * - `gone`: its leader is not there, or silent for too long
 * - `down`: nobody can be asked
 */
export type Loss = 'elsewhere' | 'for-one' | 'gone' | 'down';

export interface Following {
  /** More is wanted, after `append` returned false. */
  resume(): void;
  /** Nothing more is wanted. */
  leave(): void;
}
