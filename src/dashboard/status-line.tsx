/**
 * One line that says how the proxy is: ready or not, its files, Redis, upstreams and event loop; and since when it does
 * not answer, where it does not.
 */
import type { StateAnswer } from './api/answers.ts';
import { formatAge, formatBytes, formatCount, formatMs, formatTime } from './format.ts';
import { usePage } from './page-context.ts';

/** The lateness of the event loop, in ms, from which it is worth a look. */
const LATE_MS = 100;

export function StatusLine({ state }: { readonly state: StateAnswer | null }) {
  const { api, now } = usePage();
  const since = api.silentSince.value;
  if (since !== null) {
    return (
      <div class="status" role="status">
        <Sign tone="bad" word="The proxy does not answer" />
        <span title={formatTime(since)}>since {formatAge(since, now.value)}; what was read before stays, greyed</span>
      </div>
    );
  }
  if (!state) return <div class="status" role="status" />;
  return (
    <div class="status" role="status">
      <Sign tone={state.readiness === 'ready' ? 'good' : 'bad'} word={state.readiness} />
      <span class="from-m" title={formatTime(Date.parse(state.startedAt))}>
        started {formatAge(Date.parse(state.startedAt), now.value)}
      </span>
      {Object.entries(state.files).map(([name, isGood]) => (
        <Sign key={name} tone={isGood ? 'good' : 'bad'} word={`${name} ${isGood ? 'ok' : 'down'}`} />
      ))}
      {state.upstreams.map(({ origin, state: health, since, reason }) => (
        <span key={origin} title={`${formatTime(Date.parse(since))}: ${reason}`}>
          <Sign
            tone={health === 'up' ? 'good' : 'bad'}
            word={`${hostOf(origin)} ${health === 'up' ? 'up again' : 'down'}`}
          />
        </span>
      ))}
      <EventLoop delay={state.eventLoopDelay} />
      {state.flights > 0 && (
        <span class="from-m">
          {formatCount(state.flights)} in flight, {formatBytes(state.flightBytes)}
        </span>
      )}
    </div>
  );
}

function EventLoop({ delay }: { readonly delay: Readonly<Record<string, number>> }) {
  const late = delay['0.99'];
  if (late === undefined) return null;
  const ms = late * 1_000;
  return ms < LATE_MS ? (
    <span class="from-m" title="99 of 100 turns of the event loop were later by less">
      event loop {formatMs(ms)}
    </span>
  ) : (
    <Sign tone="bad" word={`event loop late by ${formatMs(ms)}`} />
  );
}

/** A word with a mark of its own shape, so that no colour stands alone. */
function Sign({ tone, word }: { readonly tone: 'good' | 'bad'; readonly word: string }) {
  return (
    <span class={`sign ${tone}`}>
      <i aria-hidden="true">{tone === 'good' ? '●' : '▲'}</i>
      {word}
    </span>
  );
}

function hostOf(origin: string): string {
  return origin.replace(/^https?:\/\//, '');
}
