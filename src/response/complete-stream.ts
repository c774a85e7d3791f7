/**
 * Whole answers that are a stream of server-sent events.
 *
 *   open       events are arriving
 *   committed  the terminal event has come; whatever follows is relayed, and
 *              may only speak against keeping the answer
 *
 * A stream in a dialect that is not the endpoint's is relayed and not kept:
 * how it ends is not for us to judge.
 */
import { type Judge, MORE, type Step, type Verdict } from './complete.ts';
import { EventReader, type ServerSentEvent } from './sse.ts';
import type { Usage } from './usage.ts';

const COMMITTED: Step = { kind: 'committed' };
export const DONE = '[DONE]';

/** What one event means for the stream; a broken one breaks on that side of the event. */
export type Meaning = 'more' | 'terminal' | { readonly broken: 'before' | 'after'; readonly why: string };

export const ERROR_EVENT: Meaning = { broken: 'after', why: 'the stream carried an error event' };

export abstract class StreamJudge implements Judge {
  usage: Usage | null = null;
  readonly #events = new EventReader();
  #committed = false;
  /** Whether an error event has followed the terminal one. */
  #spoilt = false;

  push(chunk: Buffer): Step {
    const wasCommitted = this.#committed;
    let start = 0;
    for (const event of this.#events.read(chunk)) {
      const broken = this.#weigh(event);
      if (broken) {
        const told = broken.broken === 'after';
        return { kind: 'broken', relay: told ? event.end : start, why: broken.why, told };
      }
      start = event.end;
    }
    return this.#committed && !wasCommitted ? COMMITTED : MORE;
  }

  end(): Verdict {
    for (const event of this.#events.end()) {
      const broken = this.#weigh(event);
      if (broken) return { kind: 'broken', why: broken.why };
    }
    const open = this.#committed ? null : this.whyOpen();
    if (open !== null) return { kind: 'broken', why: open };
    return this.#spoilt ? { kind: 'unkept', why: 'error-object' } : this.verdict();
  }

  /** @returns what breaks the stream, if this event does */
  #weigh(event: ServerSentEvent): Exclude<Meaning, string> | null {
    const meaning = this.understand(event);
    if (this.#committed) this.#spoilt ||= meaning === ERROR_EVENT;
    else if (meaning === 'terminal') this.#committed = true;
    else if (meaning !== 'more') return meaning;
    return null;
  }

  protected abstract understand(event: ServerSentEvent): Meaning;
  /** Why the stream may not end without a terminal event, or null where it may. */
  protected abstract whyOpen(): string | null;
  protected abstract verdict(): Verdict;
}
