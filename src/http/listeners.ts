/**
 * The two listeners, as Node's servers with bounds of ours. A missing `Host` is
 * refused by us: Node does it without a word.
 */
import type { EventEmitter } from 'node:events';
import type { Server, ServerOptions } from 'node:http';
import type { AddressInfo, ListenOptions } from 'node:net';
import type { Server as TlsServer } from 'node:tls';
import type { Certificates } from '../certificates.ts';
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

/**
 * The listener of the API. The bodies of its requests have bounds of their own, in `arrivals`.
 * @param certificates null for plain HTTP
 */
export function createApiListener(certificates: Certificates | null): Server {
  const server = createListener(certificates, { keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: 0 });
  // Node would drop the headers beyond its count in silence; their size is bounded all the same.
  server.maxHeadersCount = 0;
  server.on('clientError', refuseUnread);
  closeOnlyIdle(server);
  return server;
}

export function createAdminListener(certificates: Certificates | null): Server {
  const server = createListener(certificates, { requestTimeout: ADMIN_MS });
  server.on('clientError', refuseUnreadAdmin);
  closeOnlyIdle(server);
  return server;
}

function createListener(certificates: Certificates | null, options: ServerOptions): Server {
  if (certificates === null) return createServer({ ...BOTH, ...options });
  const secure = { ...certificates, handshakeTimeout: HEADERS_MS, minVersion: 'TLSv1.2' } as const;
  return process.getBuiltinModule('node:https').createServer({ ...BOTH, ...options, ...secure });
}

/** Has connections from here on shown these certificates; those that there are go on. */
export function renewCertificates(server: Server, certificates: Certificates): void {
  (server as unknown as TlsServer).setSecureContext(certificates);
}
