/**
 * undici, as we use it. It takes longer to load than all of ours, so that
 * `upstream` imports this file when it asks.
 */
import { Agent, type Dispatcher, EnvHttpProxyAgent } from 'undici';

export interface AgentOptions {
  /** All in seconds. */
  readonly timeouts: { readonly connect: number; readonly firstByte: number; readonly idle: number };
  readonly proxy: { readonly http: string | null; readonly https: string | null; readonly no: string | null };
}

/** As much as the servers in front of models send; undici's own bound is a quarter of it. */
const MAX_HEADER_BYTES = 64 * 1024;

/** Idle sockets are given up before the servers and balancers in use do it: a reused socket must not be a dead one. */
const KEEP_ALIVE_MS = 4_000;
const KEEP_ALIVE_MAX_MS = 25_000;

export function createAgent({ timeouts, proxy }: AgentOptions): Dispatcher {
  const options = {
    allowH2: false,
    maxHeaderSize: MAX_HEADER_BYTES,
    connect: { timeout: timeouts.connect * 1000 },
    headersTimeout: timeouts.firstByte * 1000,
    bodyTimeout: timeouts.idle * 1000,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MAX_MS,
  };
  if (proxy.http === null && proxy.https === null) return new Agent(options);
  const { http, https, no } = proxy;
  // A tunnel for http too: without one, undici rewrites the request and takes our header list for an object.
  return new EnvHttpProxyAgent({
    ...options,
    proxyTunnel: true,
    httpProxy: http ?? '',
    httpsProxy: https ?? '',
    noProxy: no ?? '',
  });
}
