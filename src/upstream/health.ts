/**
 * Upstreams that answer, and those that do not: one line in the log for each
 * change, not for each request. One that answers and fails by turns is reported
 * once in a while.
 */
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { adviceOn } from './advice.ts';

/** The upstream that a request is for. */
export interface UpstreamOrigin {
  /** Scheme, host and port. */
  readonly origin: string;
  /** That the upstream is from, as it was written; others may be at the same origin. */
  readonly setting: string;
}

/** An upstream that has failed since the start. */
export interface UpstreamReading extends UpstreamOrigin {
  readonly isUp: boolean;
  /** When that changed last, in milliseconds since the epoch. */
  readonly since: number;
  /** The last failure that ended a time in which it answered. */
  readonly reason: string;
}

interface OriginState {
  isUp: boolean;
  origin: string;
  changedAt: number;
  reason: string;
  /** When the changes that are counted began, in milliseconds since the epoch. */
  since: number;
  changes: number;
}

/** So many changes in such a time are one state: unsteady. */
const MOST_CHANGES = 6;
const SPAN_MS = 60_000;

export class UpstreamHealth {
  readonly #log: Log;
  readonly #clock: Clock;
  /** By setting; one that has never failed is not here. */
  readonly #states = new Map<string, OriginState>();

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  readings(): UpstreamReading[] {
    return Array.from(this.#states, ([setting, { origin, isUp, changedAt: since, reason }]) => {
      return { origin, setting, isUp, since, reason };
    });
  }

  /** It has answered, whatever its status. */
  answered(place: UpstreamOrigin): void {
    const { origin, setting } = place;
    const state = this.#states.get(setting);
    if (!state || state.isUp || !this.#change(state, place)) return;
    this.#log.info({ upstream: origin, setting }, 'the upstream answers again');
  }

  /** It said nothing to a request. */
  failed(place: UpstreamOrigin, reason: string): void {
    const { origin, setting } = place;
    const state = this.#stateOf(place);
    if (state.isUp) state.reason = reason;
    if (!state.isUp || !this.#change(state, place)) return;
    this.#log.warn({ upstream: origin, setting, reason }, `the upstream does not answer; ${adviceOn(reason, setting)}`);
  }

  #stateOf({ origin, setting }: UpstreamOrigin): OriginState {
    let state = this.#states.get(setting);
    const now = this.#clock.now();
    if (!state)
      this.#states.set(setting, (state = { isUp: true, origin, changedAt: now, reason: '', since: now, changes: 0 }));
    return state;
  }

  /** @returns whether it is to be reported */
  #change(state: OriginState, { origin, setting }: UpstreamOrigin): boolean {
    const now = this.#clock.now();
    state.isUp = !state.isUp;
    state.changedAt = now;
    state.origin = origin;
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
