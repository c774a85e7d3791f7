/**
 * Who we ask: sends a request to an upstream and pours what comes back into a
 * writer, as it comes. Redirects are not followed and no content is decoded;
 * the origin asked is always one of the configuration's.
 */
import type { Readable } from 'node:stream';
import { Agent, type Dispatcher, EnvHttpProxyAgent } from 'undici';
import { abandoned, invalidTarget, type RefrainError, reasonOf, upstreamCut, upstreamTimeout, upstreamUnreachable } from '../errors.ts';
import type { Log } from '../log.ts';
import { headerOf } from '../response/entry.ts';
import type { Writer } from '../response/writer.ts';

export interface UpstreamRequest {
  /** Scheme, host and port. */
  readonly origin: string;
  readonly method: string;
  /** With its query, as it goes on the request line. */
  readonly path: string;
  readonly headers: string[];
  readonly body: Buffer | Readable | null;
  /** Told of the status before the writer is. */
  readonly onStatus: (status: number) => void;
}

export interface UpstreamOptions {
  /** All in seconds. */
  readonly timeouts: { readonly connect: number; readonly firstByte: number; readonly idle: number };
  readonly proxy: { readonly http: string | null; readonly https: string | null; readonly no: string | null };
  readonly log: Log;
}

export interface Upstream {
  /** Returns at once; the writer is told of everything. An abort of `signal` ends the call. */
  send(request: UpstreamRequest, writer: Writer, signal: AbortSignal): void;
  close(): Promise<void>;
}

/** What may stand on a status line (RFC 9112, 4); Node refuses to write anything else. */
const PHRASE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** As much as the servers in front of models send; undici's own bound is a quarter of it. */
const MAX_HEADER_BYTES = 64 * 1024;

/** Idle sockets are given up before the servers and balancers in use do it: a reused socket must not be a dead one. */
const KEEP_ALIVE_MS = 4_000;
const KEEP_ALIVE_MAX_MS = 25_000;

export function createUpstream(options: UpstreamOptions): Upstream {
  const agent = createAgent(options);
  return {
    send({ origin, method, path, headers, body, onStatus }, writer, signal) {
      const answer = new Answer(writer, signal, origin, onStatus, options);
      try {
        agent.dispatch({ origin, method: method as Dispatcher.HttpMethod, path, headers, body }, answer);
      } catch (error) {
        answer.onResponseError(null, error as Error);
      }
    },
    close: () => agent.destroy(),
  };
}

function createAgent({ timeouts, proxy }: UpstreamOptions): Dispatcher {
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
  return new EnvHttpProxyAgent({ ...options, proxyTunnel: true, httpProxy: http ?? '', httpsProxy: https ?? '', noProxy: no ?? '' });
}

/** One answer on its way from undici to its writer. */
class Answer implements Dispatcher.DispatchHandler {
  readonly #writer: Writer;
  readonly #signal: AbortSignal;
  readonly #origin: string;
  readonly #onStatus: (status: number) => void;
  readonly #options: UpstreamOptions;
  #controller: Dispatcher.DispatchController | null = null;
  readonly #onAbort = () => this.#controller?.abort(abandoned());

  constructor(writer: Writer, signal: AbortSignal, origin: string, onStatus: (status: number) => void, options: UpstreamOptions) {
    this.#writer = writer;
    this.#signal = signal;
    this.#origin = origin;
    this.#onStatus = onStatus;
    this.#options = options;
    signal.addEventListener('abort', this.#onAbort);
    writer.onWanted = () => this.#controller?.resume();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#signal.aborted) controller.abort(abandoned());
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, _headers: unknown, statusText = ''): void {
    if (status < 200) return;
    this.#onStatus(status);
    const headers = textOf(controller.rawHeaders as Buffer[]);
    const length = headerOf(headers, 'content-length');
    const delimited = length !== undefined || headerOf(headers, 'transfer-encoding') !== undefined;
    this.#writer.begin({ status, statusText: PHRASE.test(statusText) ? statusText : '', headers }, { length: length === undefined ? null : Number(length), delimited });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#writer.append(chunk)) controller.pause();
  }

  onResponseEnd(): void {
    this.#done();
    this.#writer.finish();
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, cause: Error): void {
    this.#done();
    this.#writer.fail({ error: this.#failureOf(cause), told: false });
  }

  #done(): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#writer.onWanted = null;
  }

  #failureOf(cause: Error): RefrainError {
    const { timeouts, log } = this.#options;
    log.debug({ origin: this.#origin, reason: reasonOf(cause) }, 'upstream failed');
    switch ((cause as NodeJS.ErrnoException).code) {
      case 'UND_ERR_CONNECT_TIMEOUT':
        return upstreamTimeout('connection', timeouts.connect);
      case 'UND_ERR_HEADERS_TIMEOUT':
        return upstreamTimeout('answer', timeouts.firstByte);
      case 'UND_ERR_BODY_TIMEOUT':
        return upstreamTimeout('further byte', timeouts.idle);
      case 'UND_ERR_INVALID_ARG':
        return invalidTarget('it cannot be sent to the upstream as it is written');
      default:
        return this.#controller ? upstreamCut(cause) : upstreamUnreachable(this.#origin, cause);
    }
  }
}

/** undici hands header bytes on as they came; header text is Latin-1. */
function textOf(raw: readonly Buffer[]): string[] {
  return raw.map((part) => part.toString('latin1'));
}
