/**
 * Puts the page into the document: makes its parts once, and hands them down.
 */
import { signal } from '@preact/signals';
import { render } from 'preact';
import { createAdminApi } from './api/client.ts';
import { createLiveLog } from './api/live-log.ts';
import { PageContext, type PageParts } from './page-context.ts';
import type { RangeName } from './period.ts';
import { parseRoute } from './route.ts';
import { Shell } from './shell.tsx';
import './style/base.css';
import './style/chart.css';
import './style/lists.css';
import './style/views.css';
import './style/conversation.css';

function createParts(): PageParts {
  const route = signal(parseRoute(location.hash));
  const now = signal(Date.now());
  const fallbackRange = signal<RangeName>('hour');
  const read = () => (route.value = parseRoute(location.hash));
  window.addEventListener('hashchange', read);
  window.setInterval(() => {
    if (!document.hidden) now.value = Date.now();
  }, 1_000);
  const api = createAdminApi();
  return {
    api,
    live: createLiveLog(api),
    route,
    now,
    fallbackRange,
    go(hash, replace = false) {
      if (replace) history.replaceState(null, '', hash);
      else history.pushState(null, '', hash);
      read();
    },
    setFallbackRange: (range) => (fallbackRange.value = range),
  };
}

const target = document.getElementById('page');
if (target) {
  render(
    <PageContext.Provider value={createParts()}>
      <Shell />
    </PageContext.Provider>,
    target,
  );
}
