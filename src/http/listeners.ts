/**
 * The two listeners, as Node's servers with bounds of ours. A missing `Host` is
 * refused by us: Node does it without a word.
 */
import type { EventEmitter } from 'node:events';
import type { Server, ServerOptions } from 'node:http';
import type { AddressInfo, ListenOptions } from 'node:net';
import { closeOnlyIdle } from './idle.ts';
import { createServer } from './node-http.ts';
import { refuseUnread, refuseUnreadAdmin } from './unread.ts';

/** A server of Node's, or what stands for one. */
export interface Listener extends EventEmitter {
  readonly listening: boolean;
  listen(options: ListenOptions): unknown;
  address(): AddressInfo | string | null;
  close(): unknown;
  closeIdleConnections(): void;
  closeAllConnections(): void;
}

/** Longer than the idle time of the load balancers in use, so that they never reuse a socket that we are closing. */
const KEEP_ALIVE_MS = 75_000;
const HEADERS_MS = 10_000;
/** How often connections are looked at for their headers being late. */
const CHECK_MS = 1_000;
/** How long a request to the admin API may take to arrive. */
const ADMIN_MS = 30_000;
const MAX_HEADER_BYTES = 64 * 1024;

const BOTH: ServerOptions = {
  headersTimeout: HEADERS_MS,
  connectionsCheckingInterval: CHECK_MS,
  maxHeaderSize: MAX_HEADER_BYTES,
  requireHostHeader: false,
};

/** The bodies of requests have bounds of their own, in `arrivals`. */
export function createApiListener(): Server {
  const server = createServer({ ...BOTH, keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: 0 });
  // Node would drop the headers beyond its count in silence; their size is bounded all the same.
  server.maxHeadersCount = 0;
  server.on('clientError', refuseUnread);
  closeOnlyIdle(server);
  return server;
}

export function createAdminListener(): Server {
  const server = createServer({ ...BOTH, requestTimeout: ADMIN_MS });
  server.on('clientError', refuseUnreadAdmin);
  closeOnlyIdle(server);
  return server;
}
