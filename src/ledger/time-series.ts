/**
 * A time series of the usage ledger, as columns: what a chart draws. An interval in which nothing was asked has no row,
 * so that a gap stays a gap.
 */
import {
  addSums,
  type By,
  bucketName,
  type Cost,
  costName,
  HIT_BUCKETS,
  type IntervalRow,
  LENGTH,
  OUTCOMES,
  requestsOf,
  type Resolution,
  type CostSide,
  type MeasureSums,
  UPSTREAM_BUCKETS,
} from './interval.ts';
import type { KeptRange } from './intervals-table.ts';
import { NANO_PER_DOLLAR } from './prices.ts';
import type { LedgerWord } from './usage-record.ts';

/** The intervals that are asked for. */
export interface SeriesQuery {
  readonly resolution: Resolution;
  /** In seconds since the epoch; the intervals that these lie in are the first and the last. */
  readonly from: number;
  readonly to: number;
  /** The model, scope or tag whose requests are meant, where not all are. Tags are summed by the hour alone. */
  readonly by: By;
  readonly name: string;
}

type NumberColumn = readonly number[];
type BySide<T> = Readonly<Record<CostSide, T>>;

/** Each column has a number for each row. */
export interface TimeSeries {
  readonly series: Resolution;
  /** The length of an interval. */
  readonly seconds: number;
  readonly from: number;
  readonly to: number;
  /** The first and the last interval of all that are kept, whichever are asked for; null where there is none. */
  readonly first: number | null;
  readonly last: number | null;
  /** Upper bounds in ms. There is one more column, of those that took longer than the last. */
  readonly buckets: { readonly hit: NumberColumn; readonly upstream: NumberColumn };
  /** When each interval begins, in seconds since the epoch. */
  readonly time: NumberColumn;
  readonly outcomes: Readonly<Record<LedgerWord, NumberColumn>>;
  readonly hitLatency: readonly NumberColumn[];
  readonly upstreamLatency: readonly NumberColumn[];
  readonly tokens: BySide<Readonly<Record<TokenKind, NumberColumn>>>;
  readonly dollars: BySide<NumberColumn>;
  /** Tokens of answers for which there is no price. */
  readonly unpricedTokens: BySide<NumberColumn>;
  /** Upstream time that hits and follows spared, in seconds. */
  readonly waitedSaved: NumberColumn;
  /** Why misses were misses, by reason. */
  readonly reasons: Readonly<Record<string, NumberColumn>>;
  readonly bypassReasons: Readonly<Record<string, NumberColumn>>;
  /** All of the range together by model, most saved first; none where one model, scope or tag is asked for. */
  readonly models: readonly ModelLine[];
}

type TokenKind = 'input' | 'cachedInput' | 'output' | 'reasoning';

export interface ModelLine {
  /** Null where it is not known. */
  readonly model: string | null;
  readonly requests: number;
  readonly hits: number;
  readonly follows: number;
  readonly misses: number;
  readonly dollars: BySide<number>;
  readonly tokens: BySide<number>;
  readonly unpricedTokens: BySide<number>;
}

const TOKENS = ['input', 'cachedInput', 'output', 'reasoning'] as const satisfies readonly (Cost & TokenKind)[];
const SIDES = ['saved', 'spent'] as const satisfies readonly CostSide[];
const MOST_MODELS = 20;

export class SeriesSums {
  readonly #query: SeriesQuery;
  readonly #intervals = new Map<number, MeasureSums>();
  readonly #models = new Map<string, MeasureSums>();

  constructor(query: SeriesQuery) {
    this.#query = query;
  }

