/**
 * The time and usage of a flight's call: kept while it flies, reported once it
 * is over.
 */
import type { Clock } from '../clock.ts';
import type { Endpoint } from '../endpoint.ts';
import { ArrivalTimes } from '../response/arrival-times.ts';
import type { Validator } from '../response/complete.ts';
import type { Call, Head, Label } from '../response/entry.ts';
import { type EncodedTailUsage, tailUsageOf } from '../response/encoded-tail-usage.ts';
import type { TailUsage } from '../response/tail-usage.ts';
import { RESPONSE_ENDPOINTS } from '../response/endpoints/table.ts';
import { type Usage, usageWithout } from '../response/usage.ts';

/** An answer, as far as it has come. */
interface Heard {
  readonly head: Head | null;
  readonly chunks: readonly Buffer[];
}

export class CallMetrics {
  /** When the upstream was asked, in milliseconds since the epoch; null before. */
  startedAt: number | null = null;
  /** Null where there is nothing to report: it was never made, or failed or was aborted before its usage was known. */
  readonly whenOver: Promise<Call | null>;
  readonly #clock: Clock;
  readonly #report: (call: Call | null) => void;
  #begunAt: number | null = null;
  /** The tokens of parts that were known before; null where there are none. */
  #spared: Usage | null = null;
  /** With these parts, as the answer has it. */
  #reported: Usage | null = null;
  /** Looks at what no validator sees. */
  #tail: TailUsage | EncodedTailUsage | null = null;
  /** The validator that saw its beginning, where nobody validates it any more. */
  #former: Validator | null = null;
  #arrivals: ArrivalTimes | null = null;
  readonly #model: string | null;
  readonly #endpoint: Endpoint | null;

  /**
   * @param model that was asked for; where that is not known, what the answer says
   * @param endpoint null where its answers report no usage
   */
  constructor(clock: Clock, model: string | null, endpoint: Endpoint | null) {
    this.#clock = clock;
    this.#model = model;
    this.#endpoint = endpoint;
    const { promise, resolve } = Promise.withResolvers<Call | null>();
    this.whenOver = promise;
    this.#report = resolve;
  }

  /** The same as a request has it that followed: it spared itself the whole answer, whatever was known of it. */
  get whenFollowed(): Promise<Call | null> {
    return this.whenOver.then((call) => (call && this.#spared ? { ...call, usage: this.#reported } : call));
  }

  started(): void {
    this.startedAt = this.#clock.now();
  }

  begun(spared: Usage | null = null): void {
    this.#begunAt = this.#clock.now();
    this.#spared = spared;
  }

  /** From here on nobody validates the answer. @param former who did until here */
  unjudged(head: Head, former: Validator | null = null): void {
    this.#former = former;
    if (this.#endpoint !== null) this.#tail = tailUsageOf(this.#endpoint, head);
  }

  /** @param events that have come by now, of an answer that is validated */
  saw(chunk: Buffer, events: number): void {
    this.#tail?.push(chunk);
    if (events > 0) (this.#arrivals ??= new ArrivalTimes()).saw(events, this.#clock.now() - (this.startedAt ?? 0));
  }

  /** When the events of a stream arrived, as an entry has it. */
  get arrivals(): string | null {
    return this.#arrivals?.encode() ?? null;
  }

  /** The time and usage of a call whose answer is all here. */
  conclude(validator: Validator | null): Call | null {
    if (this.startedAt === null || this.#begunAt === null) return null;
    const seen = validator ?? this.#former;
    const reported = this.#later(seen?.usage ?? null, this.#tail?.usage() ?? null);
    const usage = reported && this.#spared ? usageWithout(reported, this.#spared) : reported;
    this.#reported = reported;
    const model = this.#model === null ? (seen?.model ?? this.#tail?.model() ?? null) : null;
    const times = { firstByteMs: this.#begunAt - this.startedAt, ms: this.#clock.now() - this.startedAt };
    return { usage, ...times, ...(model !== null && { model }) };
  }

  /** The same of a call whose answer broke off; null unless its usage was known before. */
  breakOff(validator: Validator | null, { head, chunks }: Heard): Call | null {
    // A document is read once it is whole; this one never will be.
    if (this.#endpoint !== null && head !== null && validator !== null && validator.usage === null) {
      this.#tail = tailUsageOf(this.#endpoint, head);
      for (const chunk of chunks) this.#tail?.push(chunk);
    }
    const call = this.conclude(validator);
    return call?.usage ? call : null;
  }

  #later(before: Usage | null, now: Usage | null): Usage | null {
    return this.#endpoint === null ? (now ?? before) : RESPONSE_ENDPOINTS[this.#endpoint].usage.later(before, now);
  }

  close(call: Call | null): void {
    this.#report(call);
  }
}

/** Counts the cost of a call that no request is charged with: a refresh, or one that failed where a hit stood in. */
export type DetachedCalls = (label: Label, call: Call) => void;

/** Has a call counted once it is over. */
export function detach(count: DetachedCalls, label: Label, call: Call | null | Promise<Call | null>): void {
  void Promise.resolve(call).then((known) => known && count(label, known));
}
