/**
 * A story told in this process: an upstream, and cached fetches before it that
 * are closed at its end.
 */
import { expect } from 'vitest';
import { type CachedFetch, createCachedFetch } from '../../src/fetch/cached-fetch.ts';
import type { CachedFetchOptions } from '../../src/fetch/options.ts';
import { CHAT, chatRequest } from '../harness/answers.ts';
import { story } from '../harness/story.ts';

export interface FetchCast {
  /** Makes a fetch for the upstream, unless other origins are named. */
  readonly create: (options?: CachedFetchOptions) => CachedFetch;
  /** The URL of chat completions at the upstream. */
  readonly chat: string;
}

export const fetchStory = story.extend<FetchCast>({
  create: async ({ upstream }, use) => {
    const all: CachedFetch[] = [];
    await use((options = { baseURL: `${upstream.url}/v1` }) => {
      const cached = createCachedFetch(options);
      all.push(cached);
      return cached;
    });
    for (const cached of all) await cached.close();
  },
  chat: async ({ upstream }, use) => use(upstream.url + CHAT),
});

/** A request for a chat answer, as SDKs make it. */
export function chatInit(content = 'What is the sea?', others: object = {}, init: RequestInit = {}): RequestInit {
  const { headers, ...rest } = init;
  return {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'authorization': 'Bearer sk-test',
      ...(headers as Record<string, string>),
    },
    body: JSON.stringify(chatRequest(content, others)),
    ...rest,
  };
}

export const STREAMED = { stream: true };

export function wordOf({ headers }: Response): string | null {
  return headers.get('x-cache');
}

/** The reason that a promise rejects with. */
export function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail('it was expected to reject'),
    (reason: unknown) => reason,
  );
}
