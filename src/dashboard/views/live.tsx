/**
 * Requests as they end. At the top the list follows; scrolled, it stands still and counts what is new.
 */
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { LiveEvent } from '../api/answers.ts';
import type { LoggedEvent } from '../api/live-log.ts';
import { formatClock, formatCount, formatDollars, formatMs, formatTime } from '../format.ts';
import { explainReason, OUTCOME_WORDS, OUTCOMES } from '../outcomes.ts';
import { usePage } from '../page-context.ts';
import { OutcomeWord } from '../part/outcome-word.tsx';
import { Cell, VirtualRows } from '../part/virtual-rows.tsx';
import { hashFrom, hashWith, type PagePlace } from '../route.ts';

const HEADS = [
  ['Time', ''],
  ['Outcome', ''],
  ['Why', 'from-m'],
  ['Endpoint', 'from-m'],
  ['Model', ''],
  ['Status', 'number from-l'],
  ['Took', 'number'],
  ['Saved', 'number from-m'],
  ['Scope', 'from-l'],
] as const;

export function Live() {
  const { live, route, go } = usePage();
  const [frozen, setFrozen] = useState<readonly LoggedEvent[] | null>(null);
  const [toTop, setToTop] = useState(0);
  useWhileSeen(live.read);
  const all = live.events.value;
  const { params } = route.value;
  const narrowed = useMemo(() => (frozen ?? all).filter(({ event }) => fits(event, params)), [frozen ?? all, params]);
  const fresh = frozen
    ? all.filter(({ id, event }) => id > (frozen.at(-1)?.id ?? -1) && fits(event, params)).length
    : 0;
  const at = (row: number) => narrowed[narrowed.length - 1 - row] as LoggedEvent;
  return (
    <div class="fill">
      <div class="row tools">
        <select
          aria-label="Outcome"
          value={params['outcome'] ?? ''}
          onChange={(event) => go(hashWith(route.value, { outcome: event.currentTarget.value, reason: '' }))}
        >
          <option value="">All outcomes</option>
          {OUTCOMES.map((outcome) => (
            <option key={outcome} value={outcome}>
              {outcome}
            </option>
          ))}
        </select>
        {params['reason'] !== undefined && (
          <button type="button" class="chip" onClick={() => go(hashWith(route.value, { reason: '' }))}>
            {params['reason']} ✕
          </button>
        )}
        <span class="quiet" role="status">
          {STATES[live.state.value]}
        </span>
        <span class="grow" />
        <button
          type="button"
          class={`main fresh ${fresh > 0 ? '' : 'gone'}`}
          disabled={fresh === 0}
          onClick={() => {
            setFrozen(null);
            setToTop(toTop + 1);
          }}
        >
          {formatCount(fresh)} new
        </button>
      </div>
      <VirtualRows
        label="Requests as they end"
        kind="live"
        heads={HEADS}
        count={narrowed.length}
        rowKey={(row) => at(row).id}
        row={(row) => <Row event={at(row).event} route={route.value} />}
        toTop={toTop}
        onScroll={(isAtTop) => setFrozen((former) => (isAtTop ? null : (former ?? all)))}
      >
        <p class="none quiet">
          {all.length === 0 ? 'Nothing yet. Each request stands here within a moment of its end.' : 'None fits.'}
        </p>
      </VirtualRows>
    </div>
  );
}

const STATES = {
  off: '',
  connecting: 'connecting…',
  reading: 'following',
  broken: 'interrupted; trying again',
} as const;

function Row({ event, route }: { readonly event: LiveEvent; readonly route: PagePlace }) {
  const time = Date.parse(event.time);
  const { words, isKept } = whyOf(event);
  const isMiss = event.outcome === 'miss';
  const to =
    isKept && event.key !== null
      ? hashFrom(route, 'entries', isMiss ? { miss: event.reason ?? '' } : {}, event.key)
      : null;
  const clock = formatClock(time);
  return (
    <>
      <Cell title={formatTime(time)}>{to === null ? clock : <a href={to}>{clock}</a>}</Cell>
      <Cell title={OUTCOME_WORDS[event.outcome]}>
        <OutcomeWord outcome={event.outcome} />
      </Cell>
      <Cell className="cut quiet from-m" title={explainReason(event.reason ?? '') || words}>
        {words}
      </Cell>
      <Cell className="from-m">{event.endpoint}</Cell>
      <Cell className="cut" title={event.model ?? undefined}>
        {event.model}
      </Cell>
      <Cell className="number from-l">{event.status}</Cell>
      <Cell className="number">{formatMs(event.ms)}</Cell>
      <Cell className="number from-m">{savedBy(event)}</Cell>
      <Cell className="cut quiet from-l" title={event.scope ?? undefined}>
        {event.scope}
      </Cell>
    </>
  );
}

/** Why it was what it was; and whether there is an entry to look at. */
function whyOf({ outcome, reason, why, error, tier, key }: LiveEvent): { words: string; isKept: boolean } {
  if (error !== null) return { words: error, isKept: false };
  if (outcome === 'miss') {
    const words = [reason, why === null ? null : `not kept: ${why}`].filter(
      (word) => word !== null && word !== undefined,
    );
    return { words: words.join(', '), isKept: why === null && key !== null };
  }
  if (outcome === 'hit' || outcome === 'follow') return { words: why ?? tier ?? '', isKept: true };
  return { words: why ?? '', isKept: false };
}

function savedBy({ outcome, call, dollars }: LiveEvent): string {
  return call && (outcome === 'hit' || outcome === 'follow') ? formatDollars(dollars) : '';
}

function fits({ outcome, reason, why, model, scope }: LiveEvent, params: PagePlace['params']): boolean {
  const is = (name: string, ...values: (string | null | undefined)[]) =>
    params[name] === undefined || values.includes(params[name]);
  return is('outcome', outcome) && is('reason', reason, why) && is('model', model) && is('scope', scope);
}

/** Begins when the view is seen, and ends when it is not. */
function useWhileSeen(begin: () => () => void): void {
  useEffect(() => {
    let end: (() => void) | null = null;
    const turn = () => {
      if (document.hidden) {
        end?.();
        end = null;
      } else end ??= begin();
    };
    turn();
    document.addEventListener('visibilitychange', turn);
    return () => {
      document.removeEventListener('visibilitychange', turn);
      end?.();
    };
  }, [begin]);
}
