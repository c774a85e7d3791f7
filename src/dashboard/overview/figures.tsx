/**
 * The savings in large figures, and the hit rate, each against the time before.
 */
import type { ComponentChildren } from 'preact';
import type { SeriesAnswer } from '../api/answers.ts';
import { hitRateOf, sum } from '../chart/bins.ts';
import {
  formatChange,
  formatCount,
  formatDollars,
  formatPercent,
  formatPoints,
  formatSeconds,
  formatShort,
} from '../format.ts';
import { BEFORE, type Period } from '../period.ts';

interface FiguresProps {
  readonly series: SeriesAnswer;
  readonly before: SeriesAnswer | null;
  readonly period: Period;
}

export function Figures({ series, before, period }: FiguresProps) {
  const [now, then] = [totalsOf(series), before && totalsOf(before)];
  const than = BEFORE[period.range];
  const unpriced = sum(series.unpricedTokens.saved);
  return (
    <dl class="figures">
      <Figure
        name="Dollars saved"
        value={formatDollars(now.dollars)}
        change={formatChange(now.dollars, then?.dollars)}
        than={than}
      >
        {formatDollars(now.spent)} spent
        {unpriced > 0 && `, ${formatShort(unpriced)} tokens unpriced`}
      </Figure>
      <Figure
        name="Tokens saved"
        value={formatShort(now.tokens)}
        title={formatCount(now.tokens)}
        change={formatChange(now.tokens, then?.tokens)}
        than={than}
      >
        {formatShort(tokensOf(series.tokens.spent))} spent
      </Figure>
      <Figure
        name="Waiting saved"
        value={formatSeconds(now.waited)}
        change={formatChange(now.waited, then?.waited)}
        than={than}
      >
        upstream time of hits and follows
      </Figure>
      <Figure name="Hit rate" value={formatPercent(now.rate)} change={formatPoints(now.rate, then?.rate)} than={than}>
        {now.rate === null ? 'under 20 that could hit' : `of ${formatCount(now.hittable)} that could hit`}
      </Figure>
    </dl>
  );
}

interface FigureProps {
  readonly name: string;
  readonly value: string;
  readonly title?: string;
  readonly change: string | null;
  readonly than: string;
  readonly children: ComponentChildren;
}

function Figure({ name, value, title, change, than, children }: FigureProps) {
  return (
    <div class="figure">
      <dt>{name}</dt>
      <dd class="large" title={title}>
        {value}
      </dd>
      <dd class="quiet cut">{children}</dd>
      <dd class="quiet cut">{change !== null && than !== '' ? `${change} ${than}` : ' '}</dd>
    </div>
  );
}

function totalsOf(series: SeriesAnswer) {
  const { hit, follow, miss } = series.outcomes;
  const [hits, follows, misses] = [sum(hit), sum(follow), sum(miss)];
  // Without a price it is not known, and not nothing.
  const priced = (dollars: number, unpriced: number) => (dollars === 0 && unpriced > 0 ? null : dollars);
  return {
    dollars: priced(sum(series.dollars.saved), sum(series.unpricedTokens.saved)),
    spent: priced(sum(series.dollars.spent), sum(series.unpricedTokens.spent)),
    tokens: tokensOf(series.tokens.saved),
    waited: sum(series.waitedSaved),
    rate: hitRateOf(hits, follows, misses),
    hittable: hits + follows + misses,
  };
}

function tokensOf({ input, output }: Readonly<Record<string, readonly number[]>>): number {
  return sum(input) + sum(output);
}
