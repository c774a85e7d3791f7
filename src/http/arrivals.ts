/**
 * Bodies on their way from clients. One that pauses for too long is given up,
 * and so is one that only drips: after the same time it must have come at some
 * rate. Time in which its reader holds a body back does not count.
 */
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../clock.ts';
import { bodyIncomplete, bodyTimeout, type RefrainError } from '../errors.ts';

/** A body on its way. */
export interface Arriving {
  /** When its last piece came, in milliseconds since the epoch. */
  lastAt: number;
  /** When it began, and later by as much as it was held back. */
  since: number;
  /** How much has come since then. */
  bytes: number;
  /** Since when it is held back; null where it is not. */
  heldAt: number | null;
  /** Called once, where it will never be whole. */
  readonly refuse: (error: RefrainError) => void;
}

/** How long a client may pause while it sends its body, and how long it may take beside what it sends. */
const PAUSE_MS = 30_000;

/** Bytes per second; a telephone at the edge of its network sends more. */
const MIN_RATE = 500;

const PAUSED = `stopped arriving for ${PAUSE_MS / 1000} s`;
const SLOW = `arrived at less than ${MIN_RATE} bytes a second`;

export class Arrivals {
  readonly #clock: Clock;
  /** One alarm looks after all: most bodies are whole before it could be set for each. */
  readonly #arriving = new Set<Arriving>();
  #alarmed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(request: IncomingMessage, refuse: (error: RefrainError) => void): Arriving {
    const now = this.#clock.now();
    const arriving: Arriving = { lastAt: now, since: now, bytes: 0, heldAt: null, refuse };
    this.#arriving.add(arriving);
    request.on('close', () => this.#arriving.delete(arriving) && !request.complete && refuse(bodyIncomplete()));
    if (!this.#alarmed) this.#alarm(PAUSE_MS);
    return arriving;
  }

  /** @returns whether it was still on its way */
  delete(arriving: Arriving): boolean {
    return this.#arriving.delete(arriving);
  }

  /** @param bytes how much has come in all */
  arrived(arriving: Arriving, bytes: number): void {
    arriving.lastAt = this.#clock.now();
    arriving.bytes = bytes;
  }

  /** Its reader holds it back. */
  hold(arriving: Arriving): void {
    arriving.heldAt ??= this.#clock.now();
  }

  goOn(arriving: Arriving): void {
    if (arriving.heldAt === null) return;
    const now = this.#clock.now();
    arriving.since += now - arriving.heldAt;
    arriving.lastAt = now;
    arriving.heldAt = null;
  }

  #alarm(ms: number): void {
    this.#alarmed = true;
    this.#clock.after(ms, () => this.#giveUpLate());
  }

  #giveUpLate(): void {
    const now = this.#clock.now();
    let next = Infinity;
    for (const arriving of this.#arriving) {
      // One that is held back is looked at again; it may go on at any time.
      if (arriving.heldAt !== null) {
        next = Math.min(next, PAUSE_MS);
        continue;
      }
      const untilPaused = arriving.lastAt + PAUSE_MS - now;
      const untilSlow = arriving.since + PAUSE_MS + (arriving.bytes / MIN_RATE) * 1000 - now;
      const left = Math.min(untilPaused, untilSlow);
      if (left > 0) {
        next = Math.min(next, left);
        continue;
      }
      this.#arriving.delete(arriving);
      arriving.refuse(bodyTimeout(untilPaused <= 0 ? PAUSED : SLOW));
    }
    this.#alarmed = false;
    if (next < Infinity) this.#alarm(next);
  }
}
