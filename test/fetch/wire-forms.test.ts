/**
 * Answers as servers in use spell them, asked for in this process.
 */
import { expect } from 'vitest';
import type { CachedFetch } from '../../src/fetch/cached-fetch.ts';
import { WIRE_FORMS } from '../harness/wire-forms.ts';
import { fetchStory, wordOf } from './fetch-story.ts';

/** Node's own fetch fails on the one, and leaves the other packed, with us and without. */
const NOT_READ_BY_FETCH = /^(100 |103 .* 100 Continue|gzip and identity)/;

fetchStory('each form is read as from fetch itself, and is kept or not', async ({ upstream, create }) => {
  const fetches = new Map<string, CachedFetch>();
  for (const [row, { what, path, asked, script, text, kept, overrides = {} }] of WIRE_FORMS.entries()) {
    if (NOT_READ_BY_FETCH.test(what)) continue;
    upstream.script = script;
    const settings = JSON.stringify(overrides);
    const cached = fetches.get(settings) ?? create({ baseURL: `${upstream.url}/v1`, ...(overrides as object) });
    fetches.set(settings, cached);
    const body = JSON.stringify({ ...asked, model: `m${row}` });
    const headers = { 'content-type': 'application/json' };
    for (const word of ['MISS', kept ? 'HIT' : 'MISS']) {
      const response = await cached(upstream.url + path, { method: 'POST', headers, body });
      const bytes = Buffer.from(await response.arrayBuffer());
      expect([wordOf(response), bytes.toString()], what).toEqual([word, text]);
    }
  }
});
