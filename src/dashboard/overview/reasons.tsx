/**
 * Why requests missed or went past the cache, most first; each leads to the requests of that reason as they come.
 */
import type { SeriesAnswer } from '../api/answers.ts';
import { sum } from '../chart/bins.ts';
import { formatCount } from '../format.ts';
import { explainReason } from '../outcomes.ts';
import { usePage } from '../page-context.ts';
import { hashFrom } from '../route.ts';

const MOST = 6;

export function Reasons({ series }: { readonly series: SeriesAnswer }) {
  const lists = [
    { outcome: 'miss', title: 'Why requests missed', counts: countsOf(series.reasons) },
    { outcome: 'bypass', title: 'Why they went past', counts: countsOf(series.bypassReasons) },
  ];
  const most = Math.max(1, ...lists.flatMap(({ counts }) => counts.map(({ count }) => count)));
  return (
    <section class="reasons" aria-label="Reasons">
      {lists.map(({ outcome, title, counts }) => (
        <div key={outcome}>
          <h2>{title}</h2>
          {counts.length === 0 && <p class="quiet">None did.</p>}
          <ol>
            {counts.slice(0, MOST).map(({ reason, count }) => (
              <Bar key={reason} outcome={outcome} reason={reason} count={count} most={most} />
            ))}
          </ol>
          {counts.length > MOST && (
            <p class="quiet">
              {counts.length - MOST} more: {formatCount(sum(counts.slice(MOST).map(({ count }) => count)))}
            </p>
          )}
        </div>
      ))}
    </section>
  );
}

interface BarProps {
  readonly outcome: string;
  readonly reason: string;
  readonly count: number;
  readonly most: number;
}

function Bar({ outcome, reason, count, most }: BarProps) {
  const { route } = usePage();
  const words = explainReason(reason);
  return (
    <li>
      <a href={hashFrom(route.value, 'live', { outcome, reason })} title={words}>
        <span class="reason-name">{reason}</span>
        <span class="reason-words quiet">{words}</span>
        <b>{formatCount(count)}</b>
        <i class={outcome} style={{ width: `${Math.max(0.5, (100 * count) / most)}%` }} />
      </a>
    </li>
  );
}

function countsOf(columns: SeriesAnswer['reasons']) {
  return Object.entries(columns)
    .map(([reason, column]) => ({ reason, count: sum(column) }))
    .filter(({ count }) => count > 0)
    .toSorted((one, other) => other.count - one.count);
}
