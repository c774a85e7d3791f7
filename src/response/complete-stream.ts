/**
 * Whole answers that are a stream of server-sent events.
 *
 *   open       events are arriving
 *   committed  the terminal event has come; whatever follows is relayed unread
 *
 * A stream in a dialect that is not the endpoint's is relayed and not kept:
 * how it ends is not for us to judge.
 */
import { type Expectation, type Judge, MORE, type Step, type Unkept, type Verdict } from './complete.ts';
import { isObject, type Json, parse, whyNotChoice, whyNotResponse } from './complete-json.ts';
import { EventReader, type ServerSentEvent } from './sse.ts';

const COMMITTED: Step = { kind: 'committed' };
const DONE = '[DONE]';

/** What one event means for the stream; a broken one breaks on that side of the event. */
type Meaning = 'more' | 'terminal' | { readonly broken: 'before' | 'after'; readonly why: string };

const ERROR_EVENT: Meaning = { broken: 'after', why: 'the stream carried an error event' };

abstract class StreamJudge implements Judge {
  readonly #events = new EventReader();
  #committed = false;

  push(chunk: Buffer): Step {
    if (this.#committed) return MORE;
    let start = 0;
    for (const event of this.#events.read(chunk)) {
      const meaning = this.understand(event);
      if (meaning === 'terminal') {
        this.#committed = true;
        return COMMITTED;
      }
      if (meaning !== 'more') {
        const told = meaning.broken === 'after';
        return { kind: 'broken', relay: told ? event.end : start, why: meaning.why, told };
      }
      start = event.end;
    }
    return MORE;
  }

  end(): Verdict {
    if (this.#committed) return this.verdict();
    for (const event of this.#events.end()) {
      const meaning = this.understand(event);
      if (meaning === 'terminal') return this.verdict();
      if (meaning !== 'more') return { kind: 'broken', why: meaning.why };
    }
    const open = this.whyOpen();
    return open === null ? this.verdict() : { kind: 'broken', why: open };
  }

  protected abstract understand(event: ServerSentEvent): Meaning;
  /** Why the stream may not end without a terminal event, or null where it may. */
  protected abstract whyOpen(): string | null;
  protected abstract verdict(): Verdict;
}

/** Chat and text completions: chunks of choices, then `data: [DONE]`. */
export class ChatStreamJudge extends StreamJudge {
  readonly #expected: Expectation;
  /** Each choice seen, by index: whether it has said why it ended. */
  readonly #finished = new Map<unknown, boolean>();
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
    if (!isObject(chunk)) this.#unkept = 'not-json';
    else if (Array.isArray(chunk.choices)) {
      this.#hasChoices = true;
      for (const choice of chunk.choices) if (isObject(choice)) this.#see(choice);
    }
    return 'more';
  }

  #see(choice: Json): void {
    const { index = 0, finish_reason: reason } = choice;
    const finished = typeof reason === 'string' && reason !== '';
    if (finished || choice.error) this.#unkept ??= whyNotChoice(choice);
    this.#finished.set(index, finished || this.#finished.get(index) === true);
  }

  #isForeign(): boolean {
    return this.#events > 0 && !this.#hasChoices;
  }

  #allFinished(): boolean {
    return this.#finished.size > 0 && [...this.#finished.values()].every(Boolean);
  }

  protected whyOpen(): string | null {
    if (this.#isForeign()) return null;
    if (!this.#allFinished()) return 'the stream ended before every choice had a finish_reason';
    if (this.#expected.doneMarker === 'optional') return null;
    return 'the stream ended without data: [DONE] (if this upstream never sends it, set REFRAIN_DONE_MARKER=optional)';
  }

  protected verdict(): Verdict {
    if (this.#isForeign()) return { kind: 'unkept', why: 'dialect' };
    const why = this.#unkept ?? (this.#finished.size === this.#expected.choices ? null : 'missing-choice');
    return why ? { kind: 'unkept', why } : { kind: 'whole', answerId: null };
  }
}

/** The events that end a stream of the Responses API; each carries the whole `response`. */
const TERMINAL = new Set(['response.completed', 'response.incomplete', 'response.failed', 'response.cancelled', 'response.done']);

/** Responses: typed events, the last of which carries the whole `response`. */
export class ResponseStreamJudge extends StreamJudge {
  #response: Json | null = null;
  #events = 0;
  #isTyped = false;

  protected understand({ name, data }: ServerSentEvent): Meaning {
    this.#events++;
    this.#isTyped ||= name.startsWith('response.');
    // A named event says what it is; only those that end the stream need be read.
    if (name !== '' && name !== 'error' && !TERMINAL.has(name)) return 'more';
    if (data === DONE) return 'terminal';
    const parsed = parse(data);
    const body = isObject(parsed) ? parsed : {};
    const type = typeof body.type === 'string' ? body.type : name;
    this.#isTyped ||= type.startsWith('response.');
    if (type === 'error' || name === 'error' || (body.error && !body.response)) return ERROR_EVENT;
    if (!TERMINAL.has(type)) return 'more';
    this.#response = isObject(body.response) ? body.response : {};
    return 'terminal';
  }

  protected whyOpen(): string | null {
    return this.#events > 0 && !this.#isTyped ? null : 'the stream ended before response.completed';
  }

  protected verdict(): Verdict {
    if (!this.#response) return { kind: 'unkept', why: this.#isTyped ? 'unfinished' : 'dialect' };
    const why = whyNotResponse(this.#response);
    if (why) return { kind: 'unkept', why };
    return { kind: 'whole', answerId: typeof this.#response.id === 'string' ? this.#response.id : null };
  }
}
