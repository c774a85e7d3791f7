/**
 * The heads of requests, read. A client repeats its head on each connection
 * but for the length of the body, and what is read is a pure function of the
 * rest; so each connection remembers its last, and a repeat is not read again.
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { loopDetected } from '../errors.ts';
import { readHeaderFields, valuesOf } from '../request/header-fields.ts';
import { checkProtocol } from '../request/protocol.ts';
import { type ParsedHead, parseHead, type Rules } from '../request/parsed-head.ts';
import { meantHeaders, namesUs } from '../upstream/headers.ts';
import { SentHeaders } from './sent.ts';

type IncomingHead = Pick<IncomingMessage, 'method' | 'url' | 'httpVersion' | 'rawHeaders' | 'socket'>;

/** With what goes upstream of it. */
export interface ReceivedHead extends ParsedHead {
  readonly sent: SentHeaders;
}

export interface HeadMemoOptions {
  readonly rules: Rules;
  /** How this process calls itself in `Via`. */
  readonly pseudonym: string;
}

interface Read {
  readonly method: string;
  readonly url: string;
  readonly httpVersion: string;
  readonly rawHeaders: readonly string[];
  readonly head: ReceivedHead;
}

export class HeadMemo {
  readonly #rules: Rules;
  readonly #pseudonym: string;
  readonly #last = new WeakMap<Socket, Read>();

  constructor({ rules, pseudonym }: HeadMemoOptions) {
    this.#rules = rules;
    this.#pseudonym = pseudonym;
  }

  /** @throws RefrainError where the request is refused */
  read({ method = 'GET', url = '', httpVersion, rawHeaders, socket }: IncomingHead): ReceivedHead {
    const last = this.#last.get(socket);
    const isRepeat = last?.method === method && last.url === url && last.httpVersion === httpVersion;
    if (isRepeat && areEqual(last.rawHeaders, rawHeaders)) return last.head;
    const fields = readHeaderFields(meantHeaders(rawHeaders));
    checkProtocol(httpVersion, valuesOf(fields, 'host').length);
    // Also where `Connection` takes it away: that would hide a loop.
    if (namesUs(rawHeaders, this.#pseudonym)) throw loopDetected();
    const head = parseHead(this.#rules, { method, url, fields });
    const reading = { ...head, sent: new SentHeaders(this.#rules, head, rawHeaders) };
    this.#last.set(socket, { method, url, httpVersion, rawHeaders, head: reading });
    return reading;
  }
}

function areEqual(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((text, at) => text === other[at] || isLength(one[at - 1]));
}

function isLength(name: string | undefined): boolean {
  return name?.length === 'content-length'.length && name.toLowerCase() === 'content-length';
}
