/**
 * The breaker before a server of Redis: while it is open nothing is asked,
 * and every call says so at once instead of waiting.
 *
 *   connecting ─▶ up        the first reply came
 *   up ─▶ down              three timeouts in a row, or its connection is refused or lost    warn
 *   connecting ─▶ down      the first connection is refused, or takes too long                warn
 *   down ─▶ up              a probe, one each second, was answered                           info
 *   any ─▶ closed           for good
 */
import type { Clock } from '../clock.ts';
import type { Trouble } from './trouble.ts';

export type BreakerState = 'connecting' | 'up' | 'down' | 'closed';

export interface BreakerOptions {
  readonly clock: Clock;
  /** Asks the server whether it is there; resolves with whether it answered in time. */
  readonly probe: () => Promise<boolean>;
  /** A figure that grows with whatever the server sends. */
  readonly pulse: () => number;
  /** Called after each change between up and not up. @param trouble that led to it */
  readonly onChange: (state: 'up' | 'down', trouble: Trouble | null) => void;
}

const MAX_TIMEOUTS = 3;
const TOGETHER_MS = 50;
const PROBE_MS = 1_000;

export class Breaker {
  readonly #options: BreakerOptions;
  #state: BreakerState = 'connecting';
  #timeouts = 0;
  #timedOutAt = -Infinity;
  #cancelProbe: (() => void) | undefined;

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  get state(): BreakerState {
    return this.#state;
  }

  get isUp(): boolean {
    return this.#state === 'up';
  }

  /** The server replied, be it with an error. */
  replied(): void {
    this.#timeouts = 0;
    if (this.#state !== 'up' && this.#state !== 'closed') this.#rise();
  }

  /** As it is when a command is sent. */
  get pulse(): number {
    return this.#options.pulse();
  }

  /**
   * The server may be slow, or nothing but busy with long replies to others: while it sends anything, those that come
   * late together count once.
   * @param pulse when the command was sent
   */
  timedOut(trouble: Trouble, pulse: number): void {
    const isSilent = pulse === this.pulse;
    const now = this.#options.clock.now();
    if (!isSilent && now - this.#timedOutAt < TOGETHER_MS) return;
    this.#timedOutAt = now;
    this.#timeouts += 1;
    if (this.#timeouts >= MAX_TIMEOUTS) this.lost(trouble);
  }

  /** The connection was refused, or is gone. */
  lost(trouble: Trouble): void {
    if (this.#state === 'down' || this.#state === 'closed') return;
    this.#state = 'down';
    this.#options.onChange('down', trouble);
    this.#probeSoon();
  }

  close(): void {
    this.#state = 'closed';
    this.#cancelProbe?.();
  }

  #rise(): void {
    this.#cancelProbe?.();
    this.#state = 'up';
    this.#options.onChange('up', null);
  }

  #probeSoon(): void {
    this.#cancelProbe?.();
    this.#cancelProbe = this.#options.clock.after(PROBE_MS, async () => {
      const isAnswered = await this.#options.probe();
      if (this.#state !== 'down') return;
      if (isAnswered) this.replied();
      else this.#probeSoon();
    });
  }
}