  /** @param rows in any order; those that are not asked for are passed over */
  add(rows: Iterable<IntervalRow>): void {
    const { resolution, by, name, from, to } = this.#query;
    const length = LENGTH[resolution];
    for (const row of rows) {
      // An hour is what its minutes came to, too.
      if (row.resolution !== resolution && resolution === 'minute') continue;
      const time = row.time - (row.time % length);
      if (time < from - (from % length) || time > to) continue;
      if (row.by === by && row.name === name) addSums(sumsOf(this.#intervals, time), row.sums);
      else if (by === 'all' && row.by === 'model') addSums(sumsOf(this.#models, row.name), row.sums);
    }
  }

  series(span: KeptRange | null): TimeSeries {
    const { resolution, from, to } = this.#query;
    const time = [...this.#intervals.keys()].sort((a, b) => a - b);
    const rows = time.map((at) => this.#intervals.get(at) as MeasureSums);
    const column = (measure: string) => rows.map((sums) => sums[measure] ?? 0);
    const inUnits = (measure: string, unit: number) => column(measure).map((sum) => sum / unit);
    const buckets = (of: 'hit' | 'upstream', bounds: NumberColumn) =>
      [...bounds, Infinity].map((bound) => column(bucketName(of, bound)));
    const cost = (name: Cost) => bothSides((side) => column(costName(side, name)));
    return {
      series: resolution,
      seconds: LENGTH[resolution],
      from,
      to,
      first: span?.first ?? null,
      last: span?.last ?? null,
      buckets: { hit: HIT_BUCKETS, upstream: UPSTREAM_BUCKETS },
      time,
      outcomes: recordOf(OUTCOMES, column),
      hitLatency: buckets('hit', HIT_BUCKETS),
      upstreamLatency: buckets('upstream', UPSTREAM_BUCKETS),
      tokens: bothSides((side) => recordOf(TOKENS, (kind) => column(costName(side, kind)))),
      dollars: bothSides((side) => inUnits(costName(side, 'nanoDollars'), NANO_PER_DOLLAR)),
      unpricedTokens: cost('unpriced'),
      waitedSaved: inUnits(costName('saved', 'upstreamMs'), 1_000),
      reasons: reasonsOf('miss', rows, column),
      bypassReasons: reasonsOf('bypass', rows, column),
      models: this.#modelLines(),
    };
  }

  #modelLines(): ModelLine[] {
    const lines = [...this.#models].map(([name, sums]) => modelLine(name, sums));
    const saved = ({ dollars, tokens, requests }: ModelLine) => [dollars.saved, tokens.saved, requests] as const;
    lines.sort((a, b) => {
      const [one, other] = [saved(a), saved(b)];
      const at = one.findIndex((value, index) => value !== other[index]);
      return at === -1 ? 0 : (other[at] as number) - (one[at] as number);
    });
    return lines.slice(0, MOST_MODELS);
  }
}

function modelLine(name: string, sums: Readonly<MeasureSums>): ModelLine {
  const cost = (side: CostSide, of: Cost) => sums[costName(side, of)] ?? 0;
  const count = (outcome: LedgerWord) => sums[outcome] ?? 0;
  return {
    model: name || null,
    requests: requestsOf(sums),
    hits: count('hit'),
    follows: count('follow'),
    misses: count('miss'),
    dollars: bothSides((side) => cost(side, 'nanoDollars') / NANO_PER_DOLLAR),
    tokens: bothSides((side) => cost(side, 'input') + cost(side, 'output')),
    unpricedTokens: bothSides((side) => cost(side, 'unpriced')),
  };
}

function reasonsOf(outcome: 'miss' | 'bypass', rows: readonly MeasureSums[], column: (measure: string) => number[]) {
  const prefix = `${outcome}:`;
  const names = new Set(rows.flatMap((sums) => Object.keys(sums).filter((name) => name.startsWith(prefix))));
  return Object.fromEntries([...names].sort().map((name) => [name.slice(prefix.length), column(name)]));
}

function sumsOf<Key>(all: Map<Key, MeasureSums>, key: Key): MeasureSums {
  let sums = all.get(key);
  if (!sums) all.set(key, (sums = {}));
  return sums;
}

function bothSides<T>(valueOf: (side: CostSide) => T): Record<CostSide, T> {
  return recordOf(SIDES, valueOf);
}

function recordOf<Name extends string, T>(names: readonly Name[], valueOf: (name: Name) => T): Record<Name, T> {
  return Object.fromEntries(names.map((name) => [name, valueOf(name)])) as Record<Name, T>;
}
