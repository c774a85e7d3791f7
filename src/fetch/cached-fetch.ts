/**
 * `createCachedFetch`: a `fetch` that answers from this process what it was
 * answered before, for `new OpenAI({ fetch })` and whatever else takes one.
 *
 * Its types name the global `fetch` and `AsyncDisposable`, as TypeScript's own
 * library or `@types/node` declares them, and nothing else from outside.
 */
/// <reference lib="esnext.disposable" preserve="true" />
import { randomBytes } from 'node:crypto';
import { systemClock } from '../clock.ts';
import { createCore } from '../core.ts';
import { createLog } from '../log.ts';
import { HeadMemo } from '../proxy/head-memo.ts';
import type { ProxyDependencies } from '../proxy/proxy-dependencies.ts';
import type { Rules } from '../request/parsed-head.ts';
import type { Route } from '../request/route.ts';
import { createTargets } from '../rules.ts';
import type { CacheInfo } from './cache-info.ts';
import { InProcessFetch } from './in-process-fetch.ts';
import type { CachedFetchOptions } from './options.ts';
import { Origins } from './origins.ts';
import { readOptions } from './read-options.ts';
import { UnderlyingUpstream } from './underlying-upstream.ts';

export type { CachedFetchOptions, CacheInfo };

type Fetch = typeof globalThis.fetch;

export interface CachedFetch extends Fetch, AsyncDisposable {
  readonly cache: {
    /** The counts since it was made, or cleared last, and the size of what is in memory. */
    info(): CacheInfo;
    /**
     * Drops every answer that was kept for this `fetch`, and its counts. No request from here on gets one of them, nor
     * is any kept that is on its way; resolves once that is written down. What others keep in the same file stays.
     */
    clear(): Promise<void>;
  };
  /**
   * Ends calls that are under way, writes what is not written yet, and lets go of files. A program that ends because it
   * has nothing left to do closes it by itself; one that exits does not.
   */
  close(): Promise<void>;
}

/** @throws ConfigError at the first option that cannot be used */
export function createCachedFetch(options: CachedFetchOptions = {}): CachedFetch {
  const { config, isStandardKept } = readOptions(options);
  const { standard, named } = createTargets(config, []);
  const origins = new Origins([...named.values(), ...(isStandardKept ? [standard] : [])]);
  const upstream = new UnderlyingUpstream();
  const core = createCore(config, createLog(config.logLevel), systemClock, [], upstream);
  let closing: Promise<void> | null = null;
  const proxy = core
    .open(() => closing !== null)
    .then(
      ({ proxy, rules }) => withoutHop(proxy, rules, origins),
      (cause) => {
        throw new TypeError(cause.message, { cause });
      },
    );
  // It is the requests that fail.
  proxy.catch(() => {});
  const tag = `fetch:${randomBytes(8).toString('hex')}`;
  const { fetch } = options;
  const { whole } = core.limits;
  const adapter = new InProcessFetch({ proxy, upstream, origins, fetch, maxKeyedBytes: whole, tag });
  const close = async () => {
    process.off('beforeExit', closeOnce);
    await core.abort();
    await proxy.catch(() => {});
    await core.close();
  };
  const closeOnce = () => (closing ??= close());
  // Few programs close what they fetch by; what a file lacks is written all the same.
  if (config.store.path !== null) process.once('beforeExit', closeOnce);
  return Object.assign((...args: Parameters<Fetch>) => adapter.fetch(...args), {
    cache: {
      info() {
        const { hit, follow, miss } = adapter.counts;
        return { ...core.stores.lru(), hits: hit + follow, misses: miss };
      },
      async clear() {
        adapter.resetCounts();
        const { removals } = core.cache;
        await removals.purgeAll({ tag });
        await removals.written();
      },
    },
    close: closeOnce,
    [Symbol.asyncDispose]: closeOnce,
  });
}

/** For requests in this process: a URL says where each goes, and none takes a hop to get here. */
function withoutHop(proxy: ProxyDependencies, rules: Rules, origins: Origins): ProxyDependencies {
  const pseudonym = proxy.pseudonym ?? '';
  const routeOf = (url: string) => origins.routeOf(url) as Route;
  return { ...proxy, pseudonym: null, heads: new HeadMemo({ rules: { ...rules, routeOf }, pseudonym }) };
}
