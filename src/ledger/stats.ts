/**
 * The sums of the usage ledger by period, and in each by model, endpoint and
 * scope.
 */
import type { Usage } from '../response/usage.ts';
import type { LedgerWord } from './usage-record.ts';
import { NANO_PER_DOLLAR } from './prices.ts';
import type { Reason } from './reasons.ts';
import { addTo, type Amounts, type RowKind, noAmounts, type UsageRow } from './row.ts';

export interface Stats {
  /** The first day in the usage ledger, as `2026-11-01`. */
  readonly since: string | null;
  readonly periods: {
    readonly today: Summary;
    /** Today and the six days before. */
    readonly week: Summary;
    readonly all: Summary;
  };
}

/** Each list by requests, most first, then by name. */
export interface Summary extends StatsLine {
  readonly models: readonly (StatsLine & { readonly model: string | null })[];
  readonly endpoints: readonly (StatsLine & { readonly endpoint: RowKind['endpoint'] })[];
  readonly scopes: readonly (StatsLine & { readonly scope: string | null })[];
  /** The reasons of bypasses. */
  readonly bypassReasons: readonly ReasonLine[];
  /** The reasons why answers of misses were not kept. */
  readonly unkeptReasons: readonly ReasonLine[];
  /** The forms of hits that were made from another, as `x-refrain-form` has them. */
  readonly derivations: readonly ReasonLine[];
}

export interface ReasonLine {
  /** As `Cache-Status` has it. */
  readonly reason: string;
  readonly requests: number;
}

export interface RequestCounts {
  readonly requests: number;
  readonly hits: number;
  readonly follows: number;
  readonly misses: number;
  readonly bypasses: number;
  readonly refusals: number;
  /** Of the requests that could have been hits, the share that cost no upstream call; null where there were none. */
  readonly hitRate: number | null;
}

export interface StatsLine extends RequestCounts {
  readonly tokens: { readonly spent: Usage; readonly saved: Usage };
  readonly dollars: { readonly spent: number; readonly saved: number };
  /** Input and output of answers for which there is no price. */
  readonly unpricedTokens: number;
  /** Upstream time that hits and follows spared, in seconds. */
  readonly waitedSaved: number;
}

/** The longest that a list may be. */
const LONGEST = 100;
const WEEK_MS = 6 * 86_400_000;

/** @param rows in any order @param today as `2026-11-01` @param reasons in any order */
export function summarize(rows: Iterable<UsageRow>, today: string, reasons: Iterable<Reason>): Stats {
  const sums = new StatsSums(today);
  sums.add(rows, reasons);
  return sums.stats();
}

/** The same, given its rows a few at a time. */
export class StatsSums {
  readonly #today: string;
  readonly #week: string;
  readonly #periods = { today: new PeriodSums(), week: new PeriodSums(), all: new PeriodSums() };
  #since: string | null = null;

  constructor(today: string) {
    this.#today = today;
    this.#week = new Date(Date.parse(today) - WEEK_MS).toISOString().slice(0, 10);
  }

