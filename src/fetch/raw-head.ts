/**
 * The head of a request made in this process, as the core takes it.
 */
import type { RawHead } from '../proxy/incoming-request.ts';

/** What `fetch` itself adds to a request that does not say (Fetch, 4.5 and 4.6), and an upstream may answer by. */
const ADDED = Object.entries({
  'accept': '*/*',
  'accept-language': '*',
  'sec-fetch-mode': 'cors',
  'user-agent': 'node',
});

export function rawHeadOf({ method, url, headers }: Request): RawHead {
  const { host } = new URL(url);
  const added = ADDED.filter(([name]) => !headers.has(name));
  return { method, url, httpVersion: '1.1', rawHeaders: ['host', host, ...[...headers, ...added].flat()] };
}
