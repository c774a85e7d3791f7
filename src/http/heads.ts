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
import { type Reading, readHead, type Rules } from '../request/reading.ts';
import { meantHeaders, namesUs } from '../upstream/headers.ts';
import { SentHeaders } from './sent.ts';

type RequestHead = Pick<IncomingMessage, 'method' | 'url' | 'httpVersion' | 'rawHeaders' | 'socket'>;

/** With what goes upstream of it. */
export interface HeadReading extends Reading {
  readonly sent: SentHeaders;
}

export interface HeadsOptions {
  readonly rules: Rules;
  /** How this process calls itself in `Via`. */
  readonly pseudonym: string;
}

interface Read {
  readonly method: string;
  readonly url: string;
  readonly httpVersion: string;
  readonly rawHeaders: readonly string[];
  readonly reading: HeadReading;
}

export class Heads {
  readonly #rules: Rules;
  readonly #pseudonym: string;
  readonly #last = new WeakMap<Socket, Read>();

  constructor({ rules, pseudonym }: HeadsOptions) {
    this.#rules = rules;
    this.#pseudonym = pseudonym;
  }

  /** @throws RefrainError where the request is refused */
  read({ method = 'GET', url = '', httpVersion, rawHeaders, socket }: RequestHead): HeadReading {
    const last = this.#last.get(socket);
    const isRepeat = last?.method === method && last.url === url && last.httpVersion === httpVersion;
    if (isRepeat && areEqual(last.rawHeaders, rawHeaders)) return last.reading;
    const fields = readHeaderFields(meantHeaders(rawHeaders));
    checkProtocol(httpVersion, valuesOf(fields, 'host').length);
    // Also where `Connection` takes it away: that would hide a loop.
    if (namesUs(rawHeaders, this.#pseudonym)) throw loopDetected();
    const head = readHead(this.#rules, { method, url, fields });
    const reading = { ...head, sent: new SentHeaders(this.#rules, head, rawHeaders) };
    this.#last.set(socket, { method, url, httpVersion, rawHeaders, reading });
    return reading;
  }
}

function areEqual(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((text, at) => text === other[at] || isLength(one[at - 1]));
}

function isLength(name: string | undefined): boolean {
  return name?.length === 'content-length'.length && name.toLowerCase() === 'content-length';
}
