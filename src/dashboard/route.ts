/**
 * Where a person is on the page, as the address says it: `#/view/key?range=day&model=…`. The part behind `#` never
 * reaches the proxy, so that a view can be sent to a colleague without an API's path in its way.
 */
export const VIEWS = ['overview', 'live', 'entries', 'compare', 'purge', 'settings'] as const;

export type View = (typeof VIEWS)[number];

export interface PagePlace {
  readonly view: View;
  /** Of the one entry that is shown, in the view of entries. */
  readonly key: string | null;
  /** By name, none of them empty. */
  readonly params: Readonly<Record<string, string>>;
}

/** The members of the bar, which go along from view to view. */
const SHARED = ['range', 'from', 'to', 'model', 'scope', 'tag'];

export function parseRoute(hash: string): PagePlace {
  const [path = '', query = ''] = hash.replace(/^#/, '').split(/\?(.*)/s);
  const [, name = '', key = ''] = path.split('/');
  const view = VIEWS.find((one) => one === name) ?? 'overview';
  const params = Object.fromEntries([...new URLSearchParams(query)].filter(([, value]) => value !== ''));
  return { view, key: view === 'entries' ? keyFrom(key) : null, params };
}

export function hashOf({ view, key, params }: PagePlace): string {
  const query = new URLSearchParams(Object.entries(params).filter(([, value]) => value !== ''));
  const path = `#/${view}${key === null ? '' : `/${encodeURIComponent(key)}`}`;
  return query.size === 0 ? path : `${path}?${query}`;
}

/** The address of a view that keeps what the bar says, with more to it; an empty value takes one away. */
export function hashFrom(
  route: PagePlace,
  view: View,
  more: Record<string, string> = {},
  key: string | null = null,
): string {
  const kept = Object.entries(route.params).filter(([name]) => SHARED.includes(name));
  return hashOf({ view, key, params: { ...Object.fromEntries(kept), ...more } });
}

/** The same place with other parameters. */
export function hashWith(route: PagePlace, more: Record<string, string>): string {
  return hashOf({ ...route, params: { ...route.params, ...more } });
}

/** Null for what names no entry, and for what a path would take for a folder. */
function keyFrom(text: string): string | null {
  const key = decode(text);
  return ['', '.', '..'].includes(key) ? null : key;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
