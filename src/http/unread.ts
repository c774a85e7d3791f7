/**
 * Requests that Node's parser refuses: answered in OpenAI's envelope, by hand,
 * for there is no response object.
 */
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
  const { _httpMessage: sending, bytesWritten } = socket as Sending;
  setImmediate(() => {
    const isAsked = (socket as Sending)._httpMessage !== sending || (socket as Sending).bytesWritten > bytesWritten;
    if (!isAsked && !socket.destroyed) refuseNow(cause, socket, marks);
  });
}

function refuseNow(cause: NodeJS.ErrnoException, socket: Duplex, marks: (code: string) => string): void {
  // A connection that broke, or on which an answer has begun, can be told nothing.
  if (cause.code === 'ECONNRESET' || !socket.writable || hasBegun(socket)) return void socket.destroy();
  const error = errorOf(cause, socket);
  const body = errorBody(error);
  socket.end(
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n` +
      `${marks(error.code)}connection: close\r\n\r\n${body}`,
  );
}

function errorOf(cause: NodeJS.ErrnoException, socket: Duplex): RefrainError {
  switch (cause.code) {
    case 'HPE_HEADER_OVERFLOW':
      return headersTooLarge();
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return (socket as Sending)._httpMessage ? bodyTimeout('did not arrive in time') : headersTimeout();
    default:
      return malformedRequest(reasonOf(cause));
  }
}

interface Sending extends Duplex {
  /** The answer to the request that is being read, once its headers are; Node's own handler looks at it too. */
  readonly _httpMessage?: { readonly headersSent: boolean } | null;
  readonly bytesWritten: number;
}

function hasBegun(socket: Duplex): boolean {
  return (socket as Sending)._httpMessage?.headersSent === true;
}
