/**
 * The upstream as the underlying `fetch` reaches it: what a miss asks goes the
 * way that it would go without a cache, through the same dispatcher, proxy or
 * mock.
 *
 * Redirects are not followed here: an answer belongs to the URL that was asked.
 */
import { Readable } from 'node:stream';
import { abandoned, type RefrainError, upstreamCut, upstreamUnreachable } from '../errors.ts';
import { headerOf } from '../response/entry.ts';
import type { Source, Writer } from '../response/writer.ts';
import type { UpstreamRequest } from '../upstream/request.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { unlessAborted } from './abort.ts';
import type { GlobalFetch } from './options.ts';
import { webHeaders } from './web-headers.ts';

/** Codings that every `fetch` decodes. The header stays behind, of a body that is no longer in it. */
const DECODED: ReadonlySet<string> = new Set(['gzip', 'x-gzip', 'deflate', 'br']);

export class UnderlyingUpstream implements Upstream {
  readonly #fetch: GlobalFetch;
  readonly #init: RequestInit | undefined;
  readonly #calls: UnderlyingCalls;

  /** @param init of the caller: what is no part of a request itself, such as a dispatcher, goes along */
  constructor(fetch: GlobalFetch = globalThis.fetch, init?: RequestInit, calls = new UnderlyingCalls()) {
    this.#fetch = fetch;
    this.#init = init;
    this.#calls = calls;
  }

  /** The same, for one request. */
  with(fetch: GlobalFetch, init: RequestInit | undefined): UnderlyingUpstream {
    return new UnderlyingUpstream(fetch, init, this.#calls);
  }

  send(request: UpstreamRequest, writer: Writer): void {
    const call = new UnderlyingCall(request, writer);
    void this.#calls.during(call, call.run(this.#fetch, this.#init));
  }

  async prepare(): Promise<void> {}

  async close(): Promise<void> {
    this.#calls.close();
  }
}

/** The calls that are under way. */
class UnderlyingCalls {
  readonly #running = new Set<UnderlyingCall>();
  #isClosed = false;

  async during(call: UnderlyingCall, running: Promise<void>): Promise<void> {
    this.#running.add(call);
    if (this.#isClosed) this.close();
    await running;
    this.#running.delete(call);
  }

  /** Ends them, and those that are yet to come; their readers fail. */
  close(): void {
    this.#isClosed = true;
    for (const call of this.#running) call.abort(new TypeError('fetch failed', { cause: new Error('it was closed') }));
  }
}

/** One call: `fetch` on one side, a writer on the other. */
class UnderlyingCall implements Source {
  readonly #request: UpstreamRequest;
  readonly #writer: Writer;
  readonly #controller = new AbortController();
  #goOn: () => void = () => {};

  constructor(request: UpstreamRequest, writer: Writer) {
    this.#request = request;
    this.#writer = writer;
    writer.source = this;
  }

  resume(): void {
    this.#goOn();
  }

  abort(reason: Error = abandoned()): void {
    this.#controller.abort(reason);
    this.#goOn();
  }

  /** Never rejects. */
  async run(fetch: GlobalFetch, init: RequestInit | undefined): Promise<void> {
    let response: Response;
    try {
      response = await this.#ask(fetch, init);
    } catch (cause) {
      return this.#fail(upstreamUnreachable(this.#request.origin, 'its cause says why', cause));
    }
    try {
      this.#begin(response);
      if (response.body) await this.#pour(response.body);
    } catch (cause) {
      return this.#fail(upstreamCut(cause));
    }
    this.#writer.source = null;
    this.#writer.finish();
  }

  async #ask(fetch: GlobalFetch, init: RequestInit | undefined): Promise<Response> {
    const { origin, path, method, headers, body } = this.#request;
    const { signal } = this.#controller;
    const asked: RequestInit = { ...init, method, headers: webHeaders(headers), ...bodyInit(body) };
    return unlessAborted(signal, fetch(origin + path, { ...asked, redirect: 'manual', signal }));
  }

  #begin({ status, statusText, headers: fields }: Response): void {
    // It has a copy of the body.
    this.#request.onStatus(status, true);
    const isDecoded = DECODED.has((fields.get('content-encoding') ?? '').trim().toLowerCase());
    const headers = [...fields].filter(([name]) => !(isDecoded && name === 'content-encoding')).flat();
    const length = isDecoded ? undefined : headerOf(headers, 'content-length');
    const delimited = length !== undefined || headerOf(headers, 'transfer-encoding') !== undefined;
    const head = { status, statusText, headers };
    this.#writer.begin(head, { length: length === undefined ? null : Number(length), delimited });
  }

  async #pour(body: ReadableStream<Uint8Array>): Promise<void> {
    const { signal } = this.#controller;
    for await (const { buffer, byteOffset, byteLength } of body) {
      const isWanted = this.#writer.append(Buffer.from(buffer, byteOffset, byteLength));
      if (!isWanted && !signal.aborted) await new Promise<void>((resolve) => (this.#goOn = resolve));
      // The loop lets go of the body then, also of one that no signal ends.
      signal.throwIfAborted();
    }
  }

  #fail(error: RefrainError): void {
    this.#writer.source = null;
    this.#writer.fail({ error, alreadySent: false });
  }
}

function bodyInit(body: UpstreamRequest['body']): Pick<RequestInit, 'body' | 'duplex'> {
  if (body === null) return { body };
  if (body instanceof Readable) return { body: Readable.toWeb(body) as ReadableStream, duplex: 'half' };
  return { body: Buffer.isBuffer(body) ? body : Buffer.concat([...body]) };
}
