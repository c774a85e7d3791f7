/**
 * `GET /state`: how the proxy is at this moment, as `/metrics` has it, for a page.
 */
import { EventLoopDelay } from '../ledger/event-loop-delay.ts';
import type { OutcomeCounts } from '../ledger/ledger.ts';
import type { MetricSources, TierReading } from '../ledger/metrics.ts';
import type { Readiness } from '../proxy/health.ts';
import type { UpstreamReading } from '../upstream/health.ts';

export interface StateSources extends MetricSources {
  /** In milliseconds since the epoch. */
  readonly startedAt: number;
  readonly counts: () => OutcomeCounts;
  readonly upstreams: () => readonly UpstreamReading[];
  /** Names this process in a fleet; null where it is alone. */
  readonly node: () => string | null;
  readonly readiness: () => Readiness;
  /** The listener for requests. */
  readonly api: () => { readonly host: string; readonly port: number; readonly tls: boolean };
}

/** Times are ISO 8601, sizes bytes. */
export interface ProxyState {
  readonly version: string;
  readonly node: string | null;
  readonly startedAt: string;
  readonly readiness: Readiness;
  /** Since the start. */
  readonly requests: OutcomeCounts;
  readonly tiers: readonly TierReading[];
  readonly files: Readonly<Record<string, boolean>>;
  readonly flights: number;
  readonly listeners: number;
  readonly flightBytes: number;
  /** In seconds by quantile, since it was last asked for. */
  readonly eventLoopDelay: Readonly<Record<string, number>>;
  readonly upstreams: readonly UpstreamJson[];
  readonly api: ReturnType<StateSources['api']>;
}

/** An upstream that has failed since the start; nothing is known against any other. */
export interface UpstreamJson {
  readonly origin: string;
  /** That names it. */
  readonly setting: string;
  readonly state: 'up' | 'down';
  readonly since: string;
  /** The last failure. */
  readonly reason: string;
}

export class StateReader {
  readonly #sources: StateSources;
  /** From the first reading on: without one it costs nothing. */
  #delay: EventLoopDelay | null = null;

  constructor(sources: StateSources) {
    this.#sources = sources;
  }

  read(): ProxyState {
    const { version, node, startedAt, readiness, counts, tiers, files, flights, listeners, ...others } = this.#sources;
    const { bytesInTheAir, delays, upstreams, api } = others;
    return {
      version,
      node: node(),
      startedAt: new Date(startedAt).toISOString(),
      readiness: readiness(),
      requests: counts(),
      tiers: tiers(),
      files: files(),
      flights: flights(),
      listeners: listeners(),
      flightBytes: bytesInTheAir(),
      eventLoopDelay: delays?.() ?? (this.#delay ??= new EventLoopDelay()).take(),
      upstreams: upstreams().map(({ isUp, since, ...upstream }) => ({
        ...upstream,
        state: isUp ? 'up' : 'down',
        since: new Date(since).toISOString(),
      })),
      api: api(),
    };
  }

  close(): void {
    this.#delay?.close();
  }
}
