/**
 * The answers of the admin API, as far as the page reads them; `config/openapi.json` describes them whole.
 */
import type { OutcomeName } from '../outcomes.ts';

type SeriesColumns = Readonly<Record<string, readonly number[]>>;

/** Sums by minute or hour, in columns; times are seconds since the epoch. A row that is not there is a gap. */
export interface SeriesAnswer {
  readonly series: 'minute' | 'hour';
  readonly seconds: number;
  readonly from: number;
  readonly to: number;
  readonly node: string | null;
  readonly first: number | null;
  readonly last: number | null;
  readonly buckets: { readonly hit: readonly number[]; readonly upstream: readonly number[] };
  readonly time: readonly number[];
  readonly outcomes: Readonly<Record<OutcomeName, readonly number[]>>;
  readonly hitLatency: readonly (readonly number[])[];
  readonly upstreamLatency: readonly (readonly number[])[];
  readonly tokens: { readonly saved: SeriesColumns; readonly spent: SeriesColumns };
  readonly dollars: { readonly saved: readonly number[]; readonly spent: readonly number[] };
  readonly unpricedTokens: { readonly saved: readonly number[]; readonly spent: readonly number[] };
  readonly waitedSaved: readonly number[];
  readonly reasons: SeriesColumns;
  readonly bypassReasons: SeriesColumns;
  readonly models: readonly SavedByModel[];
}

export interface SavedByModel {
  readonly model: string | null;
  readonly requests: number;
  readonly hits: number;
  readonly follows: number;
  readonly misses: number;
  readonly dollars: { readonly saved: number; readonly spent: number };
  readonly tokens: { readonly saved: number; readonly spent: number };
  readonly unpricedTokens: { readonly saved: number; readonly spent: number };
}

export interface StateAnswer {
  readonly version: string;
  readonly node: string | null;
  readonly startedAt: string;
  readonly readiness: string;
  readonly requests: Readonly<Record<OutcomeName | 'requests', number>>;
  readonly tiers: readonly TierState[];
  readonly files: Readonly<Record<string, boolean>>;
  readonly flights: number;
  readonly listeners: number;
  readonly flightBytes: number;
  readonly eventLoopDelay: Readonly<Record<string, number>>;
  readonly upstreams: readonly UpstreamState[];
  readonly api: { readonly host: string; readonly port: number; readonly tls: boolean };
}

export interface TierState {
  readonly tier: string;
  readonly entries: number;
  readonly bytes: number;
  readonly maxBytes: number | null;
  readonly evictions: number;
}

/** An upstream that has failed since the start. */
export interface UpstreamState {
  readonly origin: string;
  readonly state: 'up' | 'down';
  readonly since: string;
  /** Of its last failure. */
  readonly reason: string;
}

export interface TokenUsage {
  readonly input: number;
  readonly cachedInput: number;
  readonly output: number;
  readonly reasoning: number;
}

export interface UpstreamCall {
  readonly usage: TokenUsage | null;
  readonly firstByteMs: number;
  readonly ms: number;
}

/** A request that has ended, of `/events`. */
export interface LiveEvent {
  readonly time: string;
  readonly requestId: string;
  readonly outcome: OutcomeName;
  readonly endpoint: string;
  readonly model: string | null;
  readonly scope: string | null;
  readonly key: string | null;
  readonly status: number;
  readonly why: string | null;
  readonly reason?: string | null;
  readonly error: string | null;
  readonly tier: string | null;
  readonly ms: number;
  readonly bytes: number;
  readonly call: UpstreamCall | null;
  readonly dollars: number | null;
}

export interface SavedByEntry {
  readonly dollars: number | null;
  readonly tokens: number | null;
  readonly seconds: number | null;
}

export interface EntryLine {
  readonly key: string;
  readonly form: string;
  readonly model: string | null;
  readonly endpoint: string | null;
  readonly scope: string | null;
  readonly tags: readonly string[];
  readonly bytes: number;
  readonly storedAt: string;
  readonly expiresAt: string | null;
  readonly age: number;
  readonly hits: number;
  readonly tier: string;
  readonly call: UpstreamCall | null;
  readonly saved?: SavedByEntry;
}

export interface EntryDetail extends EntryLine {
  readonly request: KeptQuestion | null;
  readonly answer: KeptAnswer;
}

export interface KeptQuestion {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface KeptAnswer {
  readonly status: number;
  readonly headers: readonly (readonly string[])[];
  readonly body: string;
  readonly encoding: 'utf8' | 'base64';
  /** By event of a stream that has data, the milliseconds from the call to its arrival. */
  readonly arrivals?: readonly number[] | null;
}

export interface NearestAnswer {
  readonly key: string;
  readonly why: string | null;
  readonly nearest: readonly NearEntry[];
}

export interface NearEntry {
  readonly key: string;
  readonly differences: number;
  /** A JSON Pointer. */
  readonly first: string;
}

export interface ComparedSide {
  readonly key: string | null;
  readonly form?: string;
  readonly why?: string;
  readonly parts?: Readonly<Record<string, string>>;
}

export interface ComparisonAnswer {
  readonly same: boolean;
  readonly first: string | null;
  readonly differences: readonly ComparedPart[];
  readonly a: ComparedSide;
  readonly b: ComparedSide;
  readonly ignore?: string | null;
}

export interface ComparedPart {
  readonly pointer: string;
  readonly a: string | null;
  readonly b: string | null;
  readonly note?: string;
  readonly hint?: string;
}

export interface PurgedAnswer {
  readonly entries: number;
  readonly bytes: number;
  readonly flights: number;
}

export interface SettingsAnswer {
  readonly version: string;
  readonly settings: readonly { readonly path: string; readonly value: unknown; readonly from: string | null }[];
}

export interface DoctorAnswer {
  readonly ok: boolean;
  readonly checks: readonly DoctorFinding[];
}

export interface DoctorFinding {
  readonly check: string;
  readonly state: 'ok' | 'warning' | 'failure';
  readonly says: string;
  readonly advice: string | null;
  readonly details: readonly string[];
}

/** `/stats` by names, for lists to choose from. */
export interface SummaryAnswer {
  readonly periods: {
    readonly all: {
      readonly models: readonly { readonly model: string | null }[];
      readonly scopes: readonly { readonly scope: string | null }[];
    };
  };
}
