/**
 * A flight is one call to an upstream: it writes a recording, judges it as it
 * passes and keeps it if it is whole. It belongs to no client: the one who asked
 * first may leave, and the others keep their answer. A detached one has no client
 * from the start: a refresh.
 *
 *   waiting     registered; the store may still be asked
 *   leading     the upstream is being asked
 *   committed   the terminal event has come; readers may all leave
 *   landed      kept (if it is to be), out of the table, the recording ended
 *
 * It is kept before it leaves the table, so that there is no moment at which
 * an equal request finds neither the entry nor the flight.
 */
import { abandoned, internalError } from '../errors.ts';
import type { Validator, Verdict } from '../response/complete.ts';
import { type Call, compact, type Head } from '../response/entry.ts';
import { isEventStream, validatorOf } from '../response/validator.ts';
import { type RecordingOwner, Recording } from '../response/recording.ts';
import type { AnswerFailure, Framing, Source, Writer } from '../response/writer.ts';
import type { Found } from '../store/store.ts';
import { CallMetrics } from './call-metrics.ts';
import type { FlightPlan, Sink } from './flight-plan.ts';
import { Settling } from './settling.ts';
import type { Terms } from './terms.ts';

/** Fetches an answer into a writer. @param whenOver the call is over, and nothing of its request is needed any more */
export type Fetch = (writer: Writer, whenOver: Promise<unknown>) => void;

export class Flight implements Writer, RecordingOwner {
  readonly recording: Recording;
  readonly callMetrics: CallMetrics;
  source: Source | null = null;
  /** Why a complete answer was not kept; null before, and where it was. */
  unkept: string | null = null;
  /** True once its terminal event has come. */
  isCommitted = false;
  /** True where it goes on without a reader, as long as its answer can be kept. */
  isDetached = false;
  /** Of the lease under which it is led, here or elsewhere; null where there is none. */
  leaseToken: string | null = null;
  /** True while another process leads it. */
  isFollowing = false;
  /** The store's answer, while it is asked; null before and after. */
  lookup: Promise<Found | undefined> | null = null;
  readonly #plan: FlightPlan;
  #validator: Validator | null = null;
  #leading = false;
  #isReleased = false;
  #fenced = false;
  #settling: Settling | null = null;
  #isDelimited = false;

  constructor(plan: FlightPlan) {
    this.#plan = plan;
    this.callMetrics = new CallMetrics(plan.clock, plan.sink?.model ?? null, plan.endpoint);
    this.recording = new Recording(plan.sink ? plan.maxBytes : 0, plan.admission, this, plan.clock);
  }

  get sink(): Sink | null {
    return this.#plan.sink;
  }

  /** True while a request of another process may join it. */
  get isJoinable(): boolean {
    return !this.#isReleased;
  }

  onDrain(): void {
    this.source?.resume();
  }

  onLastReaderLeft(): void {
    this.#abandon();
  }

  onOverflow(): void {
    const validator = this.#validator;
    this.#validator = null;
    this.unkept = this.#plan.admission.isFull ? 'limits' : 'too-large';
    this.#release();
    this.#abandon();
    if (this.recording.head && !this.isFollowing) this.callMetrics.unjudged(this.recording.head, validator);
  }

  start(fetch: Fetch): void {
    this.#leading = true;
    this.isFollowing = false;
    this.callMetrics.started();
    this.#plan.admission.countFlight(1);
    try {
      fetch(this, this.callMetrics.whenOver);
    } catch (cause) {
      this.fail({ error: internalError(cause), alreadySent: false });
      this.source?.abort();
    }
  }

  /** Lands a flight that has nothing to fetch: the store had the answer. */
  dismiss(): void {
    this.#release();
    this.callMetrics.close(null);
  }

  /** Another process leads: its answer is written here, by `relay`, `append`, and `land` or `fail`. */
  follow(source: Source): void {
    this.isFollowing = true;
    this.source = source;
    this.callMetrics.started();
    this.#abandon();
  }

