/**
 * The overview: whether the cache works, what it saved, why requests miss, and how the proxy is.
 */
import { useComputed } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import type { SeriesAnswer, StateAnswer } from '../api/answers.ts';
import { type Resource, useResource } from '../api/resource.ts';
import { stepsOf } from '../chart/bins.ts';
import { Figures } from '../overview/figures.tsx';
import { FirstRequest } from '../overview/first-request.tsx';
import { Health } from '../overview/health.tsx';
import { LatencyChart } from '../overview/latency-chart.tsx';
import { Models } from '../overview/models.tsx';
import { OutcomeChart } from '../overview/outcome-chart.tsx';
import { Reasons } from '../overview/reasons.tsx';
import { SavingsChart } from '../overview/savings-chart.tsx';
import { usePage } from '../page-context.ts';
import { Problem } from '../part/problem.tsx';
import { isRange, type Period, periodOf, rangeWithData, stepFor } from '../period.ts';
import type { PagePlace } from '../route.ts';

/** The seconds between two looks at the series. */
const LOOK = 10;

export function Overview({ state }: { readonly state: StateAnswer | null }) {
  const { route, now, fallbackRange, setFallbackRange } = usePage();
  const tick = useComputed(() => Math.ceil(now.value / (LOOK * 1_000)) * LOOK).value;
  const named = route.value.params['range'];
  const period = periodOf(route.value, isRange(named) ? named : fallbackRange.value, tick);
  const series = useResource<SeriesAnswer>(seriesPath(route.value, period));
  const beforePath = period.before ? seriesPath(route.value, { ...period, ...period.before }) : null;
  const before = useResource<SeriesAnswer>(beforePath).value;
  const last = series.value?.last ?? null;
  useEffect(() => {
    if (last !== null) setFallbackRange(rangeWithData(Date.now() / 1_000 - last));
  }, [last === null]);
  const isUnused = series.value?.first === null && (state?.requests.requests ?? 1) === 0;
  if (isUnused || (state && state.requests.requests === 0 && series.error?.status === 404)) {
    return <FirstRequest state={state} />;
  }
  return (
    <Sums series={series} before={period.before ? before : null} period={period} state={state} route={route.value} />
  );
}

interface SumsProps {
  readonly series: Resource<SeriesAnswer>;
  readonly before: SeriesAnswer | null;
  readonly period: Period;
  readonly state: StateAnswer | null;
  readonly route: PagePlace;
}

function Sums({ series: { value, error, isSlow }, before, period, state, route }: SumsProps) {
  const span = useMemo(() => (value ? spanOf(value, period) : null), [value]);
  const isRefused = error !== null && error.status >= 400 && error.status < 500;
  // The value from before may be the answer to another question.
  if (error && error.status !== 401 && (isRefused || !value)) return <Problem error={error} />;
  if (!value || !span) return isSlow ? <Places /> : null;
  const { steps, step } = span;
  return (
    <div class="overview">
      <Figures series={value} before={before} period={period} />
      <OutcomeChart series={value} steps={steps} step={step} />
      <Reasons series={value} />
      <LatencyChart series={value} steps={steps} step={step} />
      <SavingsChart series={value} steps={steps} step={step} />
      <Models series={value} route={route} />
      <Health state={state} />
      {route.params['model'] !== undefined && route.params['scope'] !== undefined && (
        <p class="quiet wide">Sums are kept by model or by scope: these are of the model, in every scope.</p>
      )}
    </div>
  );
}

/** The steps that a chart shows of an answer. */
function spanOf(series: SeriesAnswer, { from, to, step }: Period) {
  const start = from ?? series.time[0] ?? to - 86_400;
  const seconds = from === null ? stepFor(to - start, 3_600) : step;
  return { steps: stepsOf(series.time, start, to, seconds), step: seconds };
}

function seriesPath({ params }: PagePlace, { from, to, span }: Pick<Period, 'from' | 'to' | 'span'>): string {
  const query = new URLSearchParams({ series: span, to: String(to) });
  if (from !== null) query.set('from', String(from));
  if (params['model'] !== undefined) query.set('model', params['model']);
  else if (params['scope'] !== undefined) query.set('scope', params['scope']);
  return `/stats?${query}`;
}

/** The places that figures, requests and reasons take, before they are there. */
function Places() {
  return (
    <div class="overview skeleton" role="status" aria-label="Loading">
      <div class="figures" />
      <div class="chart" />
      <div class="reasons" />
    </div>
  );
}
