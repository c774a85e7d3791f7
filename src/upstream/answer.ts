/**
 * One answer on its way from undici to its writer.
 */
import type { Socket } from 'node:net';
import type { Dispatcher } from 'undici';
import { abandoned } from '../errors.ts';
import { headerOf } from '../response/entry.ts';
import type { Source, Writer } from '../response/writer.ts';
import type { UpstreamRequest } from './request.ts';

/** The sender of the request. */
export interface Asker {
  /** The call begins; its request is about to be written to a socket. */
  started(answer: Answer): void;
  /** The upstream answers, with whatever status. */
  answered(answer: Answer): void;
  /** @param phase how far it had come: nothing said yet, or an answer that broke off */
  failed(answer: Answer, cause: Error, phase: Phase): void;
}

export type Phase = 'unsent' | 'unanswered' | 'begun';

/** The phrases that may stand on a status line (RFC 9112, 4); Node refuses to write any other. */
const PHRASE = /^[\t\x20-\x7e\x80-\xff]*$/;

export class Answer implements Dispatcher.DispatchHandler, Source {
  readonly request: UpstreamRequest;
  readonly writer: Writer;
  /** True where its request is sent for the second time. */
  readonly isRepeat: boolean;
  readonly #asker: Asker;
  #controller: Dispatcher.DispatchController | null = null;
  #socket: Socket | null = null;
  #readBefore = 0;
  #begun = false;
  #aborted = false;

  constructor(request: UpstreamRequest, writer: Writer, asker: Asker, isRepeat: boolean) {
    this.request = request;
    this.writer = writer;
    this.isRepeat = isRepeat;
    this.#asker = asker;
    writer.source = this;
  }

  get isAborted(): boolean {
    return this.#aborted;
  }

  resume(): void {
    this.#controller?.resume();
  }

  abort(): void {
    this.#aborted = true;
    this.#controller?.abort(abandoned());
  }

  /** The socket that its request is written to. */
  sentOn(socket: Socket): void {
    this.#socket = socket;
    this.#readBefore = socket.bytesRead;
  }

  /** True where its socket had served before, and died without a byte for this request. */
  get isStale(): boolean {
    return this.#socket !== null && this.#readBefore > 0 && this.#socket.bytesRead === this.#readBefore;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#aborted) controller.abort(abandoned());
    else this.#asker.started(this);
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, _headers: unknown, statusText = ''): void {
    if (status < 200) return;
    this.#begun = true;
    this.request.onStatus(status, this.#socket?.writableLength === 0);
    this.#asker.answered(this);
    const headers = textOf(controller.rawHeaders as Buffer[]);
    const length = headerOf(headers, 'content-length');
    const delimited = length !== undefined || headerOf(headers, 'transfer-encoding') !== undefined;
    const head = { status, statusText: PHRASE.test(statusText) ? statusText : '', headers };
    this.writer.begin(head, { length: length === undefined ? null : Number(length), delimited });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.writer.append(chunk)) controller.pause();
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    // undici takes a reset for the end of an answer that only its connection ends.
    const reset = this.#socket?.errored;
    if (reset) return this.onResponseError(controller, reset);
    this.#done();
    this.writer.finish();
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, cause: Error): void {
    this.#done();
    this.#asker.failed(this, cause, this.#begun ? 'begun' : this.#controller ? 'unanswered' : 'unsent');
  }

  #done(): void {
    this.writer.source = null;
  }
}

/** undici hands header bytes on as they came; header text is Latin-1. */
function textOf(raw: readonly Buffer[]): string[] {
  return raw.map((part) => part.toString('latin1'));
}