  /** Begins an answer that is judged and kept elsewhere. */
  relay(head: Head, length: number | null, terms: Terms): void {
    if (this.#plan.sink) this.#plan.sink.terms = terms;
    this.recording.begin(head, { length, delimited: true });
  }

  /** Every byte of it is here. @param unkept why it is not kept elsewhere */
  land(call: Call | null, unkept: string | null): void {
    this.unkept = unkept;
    if (unkept !== null) this.#plan.sink?.refuse(unkept);
    this.#release();
    this.recording.finish();
    this.#arrive(call);
  }

  /** Its answer is delivered and not kept from here on, and new requests do not join it. */
  fence(): void {
    this.#fenced = true;
    this.#release();
    this.#abandon();
  }

  /** Ends the upstream call and every reader's answer. */
  abort(failure: AnswerFailure): void {
    this.#end(failure);
    this.source?.abort();
  }

  begin(head: Head, framing: Framing): void {
    const { sink } = this.#plan;
    this.callMetrics.begun(framing.spared);
    this.#isDelimited = framing.delimited;
    if (sink?.expected && !this.recording.liveOnly) this.#validator = validatorOf(sink.expected, head, framing);
    else this.callMetrics.unjudged(head);
    // An error is for those who waited for it: nobody joins it.
    if (head.status !== 200) this.#release();
    sink?.begun(head);
    // A stream that may be kept may end before its declared length, in an event of ours.
    this.recording.begin(head, sink && isEventStream(head) ? { ...framing, length: null } : framing);
    this.#abandon();
  }

  append(chunk: Buffer): boolean {
    if (this.recording.isOver) return true;
    // First: a reader that is played its end may leave at once.
    if (this.#validator?.push(chunk) === 'committed') this.isCommitted = true;
    if (this.isCommitted) this.#awaitEnd();
    const isWanted = this.recording.append(chunk);
    this.callMetrics.saw(chunk, this.#validator?.events ?? 0);
    return isWanted;
  }

  finish(): void {
    if (this.recording.state !== 'streaming') return;
    this.#settling?.stop();
    let whole: Buffer | undefined;
    const body = () => (whole ??= compact(this.recording.chunks, this.recording.bytes));
    const verdict = this.#validator?.end(body) ?? null;
    const call = this.callMetrics.conclude(this.#validator);
    this.#settle(verdict, body, call);
    this.#release();
    this.recording.finish();
    this.#arrive(call);
  }

  fail(failure: AnswerFailure): void {
    if (this.isCommitted) this.finish();
    else this.#end(this.#validator?.saysError ? { ...failure, alreadySent: true } : failure);
  }

  /** Keeps the answer if it is whole. The rest is delivered all the same. @param verdict null where nobody validated */
  #settle(verdict: Verdict | null, body: () => Buffer, call: Call | null): void {
    const [{ head }, { sink }, { arrivals }] = [this.recording, this.#plan, this.callMetrics];
    if (!head || !sink) return;
    if (this.recording.liveOnly) this.unkept ??= 'too-large';
    else this.unkept = sink.whyNot({ head, isDelimited: this.#isDelimited, verdict, body }, this.#fenced);
    try {
      if (!this.unkept) sink.keep(head, body(), verdict, { call, arrivals });
    } catch {
      this.unkept = 'store';
    }
    if (this.unkept) sink.refuse(this.unkept);
  }

  #end(failure: AnswerFailure): void {
    this.#release();
    this.recording.fail(failure);
    this.#arrive(this.callMetrics.breakOff(this.#validator, this.recording));
  }

  /** The call is over. */
  #arrive(call: Call | null): void {
    this.callMetrics.close(call);
    if (!this.#leading) return;
    this.#leading = false;
    this.#plan.admission.countFlight(-1);
  }

  #release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#plan.sink?.release();
  }

  #awaitEnd(): void {
    this.#settling ??= new Settling(this.#plan.clock, () => {
      this.finish();
      this.source?.abort();
    });
    this.#settling.wait();
  }

  /** Ends an answer that nobody listens to, unless it is worth finishing. */
  #abandon(): void {
    const { recording } = this;
    const isUnderWay = this.isFollowing || (this.#leading && !this.isCommitted);
    if (recording.readers > 0 || !isUnderWay || recording.isOver) return;
    const isToFinish = this.#leading && (this.isDetached || this.#plan.onAbandon === 'finish');
    if (isToFinish && this.#isWorthFinishing()) return;
    this.abort({ error: abandoned(), alreadySent: false });
  }

  #isWorthFinishing(): boolean {
    const { sink } = this.#plan;
    return sink !== null && !this.recording.liveOnly && !this.#fenced && sink.unstorable === null;
  }
}
