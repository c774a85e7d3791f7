/**
 * A cassette while a proxy uses it: which take of an answer is the next one, and what is taken in.
 */
import type { Clock } from '../clock.ts';
import { internalError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Call, Entry, Head, RawHeaders, StoredRequest } from '../response/entry.ts';
import type { Failure } from '../thread/failure.ts';
import { sampleKey } from '../store/sample-key.ts';
import { type Asked, type EndedAnswer, whyNotRecorded } from './ended-answer.ts';
import { entryOf } from './exchange-entry.ts';
import type { ExchangeKeyer } from './exchange-key.ts';
import type { RecordedExchange, RecordedRequest, Timing } from './recorded-exchange.ts';
import type { Redaction } from './redaction.ts';
import { secretIn } from './secret-shapes.ts';
import { findSecret } from './secrets.ts';
import { SECRET } from './unrecorded.ts';
import { type Take, Takes, type TakesStore } from './takes.ts';

/** Where the exchanges lie. */
export interface ExchangeStore extends TakesStore {
  /** @param key of its sample */
  record(exchange: RecordedExchange, key: string, entry: Entry): void;
  /** Resolves once all of it is here, with why that cannot be, or null. */
  readonly loaded: Promise<Failure | null>;
  /** All that it holds, by the keys of their samples. */
  exchanges(): Iterable<readonly [key: string, exchange: RecordedExchange]>;
}

export interface CassetteOptions {
  readonly store: ExchangeStore;
  readonly keyer: ExchangeKeyer;
  /** Null where nothing is redacted. */
  readonly redaction: Redaction | null;
  readonly record: 'new' | 'all' | 'none' | 'sequence';
  readonly recordErrors: boolean;
  readonly isOffline: boolean;
  /** The headers of an answer that are recorded. */
  readonly recordedHeaders: (headers: RawHeaders, method: string) => RawHeaders;
  readonly log: Log;
  readonly clock: Clock;
}

/** An exchange that is over, to be recorded. */
export interface NewExchange {
  /** Of the question. */
  readonly key: string;
  readonly isOrdered: boolean;
  /** Redacted. */
  readonly request: RecordedRequest;
  /** By which it is listed and found; null where it is named exactly. */
  readonly stored: StoredRequest | null;
  readonly head: Head;
  readonly body: Buffer;
  readonly call: Call | null;
  readonly arrivals: string | null;
}

/** Methods that change nothing however often they are used (RFC 9110, 9.2.1). */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

export class Cassette {
  readonly keyer: ExchangeKeyer;
  /** Replaces what is to be redacted before a request is named; null where nothing is. */
  readonly redaction: Redaction | null;
  readonly #options: CassetteOptions;
  readonly #takes: Takes;
  /** Why no more than a part of the file is here; null where it is whole, as far as it is known. */
  #failure: Failure | null = null;

  constructor(options: CassetteOptions) {
    const { store, record, recordErrors, isOffline } = options;
    this.#options = options;
    void store.loaded.then((failure) => failure && this.#failed(failure));
    this.keyer = options.keyer;
    this.redaction = options.redaction;
    const isAfresh = record === 'all' && !isOffline;
    this.#takes = new Takes({ store, isAfresh, isErrorRetried: recordErrors && !isOffline });
  }

  /** Tests whether equal requests have answers of their own, in turn. @param isCacheable it has a key of the cache's */
  isOrdered(method: string, isCacheable: boolean): boolean {
    return this.#options.record === 'sequence' || !(isCacheable || SAFE.has(method));
  }

  /** The answer to the next request with this key; null where there is none. */
  next(key: string, isOrdered: boolean): Take | null | Promise<Take | null> {
    // Else what stands further on would be asked for, and recorded once more.
    if (this.#failure !== null) throw internalError(this.#failure);
    return this.#takes.next(key, isOrdered);
  }

  exchanges(): Iterable<readonly [key: string, exchange: RecordedExchange]> {
    return this.#options.store.exchanges();
  }

  /** Tests whether a secret is in a text, such as one that is to be shown. */
  hasSecret(text: string): boolean {
    return secretIn(text) !== null;
  }

  whyNot(answer: EndedAnswer, asked: Asked): string | null {
    return whyNotRecorded(answer, asked, this.#options.recordErrors);
  }

  /** @returns why it is not recorded, or null. Never throws */
  record({ key, isOrdered, request, stored, head, body, call, arrivals }: NewExchange): string | null {
    const { store, recordedHeaders, log, clock } = this.#options;
    const { method, path } = request;
    const timing: Timing | undefined = call
      ? { firstByteMs: call.firstByteMs, ms: call.ms, ...(arrivals !== null && { arrivals }) }
      : undefined;
    try {
      const whole = {
        head: { ...head, headers: recordedHeaders(head.headers, method) },
        body,
        ...(timing && { timing }),
      };
      const answer = this.redaction === null ? whole : this.redaction.answer(whole);
      if (answer === null) return 'redaction';
      const exchange = { request, answer, sample: 1 };
      const secret = findSecret(exchange);
      if (secret !== null) {
        // A secret that is in the path is in no line either.
        const shown = secret.where === 'path' ? { method } : { method, path };
        log.warn({ ...shown, ...secret }, 'an answer is not recorded, since a secret is in it or its request');
        return `${SECRET}${secret.kind} in the ${secret.in} at ${secret.where}`;
      }
      const sample = this.#takes.add(key, isOrdered);
      if (sample === null) return null;
      store.record({ ...exchange, sample }, sampleKey(key, sample), entryOf(exchange, stored, clock.now()));
      return null;
    } catch (err) {
      log.error({ err, method, path }, 'an answer could not be recorded');
      return 'store';
    }
  }

  #failed(failure: Failure): void {
    this.#failure = failure;
    this.#options.log.error({ why: failure.message }, 'the cassette cannot be read');
  }
}
