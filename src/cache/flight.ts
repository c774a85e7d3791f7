/**
 * A flight is one call to an upstream: it writes a recording, judges it as it
 * passes and keeps it if it is whole. It belongs to no client: whoever asked
 * first may leave, and the others keep their answer.
 *
 *   waiting     registered; the store may still be asked
 *   leading     the upstream is being asked
 *   committed   the terminal event has come; listeners may all leave
 *   landed      kept (if it is to be), out of the table, the recording ended
 *
 * It is kept before it leaves the table, so that there is no moment at which
 * an equal request finds neither the entry nor the flight.
 */
import { abandoned, internalError, type RefrainError } from '../errors.ts';
import type { Judge, Verdict } from '../response/complete.ts';
import { type Call, compact, type Head } from '../response/entry.ts';
import { isEventStream, judgeOf } from '../response/judge.ts';
import { type Owner, Recording } from '../response/recording.ts';
import type { Failure, Framing, Source, Writer } from '../response/writer.ts';
import type { Found } from '../store/store.ts';
import { Account } from './account.ts';
import type { FlightPlan, Landing } from './flight-plan.ts';
import type { Load } from './load.ts';
import { whyNotStorable } from './storable.ts';

/** Fetches an answer into a writer. */
export type Lead = (writer: Writer) => void;

/** After its terminal event an answer is given this long, in ms, to end by itself. */
const SETTLE_MS = 1_000;

export class Flight implements Writer, Owner {
  readonly recording: Recording;
  readonly account: Account;
  source: Source | null = null;
  /** Why a complete answer was not kept; null before, and where it was. */
  unkept: string | null = null;
  /** What the store says, while it is asked. */
  lookup: Promise<Found | undefined> | null = null;
  readonly #plan: FlightPlan;
  #judge: Judge | null = null;
  #leading = false;
  #committed = false;
  #landed = false;
  #fenced = false;
  #cancelSettling: (() => void) | null = null;

  constructor(plan: FlightPlan) {
    this.#plan = plan;
    this.account = new Account(plan.clock, plan.landing?.model ?? null);
    this.recording = new Recording(plan.landing ? plan.maxBytes : 0, plan.load, this);
  }

  get landing(): Landing | null {
    return this.#plan.landing;
  }

  wanted(): void {
    this.source?.resume();
  }

  deserted(): void {
    this.#abandon();
  }

  turnedLiveOnly(): void {
    const judge = this.#judge;
    this.#judge = null;
    this.unkept = this.#plan.load.isFull ? 'limits' : 'too-large';
    this.#land();
    this.#abandon();
    if (this.recording.head) this.account.unjudged(this.#plan.endpoint, this.recording.head, judge);
  }

  lead(lead: Lead): void {
    this.#leading = true;
    this.account.led();
    this.#plan.load.countFlight(1);
    try {
      lead(this);
    } catch (cause) {
      this.fail({ error: internalError(cause), told: false });
      this.source?.abort();
    }
  }

  /** Leads, unless there is too much to do already. */
  leadWithin(load: Load, lead: Lead): void {
    try {
      load.admitCall();
    } catch (error) {
      return this.#end({ error: error as RefrainError, told: false });
    }
    this.lead(lead);
  }

  /** Lands a flight that has nothing to fetch: the store had the answer. */
  dismiss(): void {
    this.#land();
    this.account.close(null);
  }

  /** What lands from here on is delivered, but not kept; new requests do not join. */
  fence(): void {
    this.#fenced = true;
    this.#land();
    this.#abandon();
  }

  /** Ends the upstream call and every listener's answer. */
  abort(failure: Failure): void {
    this.#end(failure);
    this.source?.abort();
  }

  begin(head: Head, framing: Framing): void {
    const { landing, endpoint } = this.#plan;
    this.account.begun();
    if (landing && !this.recording.liveOnly) this.#judge = judgeOf(landing.expected, head, framing);
    else this.account.unjudged(endpoint, head);
    // An error is for those who waited for it: nobody joins it.
    if (head.status !== 200) this.#land();
    landing?.begun(head);
    // A stream that may be kept may end before its declared length, in an event of ours.
    this.recording.begin(head, landing && isEventStream(head) ? { ...framing, length: null } : framing);
    this.#abandon();
  }

  append(chunk: Buffer): boolean {
    if (this.recording.isOver) return true;
    // First: whoever is played its end may leave at once.
    if (this.#judge?.push(chunk) === 'committed') this.#commit();
    const isWanted = this.recording.append(chunk);
    this.account.saw(chunk);
    return isWanted;
  }

  finish(): void {
    if (this.recording.state !== 'streaming') return;
    this.#cancelSettling?.();
    let whole: Buffer | undefined;
    const body = () => (whole ??= compact(this.recording.chunks, this.recording.bytes));
    const verdict = this.#judge?.end(body) ?? null;
    const call = this.account.conclude(this.#judge);
    if (verdict) this.#settle(verdict, body, call);
    this.#land();
    this.recording.finish();
    this.#arrive(call);
  }

  fail(failure: Failure): void {
    if (this.#committed) this.finish();
    else this.#end(this.#judge?.saysError ? { ...failure, told: true } : failure);
  }

  /** Keeps the answer if it is whole. What cannot be kept is delivered all the same. */
  #settle(verdict: Verdict, body: () => Buffer, call: Call | null): void {
    const { head } = this.recording;
    const { landing } = this.#plan;
    if (!head || !landing) return;
    this.unkept = verdict.kind === 'unkept' ? verdict.why : this.#fenced ? 'purged' : whyNotStorable(landing.ttl, head, landing.expected.noStore);
    try {
      if (verdict.kind === 'whole' && !this.unkept) landing.keep(head, body(), verdict.answerId, call);
    } catch {
      this.unkept = 'store';
    }
    if (this.unkept) landing.refuse(this.unkept);
  }

  #end(failure: Failure): void {
    this.#land();
    this.recording.fail(failure);
    this.#arrive(this.account.breakOff(this.#judge, this.recording));
  }

  /** The call is over. */
  #arrive(call: Call | null): void {
    this.account.close(call);
    if (!this.#leading) return;
    this.#leading = false;
    this.#plan.load.countFlight(-1);
  }

  #land(): void {
    if (this.#landed) return;
    this.#landed = true;
    this.#plan.landing?.land();
  }

  #commit(): void {
    this.#committed = true;
    this.#cancelSettling = this.#plan.clock.after(SETTLE_MS, () => {
      this.finish();
      this.source?.abort();
    });
  }

  /** Ends an answer that nobody listens to, unless it is worth finishing. */
  #abandon(): void {
    const { recording } = this;
    if (recording.listeners > 0 || !this.#leading || this.#committed || recording.isOver) return;
    if (this.#plan.onAbandon === 'finish' && this.#isWorthFinishing()) return;
    this.abort({ error: abandoned(), told: false });
  }

  #isWorthFinishing(): boolean {
    const { head, liveOnly } = this.recording;
    const { landing } = this.#plan;
    return landing !== null && !liveOnly && !this.#fenced && (head === null || !whyNotStorable(landing.ttl, head, landing.expected.noStore));
  }
}
