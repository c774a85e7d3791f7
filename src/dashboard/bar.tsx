/**
 * Range, model, scope and tag: one bar over every view that they narrow, kept in the address.
 */
import type { SummaryAnswer } from './api/answers.ts';
import { useResource } from './api/resource.ts';
import { formatTime } from './format.ts';
import { usePage } from './page-context.ts';
import { isRange, RANGES, zoomOf } from './period.ts';
import { hashWith } from './route.ts';

const NAMES = { hour: 'Hour', day: 'Day', week: 'Week', all: 'All' } as const;

export function Bar() {
  const { api, route, go, fallbackRange } = usePage();
  const { view, params } = route.value;
  const stats = useResource<SummaryAnswer>(api.access.value === 'open' ? '/stats' : null, 60_000).value;
  const { models = [], scopes = [] } = stats?.periods.all ?? {};
  const set = (more: Record<string, string>) => go(hashWith(route.value, more));
  const zoom = zoomOf(params);
  // Entries are narrowed by what is chosen alone: an entry of last week is no less kept.
  const fallback = view === 'entries' ? 'all' : fallbackRange.value;
  const range = isRange(params['range']) ? params['range'] : fallback;
  return (
    <search class="bar">
      {view !== 'live' && (
        <div class="switch" role="group" aria-label="Range">
          {RANGES.map((one) => (
            <button
              key={one}
              type="button"
              aria-pressed={!zoom && one === range}
              onClick={() => set({ range: one, from: '', to: '' })}
            >
              {NAMES[one]}
            </button>
          ))}
        </div>
      )}
      {zoom && view !== 'live' && (
        <button type="button" class="chip" title="Back to the whole range" onClick={() => set({ from: '', to: '' })}>
          {formatTime(zoom.from * 1_000)} – {formatTime(zoom.to * 1_000)} ✕
        </button>
      )}
      <Choice name="model" value={params['model']} known={models.map(({ model }) => model)} onChange={set} />
      <Choice name="scope" value={params['scope']} known={scopes.map(({ scope }) => scope)} onChange={set} />
      {view === 'entries' && (
        <input
          type="search"
          aria-label="Tag"
          placeholder="Tag"
          value={params['tag'] ?? ''}
          onChange={(event) => set({ tag: event.currentTarget.value })}
        />
      )}
    </search>
  );
}

interface ChoiceProps {
  readonly name: 'model' | 'scope';
  readonly value: string | undefined;
  readonly known: readonly (string | null)[];
  readonly onChange: (more: Record<string, string>) => void;
}

function Choice({ name, value = '', known, onChange }: ChoiceProps) {
  const names = [...new Set([...known.filter((one) => one !== null), ...(value === '' ? [] : [value])])];
  return (
    <select
      aria-label={name}
      class={value === '' ? '' : 'chosen'}
      value={value}
      onChange={(event) => onChange({ [name]: event.currentTarget.value })}
    >
      <option value="">All {name}s</option>
      {names.map((one) => (
        <option key={one} value={one}>
          {one}
        </option>
      ))}
    </select>
  );
}
