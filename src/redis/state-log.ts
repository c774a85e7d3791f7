/**
 * Changes between within and out of reach, in the log: one line for each, and
 * where a connection comes and goes many times in a second, one of each for
 * that second.
 */
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { adviceOn, type Trouble } from './trouble.ts';

export interface StateLogOptions {
  readonly log: Log;
  readonly clock: Clock;
  readonly words: { readonly up: string; readonly down: string };
}

const QUIET_MS = 1_000;

export class StateLog {
  readonly #options: StateLogOptions;
  #state: 'up' | 'down' = 'up';
  #trouble: Trouble | null = null;
  /** At first it is up as far as anybody was told: coming up is no news. */
  #said: 'up' | 'down' = 'up';
  #saidAt = -Infinity;
  #isWaiting = false;

  constructor(options: StateLogOptions) {
    this.#options = options;
  }

  report(state: 'up' | 'down', trouble: Trouble | null): void {
    const { clock } = this.#options;
    this.#state = state;
    if (trouble !== null) this.#trouble = trouble;
    if (this.#isWaiting) return;
    const wait = this.#saidAt + QUIET_MS - clock.now();
    if (wait <= 0) return this.#say();
    this.#isWaiting = true;
    clock.after(wait, () => this.#say());
  }

  #say(): void {
    const { log, clock, words } = this.#options;
    this.#isWaiting = false;
    if (this.#said === this.#state) return;
    this.#said = this.#state;
    this.#saidAt = clock.now();
    if (this.#state === 'up') return log.info(words.up);
    const { kind, message } = this.#trouble ?? {};
    log.warn({ code: kind, reason: message }, words.down + (this.#trouble ? adviceOn(this.#trouble) : ''));
  }
}
