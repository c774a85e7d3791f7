/**
 * Whole streams of chat and text completions: chunks of choices, then
 * `data: [DONE]`. Of servers that do not send that, a stream is whole where all
 * else says so: its framing, every choice, and the usage that was asked for.
 */
import { Choice } from './choice.ts';
import type { Expectation, Unkept } from './complete.ts';
import { isDone, type EventMeaning, StreamValidator } from './complete-stream.ts';
import { isErrorObject, isObject, type Json, modelOf, parse } from './json.ts';
import { isNumbered } from './numbering.ts';
import type { ServerSentEvent } from './sse.ts';
import { findUsage, laterUsage } from './usage.ts';

export class ChoiceStreamValidator extends StreamValidator {
  readonly #expected: Expectation;
  readonly #delimited: boolean;
  /** By index. */
  readonly #choices = new Map<unknown, Choice>();
  #hasChoices = false;
  #isDone = false;
  #unkept: Unkept | null = null;

  /** @param delimited whether HTTP marks the body's end; else only the connection's end does */
  constructor(expected: Expectation, delimited: boolean) {
    super();
    this.#expected = expected;
    this.#delimited = delimited;
  }

  protected onEvent(event: ServerSentEvent): EventMeaning {
    if (isDone(event.data)) {
      this.#isDone = true;
      return 'terminal';
    }
    const chunk = parse(event.data);
    if (isObject(chunk)) this.#read(chunk);
    else this.#unkept ??= 'not-json';
    return event.name === 'error' || (isObject(chunk) && isErrorObject(chunk)) ? 'error' : 'more';
  }

  #read(chunk: Json): void {
    this.model ??= modelOf(chunk);
    this.usage = laterUsage(this.usage, findUsage(chunk));
    if (!Array.isArray(chunk.choices)) return;
    this.#hasChoices = true;
    for (const choice of chunk.choices) this.#see(choice);
  }

  #see(piece: unknown): void {
    if (!isObject(piece)) {
      this.#unkept ??= 'missing-choice';
      return;
    }
    const index = piece.index ?? 0;
    const choice = this.#choices.get(index) ?? new Choice(this.#expected);
    this.#choices.set(index, choice);
    choice.addPiece(piece);
  }

  protected whyNot(): Unkept | null {
    if (!this.#hasChoices) return 'dialect';
    return this.#unkept ?? this.#whyNotChoices() ?? (this.#isDone ? null : this.#whyNotWithoutDone());
  }

  #whyNotChoices(): Unkept | null {
    for (const choice of this.#choices.values()) {
      const why = choice.whyNot();
      if (why) return why;
    }
    const { choices, prompts } = this.#expected;
    return isNumbered([...this.#choices.keys()], this.#isDone ? prompts : choices, choices) ? null : 'missing-choice';
  }

  #whyNotWithoutDone(): Unkept | null {
    if (this.#expected.doneMarker === 'required') return 'missing-done';
    if (!this.#delimited) return 'connection-close';
    if (this.#choices.values().some(({ goesOn }) => goesOn)) return 'unfinished';
    return this.#expected.usage && this.usage === null ? 'missing-usage' : null;
  }
}
