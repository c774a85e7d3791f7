/**
 * Requests that Node's parser refuses: answered in OpenAI's envelope, by hand,
 * for there is no response object.
 */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  bodyTimeout,
  errorBody,
  headersTimeout,
  headersTooLarge,
  malformedRequest,
  reasonOf,
  type RefrainError,
} from '../errors.ts';
import { STATUS_CODES } from './node-http.ts';
import { responseOn } from './response-on.ts';

/** A listener of `clientError` of the API. */
export function refuseUnread(cause: NodeJS.ErrnoException, socket: Duplex): void {
  refuse(
    cause,
    socket,
    (code) => `cache-control: private, no-store\r\ncache-status: refrain; detail=${code}\r\nx-cache: BYPASS\r\n`,
  );
}

/** The same of the admin API, which is no cache. */
export function refuseUnreadAdmin(cause: NodeJS.ErrnoException, socket: Duplex): void {
  refuse(cause, socket, () => 'cache-control: no-store\r\nx-content-type-options: nosniff\r\n');
}

/**
 * A process that was busy finds that heads are late before it reads them. So one turn of
 * the event loop is waited for, in which what has come is read.
 * @param marks the lines that stand for the listener, by the code of the error
 */
function refuse(cause: NodeJS.ErrnoException, socket: Duplex, marks: (code: string) => string): void {
  if (cause.code !== 'ERR_HTTP_REQUEST_TIMEOUT') return refuseNow(cause, socket, marks);
  const [response, sent] = [responseOn(socket), bytesSent(socket)];
  setImmediate(() => {
    const isAsked = responseOn(socket) !== response || bytesSent(socket) > sent;
    if (!isAsked && !socket.destroyed) refuseNow(cause, socket, marks);
  });
}

function refuseNow(cause: NodeJS.ErrnoException, socket: Duplex, marks: (code: string) => string): void {
  const hasBegun = responseOn(socket)?.headersSent === true;
  // A client whose connection broke, or whose response has begun, reads nothing else.
  const isUnspoken = cause.code === 'ECONNRESET' || isOfTls(cause);
  if (isUnspoken || !socket.writable || hasBegun) return void socket.destroy();
  const error = errorOf(cause, socket);
  const body = errorBody(error);
  const length = Buffer.byteLength(body);
  socket.end(
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}\r\n` +
      `content-type: application/json\r\ncontent-length: ${length}\r\n` +
      `${marks(error.code)}connection: close\r\n\r\n${body}`,
  );
}

function errorOf(cause: NodeJS.ErrnoException, socket: Duplex): RefrainError {
  switch (cause.code) {
    case 'HPE_HEADER_OVERFLOW':
      return headersTooLarge();
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return responseOn(socket) ? bodyTimeout('did not arrive in time') : headersTimeout();
    default:
      return malformedRequest(reasonOf(cause));
  }
}

/** Before its encryption was agreed on, no answer can be written. */
function isOfTls({ code = '' }: NodeJS.ErrnoException): boolean {
  return /^(ERR_SSL_|ERR_TLS_|ERR_OSSL_)/.test(code);
}

function bytesSent(socket: Duplex): number {
  return (socket as Socket).bytesWritten;
}
