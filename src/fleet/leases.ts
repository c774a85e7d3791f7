/**
 * Leases over a hub: claimed for a flight, renewed for as long as it is in the
 * air, given back. Who holds one is followed by other nodes.
 */
import { randomUUID } from 'node:crypto';
import type { AdmissionControl } from '../cache/admission-control.ts';
import type { Flight } from '../cache/flight.ts';
import type { ClaimResult, GrantedLease, LeaseRequest, Leases } from '../cache/lease.ts';
import type { PurgeLog } from '../cache/removals.ts';
import type { Clock } from '../clock.ts';
import type { Hub, Lease } from './hub.ts';
import { LiveFollowing } from './live-following.ts';

/** How long a lease holds unless it is renewed, in ms. */
const LEASE_MS = 5_000;
/** How often the other end of a following is looked after, in ms, and after how many of these it hears a beat. */
const WATCH_MS = 500;
const BEAT = 3;

export interface FleetLeasesParts {
  readonly hub: Hub;
  readonly clock: Clock;
  readonly admission: AdmissionControl;
  /** How far the log of purges has been read. */
  readonly purges: Pick<PurgeLog, 'mark' | 'isShared'>;
}

/** How often each has happened. */
export interface LeaseCounts {
  granted: number;
  held: number;
  stored: number;
  alone: number;
  lost: number;
}

interface LeasedLeading extends Lease {
  readonly flight: Flight;
}

export class FleetLeases implements Leases {
  readonly counts: LeaseCounts = { granted: 0, held: 0, stored: 0, alone: 0, lost: 0 };
  readonly live: LiveFollowing;
  readonly #hub: Hub;
  readonly #clock: Clock;
  readonly #purges: FleetLeasesParts['purges'];
  /** The flights that lead or are to, by the tokens of their leases. */
  readonly #leading = new Map<string, LeasedLeading>();
  #cancelBeat: (() => void) | null = null;
  #watches = 0;

  constructor({ hub, clock, admission, purges }: FleetLeasesParts) {
    this.#hub = hub;
    this.#clock = clock;
    this.#purges = purges;
    const flightOf = (token: string) => this.#leading.get(token)?.flight ?? null;
    this.live = new LiveFollowing({ hub, clock, admission, purges, flightOf, onBusy: () => this.#awaitBeat() });
  }

  async claim({ key, flight, seen, takesOver }: LeaseRequest): Promise<ClaimResult> {
    const token = randomUUID();
    // Before it is granted: another node may hear of that sooner.
    this.#leading.set(token, { key, token, flight });
    const claimed = await this.#hub.claim({ key, token, ms: LEASE_MS, seen, takesOver: takesOver ?? false });
    this.counts[claimed?.kind ?? 'alone']++;
    if (claimed === null || claimed.kind === 'granted') {
      this.#awaitBeat();
      return { kind: claimed ? 'granted' : 'alone', lease: this.#lease({ key, token }) };
    }
    this.#leading.delete(token);
    if (claimed.kind === 'stored') return claimed;
    // A flight of this node's own is for others, and who leads may not know yet what was thrown away here.
    if (claimed.node === this.#hub.node || !this.#purges.isShared) return { kind: 'alone', lease: this.alone(key) };
    return { kind: 'held', leader: this.live.leader(claimed.node, claimed.token) };
  }

  takeOver(key: string, flight: Flight): GrantedLease {
    const token = randomUUID();
    this.#leading.set(token, { key, token, flight });
    this.#awaitBeat();
    // Not awaited: the write of the answer comes after it, or is kept where nothing is stored by then.
    void this.#hub.claim({ key, token, ms: LEASE_MS, seen: null, takesOver: true });
    return this.#lease({ key, token });
  }

  alone(key: string): GrantedLease {
    return { fence: { key, token: randomUUID() }, written: () => {}, release: () => {} };
  }

  /** Lets go of its timer. */
  close(): void {
    this.#cancelBeat?.();
  }

  #lease(lease: Lease): GrantedLease {
    const end = (isWritten: boolean) => {
      if (!this.#leading.delete(lease.token)) return;
      this.live.released(lease.token);
      if (!isWritten) void this.#hub.release(lease);
    };
    return { fence: lease, written: () => end(true), release: () => end(false) };
  }

  /** One timer for all that is led or followed. */
  #awaitBeat(): void {
    this.#cancelBeat ??= this.#clock.after(WATCH_MS, () => {
      this.#cancelBeat = null;
      this.live.watch();
      if (++this.#watches % BEAT === 0) {
        this.live.beat();
        void this.#renew();
      }
      if (this.#leading.size > 0 || this.live.isBusy) this.#awaitBeat();
    });
  }

  async #renew(): Promise<void> {
    const leases = [...this.#leading.values()];
    if (leases.length === 0) return;
    const held = await this.#hub.renew(leases, LEASE_MS);
    for (const [at, { token }] of leases.entries()) {
      // It goes on: its answer is kept where nothing is stored by then.
      if (held?.[at] === false && this.#leading.delete(token)) this.counts.lost++;
    }
  }
}
