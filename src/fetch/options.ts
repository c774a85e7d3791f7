/**
 * The options of `createCachedFetch`: settings of the table, in the shape of the
 * JSON file, and two that only a `fetch` has.
 */
import type { Settings } from '../config/settings.ts';

/** A number may be written with its unit, as `256MiB` or `7d`, or as `inf` or `off` where the table lets it. */
type Written<Value> = Value extends number
  ? Value | string
  : Value extends readonly unknown[]
    ? Value
    : Value extends object
      ? { readonly [Name in keyof Value]?: Written<Value[Name]> | undefined }
      : Value;

/** Also one that a program brings along. */
export type GlobalFetch = typeof globalThis.fetch;

/** Settings of listeners, and of connections that the underlying `fetch` makes: of no effect here. Redis is refused. */
type Elsewhere = 'host' | 'port' | 'admin' | 'heartbeat' | 'timeouts' | 'workers' | 'redis';

type Upstreams = Readonly<Record<string, string | Written<Settings['upstreams'][string]>>>;

export interface CachedFetchOptions extends Written<Omit<Settings, Elsewhere | 'upstreams'>> {
  /** Base URL of the API whose answers are kept; another name of `upstream`. */
  readonly baseURL?: string | URL | undefined;
  /** Further ones by name. Where there are any and no `baseURL`, these alone. */
  readonly upstreams?: Upstreams | undefined;
  /** Asks what is not kept, and all that goes elsewhere. The global one of the moment of each call, unless given. */
  readonly fetch?: GlobalFetch | undefined;
}
