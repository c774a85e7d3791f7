/**
 * Whole answers that are a stream of server-sent events.
 *
 *   open       events are arriving
 *   committed  the terminal event has come; whatever follows is relayed unread
 */
import { type Expectation, type Judge, MORE, type Step, type Unkept, type Verdict } from './complete.ts';
import { parse, whyNotResponse } from './complete-json.ts';
import { EventReader, type ServerSentEvent } from './sse.ts';

type Json = Readonly<Record<string, unknown>>;

const COMMITTED: Step = { kind: 'committed' };

/** What one event means for the stream; `before` and `after` say on which side of it the stream breaks. */
type Meaning = 'more' | 'terminal' | { readonly broken: 'before' | 'after'; readonly why: string };

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
    const open = this.#committed ? null : this.whyOpen();
    return open ? { kind: 'broken', why: open } : this.verdict();
  }

  protected abstract understand(event: ServerSentEvent): Meaning;
  /** Why the stream may not end without a terminal event, or nothing. */
  protected abstract whyOpen(): string | null;
  protected abstract verdict(): Verdict;
}

/** Chat and text completions: chunks of choices, then `data: [DONE]`. */
export class ChatStreamJudge extends StreamJudge {
  readonly #expected: Expectation;
  /** The choices seen, by index, and whether each has said why it ended. */
  readonly #finished = new Map<unknown, boolean>();
  #unkept: Unkept | null = null;

  constructor(expected: Expectation) {
    super();
    this.#expected = expected;
  }

  protected understand(event: ServerSentEvent): Meaning {
    if (event.data === '[DONE]') {
      return this.#allFinished() ? 'terminal' : { broken: 'before', why: 'data: [DONE] came before every choice had a finish_reason' };
    }
    const chunk = parse(event.data);
    if (event.name === 'error' || chunk?.error) return { broken: 'after', why: 'the stream carried an error event' };
    if (!chunk) this.#unkept = 'not-json';
    else if (Array.isArray(chunk.choices)) for (const choice of chunk.choices) this.#see(choice as Json | null);
    return 'more';
  }

  #see(choice: Json | null): void {
    const index = choice?.index ?? 0;
    const finished = typeof choice?.finish_reason === 'string';
    this.#finished.set(index, finished || this.#finished.get(index) === true);
  }

  #allFinished(): boolean {
    return this.#finished.size > 0 && [...this.#finished.values()].every(Boolean);
  }

  protected whyOpen(): string | null {
    if (!this.#allFinished()) return 'the stream ended before every choice had a finish_reason';
    if (this.#expected.doneMarker === 'optional') return null;
    return 'the stream ended without data: [DONE] (if this upstream never sends it, set REFRAIN_DONE_MARKER=optional)';
  }

  protected verdict(): Verdict {
    const why = this.#unkept ?? (this.#finished.size === this.#expected.choices ? null : 'missing-choice');
    return why ? { kind: 'unkept', why } : { kind: 'whole', answerId: null };
  }
}

/** Responses: typed events, the last of which carries the whole `response`. */
export class ResponseStreamJudge extends StreamJudge {
  #response: Json | null = null;

  protected understand(event: ServerSentEvent): Meaning {
    const known = event.name !== '' && event.name !== 'error' && !TERMINAL.has(event.name);
    if (known) return 'more';
    const body = parse(event.data);
    const type = body?.type ?? event.name;
    if (type === 'error' || event.name === 'error' || (body?.error && !body.response)) {
      return { broken: 'after', why: 'the stream carried an error event' };
    }
    if (typeof type !== 'string' || !TERMINAL.has(type)) return 'more';
    this.#response = (body?.response as Json | null | undefined) ?? {};
    return 'terminal';
  }

  protected whyOpen(): string | null {
    return 'the stream ended before response.completed';
  }

  protected verdict(): Verdict {
    const response = this.#response ?? {};
    const why = whyNotResponse(response);
    if (why) return { kind: 'unkept', why };
    return { kind: 'whole', answerId: typeof response.id === 'string' ? response.id : null };
  }
}

const TERMINAL = new Set(['response.completed', 'response.incomplete', 'response.failed', 'response.cancelled']);
