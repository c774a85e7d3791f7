/**
 * The frame around every view: the rail, the line that says how the proxy is, the bar, and what stands in their place
 * where a token is needed.
 */
import { useEffect, useRef } from 'preact/hooks';
import type { StateAnswer } from './api/answers.ts';
import { useResource } from './api/resource.ts';
import { Bar } from './bar.tsx';
import { usePage } from './page-context.ts';
import { Boundary } from './part/boundary.tsx';
import { Problem } from './part/problem.tsx';
import { Rail, VIEW_NAMES } from './rail.tsx';
import { StatusLine } from './status-line.tsx';
import { TokenForm } from './token-form.tsx';
import { Compare } from './views/compare.tsx';
import { Entries } from './views/entries.tsx';
import { EntryView } from './views/entry.tsx';
import { Live } from './views/live.tsx';
import { Overview } from './views/overview.tsx';
import { Purge } from './views/purge.tsx';
import { SettingsView } from './views/settings.tsx';

const STATE_MS = 5_000;

export function Shell() {
  const { api, route } = usePage();
  const access = api.access.value;
  const isOpen = access === 'open';
  // The first question of all: it says whether a token is needed before any view asks.
  const state = useResource<StateAnswer>(isOpen || access === 'unknown' ? '/state' : null, STATE_MS);
  const { view, key } = route.value;
  const main = useRef<HTMLElement>(null);
  useEffect(() => {
    document.title = `${key === null ? VIEW_NAMES[view] : `Entry ${key.slice(0, 8)}`} · Refrain`;
    main.current?.scrollTo(0, 0);
  }, [view, key]);
  const isShut = access === 'closed' || access === 'wrong';
  const hasBar = !isShut && (view === 'overview' || view === 'live' || (view === 'entries' && key === null));
  return (
    <div class="page">
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        To the content
      </button>
      <Rail state={state.value} />
      <div class="column">
        <StatusLine state={state.value} />
        {hasBar && <Bar />}
        <main id="main" ref={main} tabIndex={-1} class={api.silentSince.value === null ? '' : 'stale'}>
          {hasBar && <h1 class="hidden">{VIEW_NAMES[view]}</h1>}
          {isOpen && (
            <Boundary place={`${view} ${key}`}>
              <ViewOf state={state.value} />
            </Boundary>
          )}
          {isShut && <TokenForm />}
          {access === 'unknown' && state.error && <Problem error={state.error} />}
        </main>
      </div>
    </div>
  );
}

function ViewOf({ state }: { readonly state: StateAnswer | null }) {
  const { view, key } = usePage().route.value;
  switch (view) {
    case 'overview':
      return <Overview state={state} />;
    case 'live':
      return <Live />;
    case 'entries':
      return key === null ? <Entries /> : <EntryView key={key} entryKey={key} state={state} />;
    case 'compare':
      return <Compare />;
    case 'purge':
      return <Purge />;
    case 'settings':
      return <SettingsView />;
  }
}
