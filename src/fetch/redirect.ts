/**
 * Answers that send their reader elsewhere. None is kept, and where they lead
 * is the underlying `fetch`'s to find: it asks once more, and follows.
 */
import { forwardedHeaders } from '../headers/forwarded-headers.ts';
import { type Head, headerOf } from '../response/entry.ts';
import { webHeaders } from './web-headers.ts';
import { rawHeadOf } from './raw-head.ts';
import type { RequestBody } from './request-body.ts';
import type { Fetch } from './underlying-upstream.ts';

/** A call of `fetch` that may be answered from the cache. */
export interface AskedRequest {
  readonly request: Request;
  readonly signal: AbortSignal | null;
  /** As it was given. */
  readonly init: RequestInit | undefined;
  readonly underlying: Fetch;
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Tests whether a request is not content with such an answer. */
export function isToFollow({ redirect }: Request, { status, headers }: Head): boolean {
  if (!REDIRECTS.has(status) || redirect === 'manual') return false;
  return redirect === 'error' || headerOf(headers, 'location') !== undefined;
}

/** Rejects as `fetch` does, where the request wants no redirect, or its body cannot be sent again. */
export async function followRedirect(asked: AskedRequest, { again: body }: RequestBody): Promise<Response> {
  const { request, signal, init, underlying } = asked;
  const { method, url, redirect } = request;
  if (redirect === 'error') throw failed('unexpected redirect');
  if (body === null) throw failed('a body that has passed by cannot be sent again');
  const headers = webHeaders(forwardedHeaders(rawHeadOf(request).rawHeaders, false));
  return underlying(url, { ...init, method, headers, body, signal, redirect });
}

function failed(why: string): TypeError {
  return new TypeError('fetch failed', { cause: new Error(why) });
}
