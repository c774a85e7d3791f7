/**
 * Upstreams: sends a request to one and pours what comes back into a writer, as
 * it comes. Redirects are not followed; the origin asked is always
 * one of the configuration's.
 *
 * A request is asked once more in one case alone: its connection had served
 * before, and was dead before it said a byte. The upstream had hung up on an
 * idle connection, and has not seen the request.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { Clock } from '../clock.ts';
import { invalidTarget, RefrainError, reasonOf, upstreamCut, upstreamTimeout, upstreamUnreachable } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Writer } from '../response/writer.ts';
import { adviceOn } from './advice.ts';
import type { AgentOptions } from './agent.ts';
import { Answer, type Asker, type Phase } from './answer.ts';
import { ContinueGate } from './continue.ts';
import { DecodingWriter } from './decoding.ts';
import { UpstreamHealth, type UpstreamNews, type UpstreamReading } from './health.ts';
import type { UpstreamRequest } from './request.ts';
import { UpstreamLog } from './upstream-log.ts';

export interface UpstreamOptions extends AgentOptions {
  readonly log: Log;
  readonly clock: Clock;
  /** Hears of upstreams that stop answering, and answer again; the log if not given. */
  readonly news?: UpstreamNews | undefined;
}

export interface Upstream {
  /** Returns at once; the writer gets everything, failures too. */
  send(request: UpstreamRequest, writer: Writer): void;
  /** Those that have failed since the start; absent where that is not known. */
  readings?(): readonly UpstreamReading[];
  /** Loads what sends. A request that comes before waits for it. */
  prepare(): Promise<unknown>;
  close(): Promise<void>;
}

/** How a connection dies that its other end has given up. */
const DEAD_SOCKET: ReadonlySet<unknown> = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

/** Of ends that are not the upstream's: what could not be sent at all, and what was ended on this side. */
const OWN_ENDS: ReadonlySet<unknown> = new Set([
  'UND_ERR_INVALID_ARG',
  'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH',
  'UND_ERR_ABORTED',
  'UND_ERR_DESTROYED',
  'UND_ERR_CLOSED',
  'ERR_ASSERTION',
]);

/** undici reports here which socket a request is written to, before `dispatch` or `onRequestStart` return. */
const SENT = 'undici:client:sendHeaders';

export function createUpstream(options: UpstreamOptions): Upstream {
  return new UndiciUpstream(options);
}

class UndiciUpstream implements Upstream, Asker {
  #agent: Dispatcher | undefined;
  readonly #options: UpstreamOptions;
  readonly #health: UpstreamHealth;
  #starting: Answer | null = null;
  readonly #gates = new WeakMap<Socket, ContinueGate>();
  readonly #onSent = (message: unknown) => {
    const answer = this.#starting;
    this.#starting = null;
    if (answer) this.#sent(answer, (message as { socket: Socket }).socket);
  };

  constructor(options: UpstreamOptions) {
    this.#options = options;
    const { log, clock, news = new UpstreamLog(log, clock) } = options;
    this.#health = new UpstreamHealth(clock, news);
    subscribe(SENT, this.#onSent);
  }

  send(request: UpstreamRequest, writer: Writer): void {
    this.#ask(new Answer(request, request.decoded ? new DecodingWriter(writer) : writer, this, false));
  }

  readings(): readonly UpstreamReading[] {
    return this.#health.readings();
  }

  async prepare(): Promise<Dispatcher> {
    if (this.#agent) return this.#agent;
    const { createAgent } = await import('./agent.ts');
    return (this.#agent ??= createAgent(this.#options));
  }

  async close(): Promise<void> {
    await (await this.prepare()).destroy();
    unsubscribe(SENT, this.#onSent);
  }

  started(answer: Answer): void {
    this.#starting = answer;
  }

  answered({ request }: Answer): void {
    this.#health.answered(request);
  }

  failed(answer: Answer, cause: Error, phase: Phase): void {
    const { request, writer, isRepeat, isStale, isAborted } = answer;
    const { origin, body, repeatable } = request;
    const canRepeat = repeatable && !(body instanceof Readable) && !isRepeat;
    if (canRepeat && isStale && phase === 'unanswered' && isDeath(cause) && !isAborted) {
      this.#options.log.debug({ origin, reason: reasonOf(cause) }, 'a reused connection was dead; asking on another');
      return this.#ask(new Answer(request, writer, this, true));
    }
    if (phase !== 'begun' && !isAborted && !isOwnEnd(cause)) this.#health.failed(request, reasonOf(cause));
    writer.fail({ error: this.#failureOf(request, cause, phase), alreadySent: false });
  }

  #sent(answer: Answer, socket: Socket): void {
    answer.sentOn(socket);
    let gate = this.#gates.get(socket);
    if (!gate) this.#gates.set(socket, (gate = new ContinueGate(socket)));
    gate.close();
  }

  #ask(answer: Answer): void {
    if (this.#agent) this.#dispatch(this.#agent, answer);
    else
      this.prepare().then(
        (agent) => this.#dispatch(agent, answer),
        (error) => answer.onResponseError(null, error),
      );
  }

  #dispatch(agent: Dispatcher, answer: Answer): void {
    const { origin, method, path, headers, body } = answer.request;
    const request = { origin, method: method as Dispatcher.HttpMethod, path, headers, body: body as Readable | null };
    try {
      agent.dispatch(request, answer);
    } catch (error) {
      answer.onResponseError(null, error as Error);
    }
  }

  #failureOf({ origin, setting }: UpstreamRequest, cause: Error, phase: Phase): RefrainError {
    const { timeouts, log } = this.#options;
    const reason = reasonOf(cause);
    const advice = adviceOn(reason, setting);
    log.debug({ origin, reason }, 'upstream failed');
    if (cause instanceof RefrainError) return cause;
    switch ((cause as NodeJS.ErrnoException).code) {
      case 'UND_ERR_CONNECT_TIMEOUT':
        return upstreamTimeout('connection', timeouts.connect, advice);
      case 'UND_ERR_HEADERS_TIMEOUT':
        return upstreamTimeout('answer', timeouts.firstByte, advice);
      case 'UND_ERR_BODY_TIMEOUT':
        return upstreamTimeout('further byte', timeouts.idle, 'see why it is slow, or raise timeouts.idle');
      case 'UND_ERR_INVALID_ARG':
        return invalidTarget('it cannot be sent to the upstream as it is written');
      default:
        return phase === 'unsent' ? upstreamUnreachable(origin, advice, cause) : upstreamCut(cause);
    }
  }
}

function isOwnEnd(cause: Error): boolean {
  return cause instanceof RefrainError || OWN_ENDS.has((cause as NodeJS.ErrnoException).code);
}

function isDeath(cause: Error): boolean {
  return DEAD_SOCKET.has((cause as NodeJS.ErrnoException).code);
}
