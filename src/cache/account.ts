/**
 * What a flight's call took: kept while it flies, told once it is over.
 */
import type { Clock } from '../clock.ts';
import type { Endpoint } from '../endpoint.ts';
import type { Judge } from '../response/complete.ts';
import type { Call, Head } from '../response/entry.ts';
import { Glance, isLegible } from '../response/glance.ts';

export class Account {
  /** When the upstream was asked, in milliseconds since the epoch; null before. */
  ledAt: number | null = null;
  /** Null for a call that told nothing: it was never made, it failed, or it was aborted. */
  readonly whenOver: Promise<Call | null>;
  readonly #clock: Clock;
  readonly #tell: (call: Call | null) => void;
  #begunAt: number | null = null;
  /** Looks at what no judge sees. */
  #glance: Glance | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
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

  /** From here on nobody judges the answer. @param endpoint null where its answers tell of no usage */
  unjudged(endpoint: Endpoint | null, head: Head): void {
    if (endpoint !== null && isLegible(head)) this.#glance = new Glance();
  }

  saw(chunk: Buffer): void {
    this.#glance?.push(chunk);
  }

  /** What the call took, now that its answer is all here. */
  conclude(judge: Judge | null): Call | null {
    if (this.ledAt === null || this.#begunAt === null) return null;
    const times = { firstByteMs: this.#begunAt - this.ledAt, ms: this.#clock.now() - this.ledAt };
    if (!this.#glance) return { usage: judge?.usage ?? null, ...times };
    const model = this.#glance.model();
    return { usage: this.#glance.usage(), ...times, ...(model !== undefined && { model }) };
  }

  close(call: Call | null): void {
    this.#tell(call);
  }
}
