/**
 * Whole answers that are a stream of server-sent events.
 *
 *   open       events are arriving
 *   committed  the terminal event has come; whatever follows is relayed, and
 *              may only speak against keeping the answer
 *
 * An error among the events speaks against keeping the answer too, whatever
 * follows it; how the stream then ends is the upstream's affair.
 */
import type { Validator, Step, Unkept, Verdict } from './complete.ts';
import { EventReader, type ServerSentEvent } from './sse.ts';
import type { Usage } from './usage.ts';

const DONE = '[DONE]';

/** The meaning of one event for the stream. */
export type EventMeaning = 'more' | 'terminal' | 'error';

export abstract class StreamValidator implements Validator {
  usage: Usage | null = null;
  model: string | null = null;
  saysError = false;
  events = 0;
  protected answerId: string | null = null;
  readonly #reader = new EventReader();
  #isAny = false;
  #committed = false;
  #failed = false;

  push(chunk: Buffer): Step {
    const wasCommitted = this.#committed;
    for (const event of this.#reader.read(chunk)) {
      this.events += 1;
      this.#weigh(event);
    }
    return this.#committed && !wasCommitted ? 'committed' : 'more';
  }

  end(): Verdict {
    for (const event of this.#reader.end()) this.#weigh(event);
    const why = !this.#isAny ? 'no-event' : this.#failed ? 'error-object' : this.whyNot();
    return why ? { kind: 'unkept', why } : { kind: 'whole', answerId: this.answerId };
  }

  #weigh(event: ServerSentEvent): void {
    if (isHeartbeat(event)) return;
    this.#isAny = true;
    const meaning = this.onEvent(event);
    this.saysError = meaning === 'error';
    this.#failed ||= this.saysError;
    this.#committed ||= meaning === 'terminal';
  }

  protected abstract onEvent(event: ServerSentEvent): EventMeaning;
  /** Why the stream is not whole that has ended here, or nothing. */
  protected abstract whyNot(): Unkept | null;
}

/** Clients of the API look at no more of it. */
export function isDone(data: string): boolean {
  return data.trimStart().startsWith(DONE);
}

/** Some servers send data without anything in it to keep the connection alive. */
function isHeartbeat({ name, data }: ServerSentEvent): boolean {
  return name !== 'error' && data.length <= HEARTBEAT && NOTHING.has(data.trim());
}

const NOTHING: ReadonlySet<string> = new Set(['', 'null', '""']);

/** The longest data that is looked at for being none, in UTF-16 units. */
const HEARTBEAT = 16;
