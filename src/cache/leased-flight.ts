/**
 * A flight among several processes: it asks for a lease in the same turn as it
 * asks the store, then leads or follows.
 *
 *   asking     the store and the hub are asked
 *   leading    the lease is ours, or nobody can be asked
 *   following  another process leads; its answer is relayed
 *   over       the store had the answer, or the flight has ended
 *
 * Where its leader is lost before anything was relayed, it asks again.
 */
import type { Source } from '../response/writer.ts';
import type { Found } from '../store/store.ts';
import { detach } from './call-metrics.ts';
import { FormWait, type OtherFlight } from './form-wait.ts';
import type { ClaimResult, Following, GrantedLease, Leases, Loss, RemoteLeader } from './lease.ts';
import { type Instead, type Led, type LeadingParts, startIfAdmitted } from './led.ts';
import type { CacheResult } from './outcome.ts';
import type { Question } from './question.ts';
import { Relay, type RelayEvents } from './relay.ts';

/** How often a flight asks again, where others come and go, before it leads whoever else does. */
const ROUNDS = 5;
/** The pause before it does, in ms, where the answer may be on its way into the store; four times longer each time. */
const PAUSE_MS = 2;

type Lookup = () => Promise<Found | undefined>;

export class LeasedFlight implements Source, RelayEvents {
  readonly #parts: LeadingParts;
  readonly #leases: Leases;
  readonly #led: Led;
  readonly #question: Question;
  readonly #relay: Relay;
  /** Resolves once the flight leads, has begun an answer that it follows, or is over. */
  readonly #decided = Promise.withResolvers<void>();
  #following: Following | null = null;
  /** The entry that the store has by now. */
  #found: Found | null = null;
  #rounds = 0;

  constructor(parts: LeadingParts, leases: Leases, led: Led, question: Question) {
    this.#parts = parts;
    this.#leases = leases;
    this.#led = led;
    this.#question = question;
    this.#relay = new Relay(led.flight, this);
  }

