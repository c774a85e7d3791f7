/**
 * Whole answers that are one JSON document.
 */
import type { Expectation, Validator, Step, Verdict } from './complete.ts';
import { RESPONSE_ENDPOINTS } from './endpoints/table.ts';
import { isErrorObject, isObject, modelOf, parse } from './json.ts';
import type { Usage } from './usage.ts';

export class JsonValidator implements Validator {
  usage: Usage | null = null;
  model: string | null = null;
  readonly saysError = false;
  readonly events = 0;
  readonly #expected: Expectation;

  constructor(expected: Expectation) {
    this.#expected = expected;
  }

  push(): Step {
    return 'more';
  }

  end(read: () => Buffer): Verdict {
    const answer = parse(read().toString());
    if (!isObject(answer)) return { kind: 'unkept', why: 'not-json' };
    const endpoint = RESPONSE_ENDPOINTS[this.#expected.endpoint];
    this.usage = endpoint.usage.find(answer);
    this.model = modelOf(answer);
    const why = isErrorObject(answer) ? 'error-object' : endpoint.whyNotWhole(answer, this.#expected);
    return why ? { kind: 'unkept', why } : { kind: 'whole', answerId: endpoint.answerId(answer) };
  }
}
