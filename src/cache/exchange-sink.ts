/**
 * Where the answer to a request lands that has no key of the cache's, and is recorded all the same: nobody joins its
 * flight, and nothing else is kept of it.
 */
import type { EndedAnswer } from '../cassette/ended-answer.ts';
import type { Expectation, Verdict } from '../response/complete.ts';
import type { Head } from '../response/entry.ts';
import type { CallHistory, Sink } from './flight-plan.ts';
import { FOR_ALL, type Recorder } from './recorder.ts';

export class ExchangeSink implements Sink {
  readonly expected: Expectation | null;
  readonly model = null;
  readonly unstorable = null;
  terms = FOR_ALL;
  before = undefined;
  readonly #recorder: Recorder;

  /** @param expected null where nobody validates its answers */
  constructor(recorder: Recorder, expected: Expectation | null) {
    this.#recorder = recorder;
    this.expected = expected;
  }

  begun(): void {}

  whyNot(answer: EndedAnswer): string | null {
    return this.#recorder.whyNot(answer);
  }

  keep(head: Head, body: Buffer, _verdict: Verdict | null, history: CallHistory): void {
    this.#recorder.record(head, body, history);
  }

  refuse(): void {}

  release(): void {}
}
