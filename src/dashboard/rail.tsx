/**
 * The way from view to view: a rail at the side, or tabs on a narrow screen.
 */
import type { StateAnswer } from './api/answers.ts';
import { usePage } from './page-context.ts';
import { hashFrom, VIEWS, type View } from './route.ts';

export const VIEW_NAMES: Readonly<Record<View, string>> = {
  overview: 'Overview',
  live: 'Live',
  entries: 'Entries',
  compare: 'Compare',
  purge: 'Purge',
  settings: 'Settings',
};

export function Rail({ state }: { readonly state: StateAnswer | null }) {
  const { route } = usePage();
  return (
    <nav class="rail" aria-label="Views">
      <span class="brand">Refrain</span>
      <div class="tabs">
        {VIEWS.map((view) => (
          <a
            key={view}
            href={hashFrom(route.value, view)}
            aria-current={route.value.view === view ? 'page' : undefined}
          >
            {VIEW_NAMES[view]}
          </a>
        ))}
      </div>
      <span class="rail-foot quiet">
        {state?.version && <span>{state.version}</span>}
        {state?.node && (
          <span class="cut" title={`node ${state.node}`}>
            {state.node}
          </span>
        )}
      </span>
    </nav>
  );
}
