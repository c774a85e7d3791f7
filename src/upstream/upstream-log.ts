/**
 * The lines of the log about upstreams: one for each change, whichever process of this proxy found it first. One that
 * answers and fails by turns is reported once in a while.
 */
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { adviceOn } from './advice.ts';
import type { UpstreamNews, UpstreamOrigin } from './health.ts';

interface LoggedState {
  isUp: boolean;
  /** When the changes that are counted began, in milliseconds since the epoch. */
  since: number;
  changes: number;
}

/** So many changes in such a time are one state: unsteady. */
const MOST_CHANGES = 6;
const SPAN_MS = 60_000;

export class UpstreamLog implements UpstreamNews {
  readonly #log: Log;
  readonly #clock: Clock;
  /** By setting; one that has never failed is not here. */
  readonly #states = new Map<string, LoggedState>();

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  answered({ origin, setting }: UpstreamOrigin): void {
    const state = this.#states.get(setting);
    if (!state || state.isUp || !this.#change(state, { origin, setting })) return;
    this.#log.info({ upstream: origin, setting }, 'the upstream answers again');
  }

  failed({ origin, setting }: UpstreamOrigin, reason: string): void {
    const state = this.#states.get(setting) ?? { isUp: true, since: this.#clock.now(), changes: 0 };
    this.#states.set(setting, state);
    if (!state.isUp || !this.#change(state, { origin, setting })) return;
    this.#log.warn({ upstream: origin, setting, reason }, `the upstream does not answer; ${adviceOn(reason, setting)}`);
  }

  /** @returns whether it is to be reported */
  #change(state: LoggedState, { origin, setting }: UpstreamOrigin): boolean {
    const now = this.#clock.now();
    state.isUp = !state.isUp;
    if (now - state.since > SPAN_MS) {
      state.since = now;
      state.changes = 0;
    }
    state.changes += 1;
    if (state.changes === MOST_CHANGES + 1) {
      const line = { upstream: origin, setting, changes: MOST_CHANGES, seconds: SPAN_MS / 1000 };
      this.#log.warn(
        line,
        `the upstream answers and fails by turns; it is not reported again before this time is over`,
      );
    }
    return state.changes <= MOST_CHANGES;
  }
}
