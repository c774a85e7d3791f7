/**
 * Upstreams that answer, and those that do not, as this process finds them. Each change is news, not each request.
 */
import type { Clock } from '../clock.ts';

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

/** The listener to what changes. */
export type UpstreamNews = {
  /** It has answered, whatever its status: for the first time, or after it had not. */
  answered(place: UpstreamOrigin): void;
  /** It said nothing to a request. */
  failed(place: UpstreamOrigin, reason: string): void;
};

interface OriginState {
  isUp: boolean;
  origin: string;
  changedAt: number;
  /** Null where it has never failed. */
  reason: string | null;
}

export class UpstreamHealth implements UpstreamNews {
  readonly #clock: Clock;
  readonly #news: UpstreamNews;
  /** By setting. */
  readonly #states = new Map<string, OriginState>();

  constructor(clock: Clock, news: UpstreamNews) {
    this.#clock = clock;
    this.#news = news;
  }

  readings(): UpstreamReading[] {
    return [...this.#states].flatMap(([setting, { origin, isUp, changedAt: since, reason }]) =>
      reason === null ? [] : { origin, setting, isUp, since, reason },
    );
  }

  answered({ origin, setting }: UpstreamOrigin): void {
    const state = this.#states.get(setting);
    if (state?.isUp) return;
    this.#put(setting, { isUp: true, origin, reason: state?.reason ?? null });
    this.#news.answered({ origin, setting });
  }

  failed({ origin, setting }: UpstreamOrigin, reason: string): void {
    if (this.#states.get(setting)?.isUp === false) return;
    this.#put(setting, { isUp: false, origin, reason });
    this.#news.failed({ origin, setting }, reason);
  }

  #put(setting: string, state: Omit<OriginState, 'changedAt'>): void {
    this.#states.set(setting, { ...state, changedAt: this.#clock.now() });
  }
}
