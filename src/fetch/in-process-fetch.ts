/**
 * The path of a request that this process makes: parse, name, resolve, respond,
 * record. What goes to no upstream of ours, or to no endpoint whose answers are
 * kept, is the underlying `fetch`'s, as it came.
 */
import { randomUUID } from 'node:crypto';
import type { CacheResult, OutcomeWord } from '../cache/outcome.ts';
import { internalError, RefrainError } from '../errors.ts';
import { responseHeaders } from '../headers/response-headers.ts';
import type { ReceivedHead } from '../proxy/head-memo.ts';
import { name } from '../proxy/name.ts';
import { parse } from '../proxy/parse.ts';
import type { ProxyDependencies } from '../proxy/proxy-dependencies.ts';
import { record } from '../proxy/record.ts';
import { createContext } from '../proxy/request-context.ts';
import { resolve } from '../proxy/resolve.ts';
import { deletedAnswerOf, endpointOf } from '../request/endpoints/table.ts';
import { clientOf, unlessAborted } from './abort.ts';
import type { Origins } from './origins.ts';
import { rawHeadOf } from './raw-head.ts';
import { type FetchRequest, followRedirect, isToFollow } from './redirect.ts';
import { notCachedResponse, rejectionOf } from './rejection.ts';
import { RequestBody } from './request-body.ts';
import type { GlobalFetch } from './options.ts';
import type { UnderlyingUpstream } from './underlying-upstream.ts';
import { headOf, responseOf } from './web-response.ts';

export interface InProcessOptions {
  /** Resolves once the files are open. */
  readonly proxy: Promise<ProxyDependencies>;
  readonly upstream: UnderlyingUpstream;
  readonly origins: Origins;
  /** Undefined for the global one of the moment. */
  readonly fetch: GlobalFetch | undefined;
  /** The largest body that is read as a whole, in bytes. */
  readonly maxKeyedBytes: number;
  /** The tag of every answer that is kept for this `fetch`. */
  readonly tag: string;
}

const NONE: Readonly<Record<OutcomeWord, number>> = { hit: 0, follow: 0, miss: 0, bypass: 0 };

export class InProcessFetch {
  readonly #options: InProcessOptions;
  readonly #forgotten = new FinalizationRegistry((leave: () => void) => leave());
  #counts = { ...NONE };

  constructor(options: InProcessOptions) {
    this.#options = options;
  }

  /** Requests by their outcome, since the last `resetCounts`. */
  get counts(): Readonly<Record<OutcomeWord, number>> {
    return this.#counts;
  }

  resetCounts(): void {
    this.#counts = { ...NONE };
  }

  /** Rejects as `fetch` does. */
  async fetch(...args: Parameters<GlobalFetch>): Promise<Response> {
    const [input, init] = args;
    const { origins, proxy, fetch: underlying = globalThis.fetch } = this.#options;
    const isRequest = input instanceof Request;
    const route = origins.routeOf(isRequest ? input.url : String(input));
    if (route === null) return underlying(...args);
    const method = (init?.method ?? (isRequest ? input.method : 'GET')).toUpperCase();
    const address = { path: route.path, basePath: route.target.basePath };
    const deleted = deletedAnswerOf(method, address);
    if (deleted !== null) (await proxy).cache.removals.forget(deleted);
    if (endpointOf(method, address) === null) return underlying(...args);
    const signal = (init?.signal === undefined && isRequest ? input.signal : init?.signal) ?? null;
    signal?.throwIfAborted();
    return unlessAborted(signal, this.#answer({ request: new Request(...args), signal, init, underlying }));
  }

  async #answer(asked: FetchRequest): Promise<Response> {
    const { request, signal, init, underlying } = asked;
    const { method, url } = request;
    const body = new RequestBody(request, this.#options.maxKeyedBytes);
    const context = createContext(randomUUID());
    const proxy = { ...(await this.#options.proxy), upstream: this.#options.upstream.with(underlying, init) };
    let result: CacheResult | null = null;
    let status: number | null = null;
    const over = (error: RefrainError | null = null) =>
      record(proxy, { method, target: url, context, result, status, error });
    try {
      const named = await name(proxy, this.#tagged(parse(proxy, rawHeadOf(request), this, context)), body, context);
      const { outcome, reader } = (result = await resolve(proxy, named, clientOf(signal), context));
      this.#counts[outcome.word]++;
      const head = await headOf(reader, signal);
      status = head.status;
      if (!isToFollow(request, head)) {
        const headers = responseHeaders(head, reader.length, outcome, context);
        return responseOf({ reader, head, headers, url, signal, forgotten: this.#forgotten, onOver: over });
      }
      reader.leave();
    } catch (cause) {
      result?.reader.leave();
      if (signal?.aborted) {
        over();
        throw signal.reason;
      }
      const error = cause instanceof RefrainError ? cause : internalError(cause);
      if (error.code === 'internal_error')
        proxy.log.error({ requestId: context.requestId, err: cause }, 'request failed');
      over(error);
      if (error.code === 'not_cached') return notCachedResponse(error, context);
      throw rejectionOf(error);
    }
    over();
    return followRedirect(asked, body);
  }

  #tagged(head: ReceivedHead): ReceivedHead {
    const { policy } = head;
    return { ...head, policy: { ...policy, tags: [...policy.tags, this.#options.tag] } };
  }
}
