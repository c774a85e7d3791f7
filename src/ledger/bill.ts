/**
 * A bill: what the requests of a time came to, of all or of one model, scope or tag, as one line.
 */
import { beginOf, type By, KEPT, type Resolution } from './interval.ts';
import { OTHER } from './names.ts';
import { requestCounts, type StatsLine } from './stats.ts';
import type { SeriesQuery, TimeSeries } from './time-series.ts';

export interface Bill extends StatsLine {
  /** When the first minute or hour in it begins, and when it ends, in ISO 8601. */
  readonly since: string;
  readonly until: string;
  /** The length of its intervals in seconds: one that `since` lies in is in it whole. */
  readonly seconds: number;
  /** Each null unless the requests are chosen by it. */
  readonly model: string | null;
  readonly scope: string | null;
  readonly tag: string | null;
  /** Requests that may be of them too: there were so many names in that time that these count as `(other)`. */
  readonly unnamed: number;
}

/** The requests that a bill is of. */
export interface BillQuery {
  /** In seconds since the epoch; null for all that is kept by the hour. */
  readonly from: number | null;
  readonly by: By;
  readonly name: string;
}

/** @param read a series of the usage ledger @param now milliseconds since the epoch */
export async function billOf(
  query: BillQuery,
  now: number,
  read: (query: SeriesQuery) => TimeSeries | Promise<TimeSeries>,
): Promise<Bill> {
  const { by, name } = query;
  const range = rangeOf(query, Math.floor(now / 1_000));
  const series = await read({ ...range, by, name });
  const others = by === 'all' || name === OTHER ? null : await read({ ...range, by, name: OTHER });
  const iso = (seconds: number) => new Date(seconds * 1_000).toISOString();
  const named = (kind: By) => (by === kind ? name : null);
  return {
    since: iso(beginOf(range.resolution, range.from)),
    until: iso(range.to),
    seconds: series.seconds,
    model: named('model'),
    scope: named('scope'),
    tag: named('tag'),
    ...lineOf(series),
    unnamed: others ? lineOf(others).requests : 0,
  };
}

/** By the minute where these are kept so long, which tags are not. */
function rangeOf({ from, by }: BillQuery, to: number): Pick<SeriesQuery, 'resolution' | 'from' | 'to'> {
  const isRecent = from !== null && by !== 'tag' && from > to - KEPT.minute;
  const resolution: Resolution = isRecent ? 'minute' : 'hour';
  return { resolution, from: Math.max(from ?? 0, to - KEPT[resolution], 0), to };
}

function lineOf({ outcomes, tokens, dollars, unpricedTokens, waitedSaved }: TimeSeries): StatsLine {
  const usage = ({ input, cachedInput, output, reasoning }: TimeSeries['tokens']['spent']) => ({
    input: sum(input),
    cachedInput: sum(cachedInput),
    output: sum(output),
    reasoning: sum(reasoning),
  });
  return {
    ...requestCounts((outcome) => sum(outcomes[outcome])),
    tokens: { spent: usage(tokens.spent), saved: usage(tokens.saved) },
    dollars: { spent: sum(dollars.spent), saved: sum(dollars.saved) },
    unpricedTokens: sum(unpricedTokens.spent) + sum(unpricedTokens.saved),
    waitedSaved: sum(waitedSaved),
  };
}

function sum(column: readonly number[]): number {
  return column.reduce((total, each) => total + each, 0);
}
