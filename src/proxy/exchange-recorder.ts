/**
 * Has the answer to one request recorded in the cassette, or says that it was not.
 */
import type { CallHistory } from '../cache/flight-plan.ts';
import type { CacheResult } from '../cache/outcome.ts';
import type { Recorder } from '../cache/recorder.ts';
import type { Cassette } from '../cassette/cassette.ts';
import type { EndedAnswer } from '../cassette/ended-answer.ts';
import type { RecordedRequest } from '../cassette/recorded-exchange.ts';
import type { Head, StoredRequest } from '../response/entry.ts';
import type { Reader } from '../response/reader.ts';
import type { WholeBody } from '../request/whole-body.ts';
import type { ReceivedHead } from './head-memo.ts';
import { recordedRequest } from './recorded-request.ts';

export interface ExchangeToRecord {
  readonly key: string;
  readonly isOrdered: boolean;
  readonly head: ReceivedHead;
  /** Held until the call is over. */
  readonly body: WholeBody | null;
  /** Absent where it is yet to be made. */
  readonly recorded: RecordedRequest | undefined;
  /** By which it is listed and found; null where it is named exactly. */
  readonly stored: () => StoredRequest | null;
}

export class ExchangeRecorder implements Recorder {
  readonly #cassette: Cassette;
  readonly #exchange: ExchangeToRecord;
  #isRecorded = false;
  #why: string | null = null;

  constructor(cassette: Cassette, exchange: ExchangeToRecord) {
    this.#cassette = cassette;
    this.#exchange = exchange;
    exchange.body?.hold();
  }

  whyNot(answer: EndedAnswer): string | null {
    const { method, keyContext } = this.#exchange.head;
    return (this.#why = this.#cassette.whyNot(answer, { method, endpoint: keyContext?.endpoint ?? null }));
  }

  record(head: Head, body: Buffer, { call, arrivals }: CallHistory): void {
    const { key, isOrdered, head: asked, body: sent, recorded, stored } = this.#exchange;
    const request = recorded ?? recordedRequest(this.#cassette.keyer, asked, sent);
    this.#why = this.#cassette.record({ key, isOrdered, request, stored: stored(), head, body, call, arrivals });
    this.#isRecorded = this.#why === null;
  }

  /**
   * Lets go of the request once its call is over.
   * @param done called before that, with why the answer is not recorded, or null; not where another call brings it
   */
  settle({ outcome, call, flight, reader }: CacheResult, done: (why: string | null) => void): void {
    const { body } = this.#exchange;
    if (outcome.word !== 'miss' && outcome.word !== 'bypass') return body?.release();
    void Promise.resolve(call).then(() => {
      done(this.#isRecorded ? null : (this.#why ?? flight?.unkept ?? failureIn(reader)));
      body?.release();
    });
  }

  /** Its request is not sent. */
  dismiss(): void {
    this.#exchange.body?.release();
  }
}

/** An answer that never began has the code of its error. */
function failureIn({ head, failure }: Reader): string {
  return head === null && failure !== null ? failure.error.code : 'cut';
}
