/**
 * The intake of a cassette: exchanges that are imported, beside those that are there. Each is redacted, and searched
 * for secrets, as a live one is.
 */
import { isDeepStrictEqual } from 'node:util';
import type { CassetteContent } from '../cassette/cassette-file.ts';
import { EMPTY_HEADER } from '../cassette/cassette-header.ts';
import { exchangeText } from '../cassette/document.ts';
import type { ExchangeKeyer } from '../cassette/exchange-key.ts';
import { DocumentError, parseExchange } from '../cassette/parsed-document.ts';
import type { RecordedExchange } from '../cassette/recorded-exchange.ts';
import type { Redaction } from '../cassette/redaction.ts';
import { findSecret } from '../cassette/secrets.ts';

export class CassetteIntake {
  readonly added: RecordedExchange[] = [];
  /** Those that were there already, with the same answer. */
  known = 0;
  readonly #keyer: ExchangeKeyer;
  readonly #redaction: Redaction;
  /** The answers to each question, by their number. */
  readonly #answers = new Map<string, Map<number, RecordedExchange>>();
  /** Of questions in the files that are read, how many came. */
  readonly #came = new Map<string, number>();

  constructor({ documents }: CassetteContent, keyer: ExchangeKeyer, redaction: Redaction) {
    this.#keyer = keyer;
    this.#redaction = redaction;
    for (const { exchange } of documents) this.#answersTo(exchange).set(exchange.sample, exchange);
  }

  /**
   * @param isNumbered its sample is its place among equal ones; else that is the order in which they come
   * @returns why it is left out, or null
   */
  add({ request: asked, answer: answered, sample }: RecordedExchange, isNumbered: boolean): string | null {
    const request = this.#redaction.request(asked);
    const answer = this.#redaction.answer(answered);
    if (request === null || answer === null) return 'it cannot be redacted so that nothing is left';
    const found = findSecret({ request, answer, sample });
    if (found !== null) return `${found.kind} is in its ${found.in} (${found.where}); say what to redact by --redact`;
    if (!isExactAsText({ request, answer, sample })) return 'a cassette cannot hold it as it is';
    const { key } = this.#keyer.key(request);
    const came = (this.#came.get(key) ?? 0) + 1;
    this.#came.set(key, came);
    const exchange = { request, answer, sample: isNumbered ? sample : came };
    const answers = this.#answersTo(exchange);
    const there = answers.get(exchange.sample);
    if (there !== undefined && !isSameAnswer(there, exchange)) return 'the cassette has another answer to its request';
    if (there !== undefined) this.known += 1;
    else {
      answers.set(exchange.sample, exchange);
      this.added.push(exchange);
    }
    return null;
  }

  #answersTo({ request }: RecordedExchange): Map<number, RecordedExchange> {
    const { key } = this.#keyer.key(request);
    const answers = this.#answers.get(key) ?? new Map<number, RecordedExchange>();
    this.#answers.set(key, answers);
    return answers;
  }
}

function isSameAnswer({ answer: one }: RecordedExchange, { answer: other }: RecordedExchange): boolean {
  return one.head.status === other.head.status && one.body.equals(other.body);
}

/**
 * Tests whether an exchange is read again as it is written: what is live came through HTTP, which has rules for methods
 * and headers; a file of others may hold anything.
 */
function isExactAsText(exchange: RecordedExchange): boolean {
  try {
    const read = parseExchange({ text: exchangeText(exchange, EMPTY_HEADER), line: 1 }, EMPTY_HEADER);
    return isDeepStrictEqual(read, exchange);
  } catch (error) {
    if (error instanceof DocumentError) return false;
    throw error;
  }
}
