/**
 * The entries that are kept: found by text and the bar, in the order that is asked for, page after page without an end.
 */
import { useMemo } from 'preact/hooks';
import type { EntryLine } from '../api/answers.ts';
import { type EntryPages, useEntryPages } from '../api/entry-pages.ts';
import { formatAge, formatBytes, formatCount, formatDollars, formatTime } from '../format.ts';
import { usePage } from '../page-context.ts';
import { Problem } from '../part/problem.tsx';
import { Cell, VirtualRows } from '../part/virtual-rows.tsx';
import { zoomOf } from '../period.ts';
import { hashFrom, hashWith, type PagePlace } from '../route.ts';

const HEADS = [
  ['Stored', ''],
  ['Model', ''],
  ['Endpoint', 'from-m'],
  ['Form', 'from-l'],
  ['Tags', 'from-l'],
  ['Scope', 'from-l'],
  ['Hits', 'number'],
  ['Saved', 'number from-m'],
  ['Size', 'number'],
  ['Expires', 'number from-m'],
] as const;

const ENDPOINTS = ['chat', 'completions', 'embeddings', 'messages', 'moderations', 'responses', 'rerank'];
const SORTS = { 'newest': 'Newest first', 'largest': 'Largest first', 'most-used': 'Most used first' } as const;

/** Rows from the end at which the next page is asked for. */
const AHEAD = 60;

export function Entries() {
  const { route, now } = usePage();
  const query = useMemo(() => queryOf(route.value, Date.now() / 1_000), [route.value]);
  const pages = useEntryPages(query);
  const { rows, next, error, isSlow } = pages;
  return (
    <div class="fill">
      <Tools pages={pages} />
      {error && rows.length === 0 ? (
        <Problem error={error} onRetry={pages.reload} />
      ) : (
        <VirtualRows
          label="Entries"
          kind="entries"
          heads={HEADS}
          count={rows.length}
          rowKey={(at) => rows[at]?.key ?? at}
          row={(at) => <Row entry={rows[at] as EntryLine} route={route.value} now={now.value} />}
          onScroll={(_isAtTop, last) => {
            if (next !== null && last + AHEAD > rows.length) pages.more();
          }}
        >
          <p class="none quiet">{isSlow ? 'Looking…' : pages.isDone ? 'Nothing is kept that fits.' : ''}</p>
        </VirtualRows>
      )}
    </div>
  );
}

function Tools({ pages: { rows, next, reload } }: { readonly pages: EntryPages }) {
  const { route, go } = usePage();
  const { params } = route.value;
  const set = (name: string, value: string) => go(hashWith(route.value, { [name]: value }));
  return (
    <search class="row tools">
      <input
        type="search"
        class="find"
        aria-label="Text in what was asked"
        placeholder="Text in what was asked"
        value={params['text'] ?? ''}
        onChange={(event) => set('text', event.currentTarget.value)}
      />
      <select
        aria-label="Endpoint"
        value={params['endpoint'] ?? ''}
        onChange={(event) => set('endpoint', event.currentTarget.value)}
      >
        <option value="">All endpoints</option>
        {ENDPOINTS.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </select>
      <select
        aria-label="Size"
        value={params['minBytes'] ?? ''}
        onChange={(event) => set('minBytes', event.currentTarget.value)}
      >
        <option value="">Any size</option>
        <option value="10240">10 KiB or more</option>
        <option value="102400">100 KiB or more</option>
        <option value="1048576">1 MiB or more</option>
      </select>
      <select
        aria-label="Order"
        value={params['sort'] ?? 'newest'}
        onChange={(event) => set('sort', event.currentTarget.value)}
      >
        {Object.entries(SORTS).map(([value, name]) => (
          <option key={value} value={value}>
            {name}
          </option>
        ))}
      </select>
      <button type="button" class="plain" onClick={reload}>
        Reload
      </button>
      <span class="quiet" role="status">
        {formatCount(rows.length)}
        {next === null ? (rows.length === 1 ? ' entry' : ' entries') : ' and more'}
      </span>
    </search>
  );
}

interface RowProps {
  readonly entry: EntryLine;
  readonly route: PagePlace;
  readonly now: number;
}

function Row({ entry, route, now }: RowProps) {
  const { key, form, model, endpoint, scope, tags, bytes, storedAt, expiresAt, hits, saved } = entry;
  const stored = Date.parse(storedAt);
  const expires = expiresAt === null ? null : Date.parse(expiresAt);
  return (
    <>
      <Cell title={formatTime(stored)}>
        <a href={hashFrom(route, 'entries', {}, key)}>{formatAge(stored, now)}</a>
      </Cell>
      <Cell className="cut" title={model ?? undefined}>
        {model ?? <span class="quiet">no model</span>}
      </Cell>
      <Cell className="from-m">{endpoint}</Cell>
      <Cell className="cut quiet from-l" title={form}>
        {form}
      </Cell>
      <Cell className="cut quiet from-l" title={tags.join(', ')}>
        {tags.join(', ')}
      </Cell>
      <Cell className="cut quiet from-l" title={scope ?? undefined}>
        {scope}
      </Cell>
      <Cell className="number">{formatCount(hits)}</Cell>
      <Cell className="number from-m">{hits === 0 ? '' : formatDollars(saved?.dollars)}</Cell>
      <Cell className="number">{formatBytes(bytes)}</Cell>
      <Cell className="number from-m" title={expires === null ? undefined : formatTime(expires)}>
        {expires === null ? 'never' : formatAge(expires, now)}
      </Cell>
    </>
  );
}

const SECONDS: Readonly<Record<string, number>> = { hour: 3_600, day: 86_400, week: 604_800 };

/** @param now seconds since the epoch */
function queryOf({ params }: PagePlace, now: number): string {
  const query = new URLSearchParams({ limit: '200' });
  for (const name of ['model', 'scope', 'tag', 'text', 'endpoint', 'minBytes', 'sort']) {
    if (params[name] !== undefined) query.set(name, params[name]);
  }
  const [zoom, length] = [zoomOf(params), SECONDS[params['range'] ?? '']];
  if (zoom) {
    query.set('newerThan', String(Math.max(0, Math.ceil(now - zoom.from))));
    query.set('olderThan', String(Math.max(0, Math.floor(now - zoom.to))));
  } else if (length !== undefined) query.set('newerThan', String(length));
  return query.toString();
}
