/**
 * What a flight's call took: kept while it flies, told once it is over.
 */
import type { Clock } from '../clock.ts';
import type { Endpoint } from '../endpoint.ts';
import type { Judge } from '../response/complete.ts';
import type { Call, Head } from '../response/entry.ts';
import { type EncodedGlance, glanceAt } from '../response/encoded-glance.ts';
import type { Glance } from '../response/glance.ts';
import { laterUsage } from '../response/usage.ts';

/** An answer, as far as it has come. */
interface Heard {
  readonly head: Head | null;
  readonly chunks: readonly Buffer[];
}

export class Account {
  /** When the upstream was asked, in milliseconds since the epoch; null before. */
  ledAt: number | null = null;
  /** Null for a call that told nothing: it was never made, or it failed or was aborted before it told its usage. */
  readonly whenOver: Promise<Call | null>;
  readonly #clock: Clock;
  readonly #tell: (call: Call | null) => void;
  #begunAt: number | null = null;
  /** Looks at what no judge sees. */
  #glance: Glance | EncodedGlance | null = null;
  /** The judge that saw its beginning, where nobody judges it any more. */
  #former: Judge | null = null;
  readonly #model: string | null;

  /** @param model that was asked for; where that is not known, what the answer says */
  constructor(clock: Clock, model: string | null) {
    this.#clock = clock;
    this.#model = model;
    const { promise, resolve } = Promise.withResolvers<Call | null>();
    this.whenOver = promise;
    this.#tell = resolve;
  }

  led(): void {
    this.ledAt = this.#clock.now();
  }

  begun(): void {
    this.#begunAt = this.#clock.now();
  }

  /**
   * From here on nobody judges the answer.
   * @param endpoint null where its answers tell of no usage
   * @param former who did until here
   */
  unjudged(endpoint: Endpoint | null, head: Head, former: Judge | null = null): void {
    this.#former = former;
    if (endpoint !== null) this.#glance = glanceAt(head);
  }

  saw(chunk: Buffer): void {
    this.#glance?.push(chunk);
  }

  /** What the call took, now that its answer is all here. */
  conclude(judge: Judge | null): Call | null {
    if (this.ledAt === null || this.#begunAt === null) return null;
    const seen = judge ?? this.#former;
    const usage = laterUsage(seen?.usage ?? null, this.#glance?.usage() ?? null);
    const model = this.#model === null ? (seen?.model ?? this.#glance?.model() ?? null) : null;
    const times = { firstByteMs: this.#begunAt - this.ledAt, ms: this.#clock.now() - this.ledAt };
    return { usage, ...times, ...(model !== null && { model }) };
  }

  /** The account of a call whose answer broke off: it is counted if its usage was told before. */
  breakOff(judge: Judge | null, { head, chunks }: Heard): Call | null {
    // A document is read once it is whole; this one never will be.
    if (head !== null && judge !== null && judge.usage === null) {
      this.#glance = glanceAt(head);
      for (const chunk of chunks) this.#glance?.push(chunk);
    }
    const call = this.conclude(judge);
    return call?.usage ? call : null;
  }

  close(call: Call | null): void {
    this.#tell(call);
  }
}
