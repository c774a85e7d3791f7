/**
 * The heads of requests, read. A client repeats its head on each connection
 * but for the length of the body, and what is read is a pure function of the
 * rest; so each connection remembers its last, and a repeat is not read again.
 */
import { loopDetected } from '../errors.ts';
import { deletedAnswerOf } from '../request/endpoints/table.ts';
import { readHeaderFields, valuesOf } from '../request/header-fields.ts';
import { meantHeaders, namesUs } from '../headers/forwarded-headers.ts';
import { SentHeaders } from '../headers/sent-headers.ts';
import { checkProtocol } from '../request/protocol.ts';
import { type ParsedHead, parseHead, type Rules } from '../request/parsed-head.ts';
import type { RawHead } from './incoming-request.ts';

/** With what goes upstream of it. */
export interface ReceivedHead extends ParsedHead {
  /** But for the length of the body, which may be that of an earlier request. */
  readonly raw: RawHead;
  readonly sent: SentHeaders;
  /** The id of the answer that it deletes from its server; null of any other request. */
  readonly deletes: string | null;
}

export interface HeadMemoOptions {
  readonly rules: Rules;
  /** How this process calls itself in `Via`. */
  readonly pseudonym: string;
}

export class HeadMemo {
  readonly #rules: Rules;
  readonly #pseudonym: string;
  readonly #last = new WeakMap<object, ReceivedHead>();

  constructor({ rules, pseudonym }: HeadMemoOptions) {
    this.#rules = rules;
    this.#pseudonym = pseudonym;
  }

  /**
   * @param connection whose requests are likely to repeat their heads
   * @throws RefrainError where the request is refused
   */
  read(raw: RawHead, connection: object): ReceivedHead {
    const last = this.#last.get(connection);
    if (last !== undefined && isRepeat(last.raw, raw)) return last;
    const { method, url, httpVersion, rawHeaders } = raw;
    const fields = readHeaderFields(meantHeaders(rawHeaders));
    checkProtocol(httpVersion, valuesOf(fields, 'host').length);
    // Also where `Connection` takes it away: that would hide a loop.
    if (namesUs(rawHeaders, this.#pseudonym)) throw loopDetected();
    const head = parseHead(this.#rules, { method, url, fields });
    const { path, target } = head.route;
    const deletes = deletedAnswerOf(method, { path, basePath: target.basePath });
    const received: ReceivedHead = { ...head, raw, deletes, sent: new SentHeaders(this.#rules, head, rawHeaders) };
    this.#last.set(connection, received);
    return received;
  }
}

/** But for the length of the body. */
function isRepeat(last: RawHead, { method, url, httpVersion, rawHeaders }: RawHead): boolean {
  const known = last.rawHeaders;
  if (last.method !== method || last.url !== url || last.httpVersion !== httpVersion) return false;
  if (known.length !== rawHeaders.length) return false;
  for (let at = 0; at < known.length; at++) if (known[at] !== rawHeaders[at] && !isLength(known, at)) return false;
  return true;
}

/** Tests for the value of a length: a name may stand behind a value that reads like one. */
function isLength(rawHeaders: readonly string[], at: number): boolean {
  const name = at % 2 === 1 ? (rawHeaders[at - 1] as string) : '';
  return name.length === 'content-length'.length && name.toLowerCase() === 'content-length';
}
