/**
 * The response that a socket is sending, where Node keeps it, and looks at it
 * itself before it closes a connection or gives up on a request.
 */
import type { Duplex } from 'node:stream';

/** The response, as far as Node's own handlers look at it. */
export interface ResponseUnderWay {
  /** Ended by us, but perhaps not sent yet. */
  finished: boolean;
  readonly headersSent: boolean;
}

/** @returns null on a socket that has none, as before the head of a request has come */
export function responseOn(socket: Duplex): ResponseUnderWay | null {
  return (socket as { readonly _httpMessage?: ResponseUnderWay | null })._httpMessage ?? null;
}
