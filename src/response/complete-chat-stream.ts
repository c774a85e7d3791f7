/**
 * Whole streams of chat and text completions: chunks of choices, then
 * `data: [DONE]`.
 */
import { Choice } from './choice.ts';
import type { Expectation, Unkept, Verdict } from './complete.ts';
import { isNumbered } from './complete-json.ts';
import { DONE, ERROR_EVENT, type Meaning, StreamJudge } from './complete-stream.ts';
import { isObject, parse } from './json.ts';
import type { ServerSentEvent } from './sse.ts';
import { readUsage } from './usage.ts';

export class ChatStreamJudge extends StreamJudge {
  readonly #expected: Expectation;
  /** By index. */
  readonly #choices = new Map<unknown, Choice>();
  #events = 0;
  #hasChoices = false;
  #unkept: Unkept | null = null;

  constructor(expected: Expectation) {
    super();
    this.#expected = expected;
  }

  protected understand(event: ServerSentEvent): Meaning {
    if (event.data === DONE) {
      if (this.#isForeign() || this.#allFinished()) return 'terminal';
      return { broken: 'before', why: 'data: [DONE] came before every choice had a finish_reason' };
    }
    this.#events++;
    const chunk = parse(event.data);
    if (event.name === 'error' || (isObject(chunk) && chunk.error)) return ERROR_EVENT;
    if (!isObject(chunk)) {
      this.#unkept ??= 'not-json';
      return 'more';
    }
    if (chunk.usage) this.usage = readUsage(chunk.usage) ?? this.usage;
    if (Array.isArray(chunk.choices)) {
      this.#hasChoices = true;
      for (const choice of chunk.choices) this.#see(choice);
    }
    return 'more';
  }

  #see(piece: unknown): void {
    if (!isObject(piece)) {
      this.#unkept ??= 'missing-choice';
      return;
    }
    const index = piece.index ?? 0;
    const choice = this.#choices.get(index) ?? new Choice(this.#expected.jsonText);
    this.#choices.set(index, choice);
    choice.add(piece);
  }

  #isForeign(): boolean {
    return this.#events > 0 && !this.#hasChoices;
  }

  #allFinished(): boolean {
    return this.#choices.size > 0 && [...this.#choices.values()].every((choice) => choice.isFinished);
  }

  protected whyOpen(): string | null {
    if (this.#isForeign()) return null;
    if (!this.#allFinished()) return 'the stream ended before every choice had a finish_reason';
    if (this.#expected.doneMarker === 'optional') return null;
    return 'the stream ended without data: [DONE] (if this upstream never sends it, set REFRAIN_DONE_MARKER=optional)';
  }

  protected verdict(): Verdict {
    if (this.#isForeign()) return { kind: 'unkept', why: 'dialect' };
    const why = this.#unkept ?? this.#whyNotChoices();
    return why ? { kind: 'unkept', why } : { kind: 'whole', answerId: null };
  }

  #whyNotChoices(): Unkept | null {
    for (const choice of this.#choices.values()) {
      const why = choice.whyNot();
      if (why) return why;
    }
    return isNumbered([...this.#choices.keys()], this.#expected.choices) ? null : 'missing-choice';
  }
}
