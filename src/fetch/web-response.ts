/**
 * An answer as `fetch` gives it: a `Response` as soon as the head is known, and
 * a body that is read at its reader's pace. What was complete before is given
 * whole, as a copy that `Response` makes.
 *
 *   waiting    no head yet; an abort or a failure rejects
 *   reading    the reader of the recording moves when somebody reads the stream
 *   over       read to its end, failed, cancelled, aborted, or forgotten by all who had it; the reader has left
 *
 * Nothing that outlives a stream holds on to it, so that one which is thrown
 * away unread is collected, and its place in the recording given up.
 */
import type { ReadableByteStreamController, UnderlyingByteSource } from 'node:stream/web';
import { internalError, type RefrainError } from '../errors.ts';
import type { Head } from '../response/entry.ts';
import type { Reader } from '../response/reader.ts';
import { webHeaders } from './web-headers.ts';
import { rejectionOf } from './rejection.ts';

/** Statuses of answers that have no body (Fetch, 2.2.3). */
const NULL_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

/** Gives up the places of streams that nobody can read any more. */
export type Forgotten = FinalizationRegistry<() => void>;

export interface Played {
  /** Whose head is known. */
  readonly reader: Reader;
  readonly head: Head;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly url: string;
  readonly signal: AbortSignal | null;
  readonly forgotten: Forgotten;
  /** Called once, when it is over. */
  readonly onOver: () => void;
}

/**
 * Resolves once the head is known.
 * @throws RefrainError where there will be none; the signal's reason where that is aborted. The reader has then left
 */
export async function headOf(reader: Reader, signal: AbortSignal | null): Promise<Head> {
  await begun(reader, signal);
  const { head } = reader;
  if (head !== null && !signal?.aborted) return head;
  reader.leave();
  throw signal?.aborted ? signal.reason : failureOf(reader);
}

export function responseOf(played: Played): Response {
  const { reader, head, headers, url } = played;
  const { status, statusText } = head;
  const whole = NULL_BODY.has(status) ? null : reader.readWhole();
  const isOver = NULL_BODY.has(status) || whole !== null;
  const response = new Response(isOver ? whole : bodyOf(played), { status, statusText, headers: webHeaders(headers) });
  if (isOver) {
    reader.leave();
    played.onOver();
  }
  return Object.defineProperty(response, 'url', { value: url });
}

/** Resolves when there is a head, a failure, or nobody who waits. */
function begun(reader: Reader, signal: AbortSignal | null): Promise<void> {
  if (reader.state !== 'waiting' || signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const changed = () => {
      signal?.removeEventListener('abort', changed);
      reader.player = null;
      resolve();
    };
    signal?.addEventListener('abort', changed);
    reader.player = { changed };
  });
}

function failureOf(reader: Reader): RefrainError {
  return reader.failure?.error ?? internalError(undefined);
}

function bodyOf({ reader, signal, forgotten, onOver }: Played): ReadableStream<Uint8Array> {
  const source = new ReaderSource(reader);
  const weak = new WeakRef(source);
  const abort = () => weak.deref()?.fail(signal?.reason);
  const leave = () => {
    signal?.removeEventListener('abort', abort);
    reader.leave();
    onOver();
  };
  const token = {};
  source.onOver = () => {
    forgotten.unregister(token);
    leave();
  };
  signal?.addEventListener('abort', abort);
  forgotten.register(source, leave, token);
  return new ReadableStream(source) as ReadableStream<Uint8Array>;
}

/** The recording as a stream reads it, which has room for nothing: it pulls when somebody reads. */
class ReaderSource implements UnderlyingByteSource {
  readonly type = 'bytes';
  onOver: () => void = () => {};
  readonly #reader: Reader;
  /** Null once it is over. */
  #controller: ReadableByteStreamController | null = null;

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  start(controller: ReadableByteStreamController): void {
    this.#controller = controller;
  }

  async pull(controller: ReadableByteStreamController): Promise<void> {
    const reader = this.#reader;
    let chunk = reader.read();
    while (chunk === undefined && reader.state === 'streaming') {
      await moved(reader);
      if (this.#controller === null) return;
      chunk = reader.read();
    }
    // A copy: others read the same bytes, and who has a stream may write to what comes out of it.
    if (chunk !== undefined) controller.enqueue(Uint8Array.from(chunk));
    if (reader.isAtEnd) this.#close(controller);
    else if (chunk === undefined) this.fail(rejectionOf(failureOf(reader)));
  }

  cancel(): void {
    this.#over();
  }

  fail(reason: unknown): void {
    this.#controller?.error(reason);
    this.#over();
  }

  #close(controller: ReadableByteStreamController): void {
    controller.close();
    controller.byobRequest?.respond(0);
    this.#over();
  }

  #over(): void {
    if (this.#controller === null) return;
    this.#controller = null;
    this.onOver();
    // A pull that waits goes on, and finds that it is over.
    this.#reader.player?.changed();
  }
}

/** Resolves when there is more to read, or the state has changed. */
function moved(reader: Reader): Promise<void> {
  return new Promise((resolve) => {
    const changed = () => {
      reader.player = null;
      resolve();
    };
    reader.player = { changed };
  });
}
