/**
 * One answer on its way from undici to its writer.
 */
import type { Socket } from 'node:net';
import type { Dispatcher } from 'undici';
import { abandoned } from '../errors.ts';
import { headerOf } from '../response/entry.ts';
import type { Writer } from '../response/writer.ts';

/** What an answer tells whoever asked for it. */
export interface AnswerPlan {
  readonly writer: Writer;
  /** Ends the call. */
  readonly signal: AbortSignal;
  /** Told of the status before the writer is. */
  readonly onStatus: (status: number) => void;
  /** The call begins; its request is about to be written to a socket. */
  readonly onStart: (answer: Answer) => void;
  /** @param phase how far it had come: nothing said yet, or an answer that broke off */
  readonly onError: (answer: Answer, cause: Error, phase: 'unsent' | 'unanswered' | 'begun') => void;
}

/** What may stand on a status line (RFC 9112, 4); Node refuses to write anything else. */
const PHRASE = /^[\t\x20-\x7e\x80-\xff]*$/;

export class Answer implements Dispatcher.DispatchHandler {
  readonly #plan: AnswerPlan;
  #controller: Dispatcher.DispatchController | null = null;
  #socket: Socket | null = null;
  #readBefore = 0;
  #begun = false;
  readonly #onAbort = () => this.#controller?.abort(abandoned());

  constructor(plan: AnswerPlan) {
    this.#plan = plan;
    plan.signal.addEventListener('abort', this.#onAbort);
    plan.writer.onWanted = () => this.#controller?.resume();
  }

  /** The socket that its request is written to. */
  sentOn(socket: Socket): void {
    this.#socket = socket;
    this.#readBefore = socket.bytesRead;
  }

  /** Whether its socket had served before, and died without a byte for this request. */
  get isStale(): boolean {
    return this.#socket !== null && this.#readBefore > 0 && this.#socket.bytesRead === this.#readBefore;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#plan.signal.aborted) controller.abort(abandoned());
    else this.#plan.onStart(this);
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, _headers: unknown, statusText = ''): void {
    if (status < 200) return;
    this.#begun = true;
    this.#plan.onStatus(status);
    const headers = textOf(controller.rawHeaders as Buffer[]);
    const length = headerOf(headers, 'content-length');
    const delimited = length !== undefined || headerOf(headers, 'transfer-encoding') !== undefined;
    const head = { status, statusText: PHRASE.test(statusText) ? statusText : '', headers };
    this.#plan.writer.begin(head, { length: length === undefined ? null : Number(length), delimited });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#plan.writer.append(chunk)) controller.pause();
  }

  onResponseEnd(): void {
    this.#done();
    this.#plan.writer.finish();
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, cause: Error): void {
    this.#done();
    this.#plan.onError(this, cause, this.#begun ? 'begun' : this.#controller ? 'unanswered' : 'unsent');
  }

  #done(): void {
    this.#plan.signal.removeEventListener('abort', this.#onAbort);
    this.#plan.writer.onWanted = null;
  }
}

/** undici hands header bytes on as they came; header text is Latin-1. */
function textOf(raw: readonly Buffer[]): string[] {
  return raw.map((part) => part.toString('latin1'));
}
