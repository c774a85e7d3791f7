/**
 * The head of a request made in this process, as the core takes it: with what
 * `fetch` itself adds where its caller says nothing (Fetch, 4.5 and 4.6), by
 * which an upstream may choose its answer.
 */
import type { RawHead } from '../proxy/incoming-request.ts';

const ADDED = Object.entries({
  'accept': '*/*',
  'accept-language': '*',
  'sec-fetch-mode': 'cors',
  'user-agent': 'node',
});

/** The `cache` of a request, in words of HTTP. */
const CACHE_CONTROL: Readonly<Record<string, string>> = {
  'no-store': 'no-store',
  'reload': 'no-cache',
  'no-cache': 'no-cache',
  'force-cache': 'max-stale',
  'only-if-cached': 'only-if-cached, max-stale',
};

export function rawHeadOf({ method, url, headers, cache }: Request): RawHead {
  const control = CACHE_CONTROL[cache];
  const all = control === undefined ? ADDED : [...ADDED, ['cache-control', control] as const];
  const added = all.filter(([name]) => !headers.has(name));
  return { method, url, httpVersion: '1.1', rawHeaders: ['host', new URL(url).host, ...[...headers, ...added].flat()] };
}