  add(rows: Iterable<UsageRow>, reasons: Iterable<Reason>): void {
    for (const row of rows) {
      if (this.#since === null || row.day < this.#since) this.#since = row.day;
      for (const period of this.#periodsOf(row.day)) period.add(row);
    }
    for (const reason of reasons) for (const period of this.#periodsOf(reason.day)) period.addReason(reason);
  }

  stats(): Stats {
    const { today, week, all } = this.#periods;
    return {
      since: this.#since,
      periods: { today: today.summary(), week: week.summary(), all: all.summary() },
    };
  }

  #periodsOf(day: string): PeriodSums[] {
    const { today, week, all } = this.#periods;
    if (day < this.#week) return [all];
    return day === this.#today ? [all, week, today] : [all, week];
  }
}

class PeriodSums {
  readonly #all = new LineSums();
  readonly #models = new Map<string, LineSums>();
  readonly #endpoints = new Map<RowKind['endpoint'], LineSums>();
  readonly #scopes = new Map<string, LineSums>();
  readonly #reasons = {
    bypass: new Map<string, number>(),
    miss: new Map<string, number>(),
    hit: new Map<string, number>(),
  };

  addReason({ outcome, why, requests }: Reason): void {
    const counts = this.#reasons[outcome];
    counts.set(why, (counts.get(why) ?? 0) + requests);
  }

  add(row: UsageRow): void {
    this.#all.add(row);
    lineOf(this.#models, row.model).add(row);
    lineOf(this.#endpoints, row.endpoint).add(row);
    lineOf(this.#scopes, row.scope).add(row);
  }

  summary(): Summary {
    const reasonLines = (counts: ReadonlyMap<string, number>) =>
      mostRequested([...counts].map(([reason, requests]) => [reason, { reason, requests }]));
    return {
      ...this.#all.line(),
      models: linesOf(this.#models, (model) => ({ model: model || null })),
      endpoints: linesOf(this.#endpoints, (endpoint) => ({ endpoint })),
      scopes: linesOf(this.#scopes, (scope) => ({ scope: scope || null })),
      bypassReasons: reasonLines(this.#reasons.bypass),
      unkeptReasons: reasonLines(this.#reasons.miss),
      derivations: reasonLines(this.#reasons.hit),
    };
  }
}

function lineOf<Name>(lines: Map<Name, LineSums>, name: Name): LineSums {
  const line = lines.get(name) ?? new LineSums();
  lines.set(name, line);
  return line;
}

function linesOf<Name extends string, Named>(lines: ReadonlyMap<Name, LineSums>, labelOf: (name: Name) => Named) {
  return mostRequested([...lines].map(([name, sums]) => [name, { ...labelOf(name), ...sums.line() }]));
}

function mostRequested<Line extends { readonly requests: number }>(lines: (readonly [string, Line])[]): Line[] {
  const sorted = lines.sort(([a, one], [b, other]) => other.requests - one.requests || (a < b ? -1 : 1));
  return sorted.slice(0, LONGEST).map(([, line]) => line);
}

const SPENT: readonly LedgerWord[] = ['miss', 'bypass'];
const SAVED: readonly LedgerWord[] = ['hit', 'follow'];

/** The requests of a line by outcome, with their sum and the share of hits. */
export function requestCounts(count: (outcome: LedgerWord) => number): RequestCounts {
  const [hits, follows, misses] = [count('hit'), count('follow'), count('miss')];
  const [bypasses, refusals] = [count('bypass'), count('refusal')];
  const answered = hits + follows + misses;
  return {
    requests: answered + bypasses + refusals,
    hits,
    follows,
    misses,
    bypasses,
    refusals,
    hitRate: answered === 0 ? null : (hits + follows) / answered,
  };
}

class LineSums {
  readonly #sums = new Map<LedgerWord, Amounts>();

  add(row: UsageRow): void {
    const sum = this.#sums.get(row.outcome) ?? noAmounts();
    this.#sums.set(row.outcome, sum);
    addTo(sum, row);
  }

  line(): StatsLine {
    const count = (outcome: LedgerWord) => this.#sum('requests', [outcome]);
    const dollars = (outcomes: readonly LedgerWord[]) => this.#sum('nanoDollars', outcomes) / NANO_PER_DOLLAR;
    return {
      ...requestCounts(count),
      tokens: { spent: this.#usage(SPENT), saved: this.#usage(SAVED) },
      dollars: { spent: dollars(SPENT), saved: dollars(SAVED) },
      unpricedTokens: this.#sum('unpriced', [...SPENT, ...SAVED]),
      waitedSaved: this.#sum('upstreamMs', SAVED) / 1_000,
    };
  }

  #usage(outcomes: readonly LedgerWord[]): Usage {
    const sum = (of: keyof Amounts) => this.#sum(of, outcomes);
    return { input: sum('input'), cachedInput: sum('cachedInput'), output: sum('output'), reasoning: sum('reasoning') };
  }

  #sum(of: keyof Amounts, outcomes: readonly LedgerWord[]): number {
    return outcomes.reduce((total, outcome) => total + (this.#sums.get(outcome)?.[of] ?? 0), 0);
  }
}