  /**
   * The result for the request that leads, whose body is needed until the flight is decided.
   * @param lookUp asks the store, in this turn; null where that is not to be asked
   * @param takesOver the token of a lease whose holder is silent for too long
   * @param other a flight of this process that brings another form; who waits for it holds no lease meanwhile
   */
  async open(
    lookUp: Lookup | null,
    takesOver: string | null,
    other: OtherFlight | null,
    instead: Instead,
  ): Promise<CacheResult> {
    const { flight, result } = this.#led;
    const question = this.#question;
    const wait = other && new FormWait(this.#led, question, other);
    flight.lookup = this.#ask(lookUp, takesOver, wait);
    const found = await flight.lookup;
    if (found) return instead.answerFrom(found, question);
    if (!flight.isFollowing) return result;
    const takeBack = question.client.onceGone(() => result.reader.leave());
    await this.#decided.promise;
    takeBack();
    if (this.#found) return instead.answerFrom(this.#found, question);
    return flight.isFollowing ? instead.follow(flight, result, question) : result;
  }

  /** The same of a request for a new answer, whoever leads: its lease orders what is written. */
  refresh(): CacheResult {
    const { flight, result } = this.#led;
    this.#hold(this.#leases.takeOver(this.#question.key, flight));
    flight.start(this.#question.fetch);
    return result;
  }

  resume(): void {
    this.#following?.resume();
  }

  /** The flight has no reader any more. */
  abort(): void {
    this.#following?.leave();
    this.#following = null;
    this.#decided.resolve();
  }

  onBegun(): void {
    this.#decided.resolve();
  }

  onLost(why: Loss): void {
    this.#following = null;
    void this.#askAgain(why);
  }

  /** Resolves with where the answer is to come from, or nothing: then the flight leads or follows. */
  async #ask(lookUp: Lookup | null, takesOver: string | null, wait: FormWait | null): Promise<Found | undefined> {
    const known = wait === null ? undefined : await wait.find(lookUp, this.#parts.stored);
    const looking = this.#isGood(known) ? Promise.resolve(known) : lookUp?.();
    const claiming = this.#claim(null, takesOver);
    const found = await this.#find(looking, claiming);
    if (found) await this.#answer(found, claiming);
    this.#led.flight.lookup = null;
    return found;
  }

  /** Asks again, since the leader is lost: the store may have the answer by now, also for the others who wait. */
  async #askAgain(why: Loss): Promise<void> {
    const { clock, stored } = this.#parts;
    const { key, permission } = this.#question;
    if (why === 'for-one' || why === 'down' || ++this.#rounds > ROUNDS) return this.#lead(this.#leases.alone(key));
    const pause = PAUSE_MS * 4 ** (this.#rounds - 1);
    if (why === 'elsewhere') await new Promise<void>((resolve) => void clock.after(pause, resolve));
    const looking = permission.read ? stored.find(this.#question) : undefined;
    const claiming = this.#claim(null, why === 'gone' ? this.#led.flight.leaseToken : null);
    const found = await this.#find(looking, claiming);
    if (!found) return;
    void claiming.then(giveBack);
    this.#found = found;
    this.#led.result.reader.leave();
    this.#relay.play(found, clock.now());
    this.#decided.resolve();
  }

  /** An entry that is good enough, and waits for the store alone; without one the flight leads or follows. */
  async #find(
    looking: Promise<Found | undefined> | undefined,
    claiming: Promise<ClaimResult>,
  ): Promise<Found | undefined> {
    const { sink } = this.#led;
    let found = (sink.before = await looking);
    if (this.#isGood(found)) return found;
    let claim = await claiming;
    while (claim.kind === 'stored' && ++this.#rounds <= ROUNDS) {
      const { storedAt } = claim;
      found = sink.before = await this.#findNewer(found, storedAt);
      if (this.#isGood(found)) return found;
      claim = await this.#claim(storedAt);
    }
    if (claim.kind === 'held') this.#follow(claim.leader);
    else this.#lead(claim.kind === 'stored' ? this.#leases.alone(this.#question.key) : claim.lease);
    return undefined;
  }

  /** The entry that was stored then, where it is not the one that is known and the store has it. */
  async #findNewer(known: Found | undefined, storedAt: number): Promise<Found | undefined> {
    const { permission } = this.#question;
    if (!permission.read || known?.entry.storedAt === storedAt) return known;
    return (await this.#parts.stored.find(this.#question, true)) ?? known;
  }

  #isGood(found: Found | undefined): found is Found {
    return found !== undefined && this.#parts.stored.isAnswer(found, this.#question);
  }

  /** The store has the answer: this flight is over, or goes on without a reader and refreshes a stale one. */
  async #answer(found: Found, claiming: Promise<ClaimResult>): Promise<void> {
    const { flights, stored, onDetachedCall } = this.#parts;
    const { flight, result } = this.#led;
    const { key, label } = this.#question;
    const isStale = stored.servable(found, this.#question) === 'stale-while-revalidate';
    const isToRefresh = isStale && flights.joinable(key) === flight;
    const lease = isToRefresh ? await this.#leaseToRefresh(found, claiming) : null;
    if (!isToRefresh) void claiming.then(giveBack);
    flight.isDetached = lease !== null;
    result.reader.leave();
    if (lease === null) return flight.dismiss();
    detach(onDetachedCall, label, result.call);
    this.#lead(lease);
  }

  /** Null where another process refreshes it, or has done so. */
  async #leaseToRefresh({ entry: { storedAt } }: Found, claiming: Promise<ClaimResult>): Promise<GrantedLease | null> {
    const first = await claiming;
    const isSeen = first.kind === 'stored' && first.storedAt === storedAt;
    const last = isSeen ? await this.#claim(storedAt) : first;
    // A newer entry is promoted by this, for the next request.
    if (last.kind === 'stored') await this.#parts.stored.find(this.#question, true);
    return 'lease' in last ? last.lease : null;
  }

  #claim(seen: number | null, takesOver: string | null = null): Promise<ClaimResult> {
    return this.#leases.claim({ key: this.#question.key, flight: this.#led.flight, seen, takesOver });
  }

  #lead(lease: GrantedLease): void {
    const { flight } = this.#led;
    if (flight.recording.isOver) return lease.release();
    this.#hold(lease);
    startIfAdmitted(flight, this.#parts.admission, this.#question.fetch);
    this.#decided.resolve();
  }

  #hold(lease: GrantedLease): void {
    const { flight, sink } = this.#led;
    flight.leaseToken = lease.fence.token;
    sink.takeLease(lease);
  }

  #follow(leader: RemoteLeader): void {
    const { flight } = this.#led;
    if (flight.recording.isOver) return;
    flight.leaseToken = leader.token;
    this.#following = leader.follow(this.#relay);
    flight.follow(this);
  }
}

function giveBack(claim: ClaimResult): void {
  if ('lease' in claim) claim.lease.release();
}
