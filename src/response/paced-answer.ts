/**
 * An entry, to be played at a pace: its events become readable one after the other, by the clock, and none of its bytes
 * changes. For one reader, who is woken for each step; one that leaves takes the timer with it.
 *
 * Bytes between two events (comments, blank lines) come with the second, and those after the last event come at
 * the end. A body that is no stream is one step, at the end of its call.
 */
import type { Clock } from '../clock.ts';
import type { Pace } from '../config/pace.ts';
import { decodeArrivals } from './arrival-times.ts';
import type { Call, Entry, Head } from './entry.ts';
import { type Playable, Reader, type RecordingState } from './reader.ts';
import { EventReader } from './sse.ts';
import { isEventStream } from './validator.ts';

/** The times of an answer's steps, in ms since it was asked for. */
interface PacedSteps {
  /** The moment of the head, if no step comes before it. */
  readonly head: number;
  /** The moment of a step, counted from 0; `Infinity` never. */
  at(index: number): number;
}

/** A reader of an entry at that pace; null where it is to be had at once. */
export function pacedReader(entry: Entry, pace: Pace, clock: Clock): Reader | null {
  const steps = stepsOf(entry, pace);
  return steps && new PacedAnswer(entry, steps, clock).reader;
}

function stepsOf({ head, body, arrivals, call }: Entry, pace: Pace): PacedSteps | null {
  if (pace === 'instant') return null;
  if (pace !== 'recorded') return isEventStream(head) ? { head: 0, at: (index) => (index * 1000) / pace } : null;
  if (!isEventStream(head)) return call ? { head: call.ms, at: () => call.ms } : null;
  return recordedSteps(body, arrivals === undefined ? null : decodeArrivals(arrivals), call ?? null);
}

/**
 * The steps of a stream as it came: by the arrival times of its events; where they are not known, or it is made from an
 * answer that came in one piece, in even steps over what its call took.
 */
function recordedSteps(body: Buffer, arrivals: readonly number[] | null, call: Call | null): PacedSteps | null {
  const last = arrivals?.at(-1);
  if (arrivals && last !== undefined) {
    return { head: call?.firstByteMs ?? 0, at: (index) => arrivals[index] ?? Math.max(last, call?.ms ?? 0) };
  }
  if (call === null) return null;
  const { length } = [...endsOf(body)];
  return { head: call.firstByteMs, at: (index) => (call.ms * (index + 1)) / length };
}

/** Where each step ends in the body: one past each event, then the end. */
function* endsOf(body: Buffer): Generator<number, void, undefined> {
  let last = 0;
  for (const { end } of new EventReader().read(body)) yield (last = end);
  if (last < body.length) yield body.length;
}

class PacedAnswer implements Playable {
  readonly failure = null;
  /** Never, so that no reader takes it in one piece. */
  readonly whole = null;
  readonly length: number;
  readonly reader: Reader;
  readonly #entry: Entry;
  readonly #steps: PacedSteps;
  readonly #clock: Clock;
  readonly #startedAt: number;
  /** Where the steps end that may be read. */
  readonly #ends: number[] = [];
  /** Read one ahead: a long stream is not searched for its events all at once. */
  readonly #coming: Iterator<number>;
  #next: number | null;
  #head: Head | null = null;
  #cancel: (() => void) | null = null;

  constructor(entry: Entry, steps: PacedSteps, clock: Clock) {
    const { head, body } = entry;
    this.length = body.length;
    this.#entry = entry;
    this.#steps = steps;
    this.#clock = clock;
    this.#startedAt = clock.now();
    this.#coming = isEventStream(head) ? endsOf(body) : [body.length].values();
    this.#next = this.#readNext();
    this.reader = new Reader(this);
    this.#advance(0);
  }

  get state(): RecordingState {
    if (this.#head === null) return 'waiting';
    return this.#next === null ? 'complete' : 'streaming';
  }

  get head(): Head | null {
    return this.#head;
  }

  get bytes(): number {
    return this.#ends.at(-1) ?? 0;
  }

  chunkAt(index: number): Buffer | undefined {
    const end = this.#ends[index];
    return end === undefined ? undefined : this.#entry.body.subarray(this.#ends[index - 1] ?? 0, end);
  }

  played(): void {}

  left(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  #readNext(): number | null {
    const { value = 0 } = this.#coming.next();
    return value > this.bytes ? value : null;
  }

  /** The moment of the next change. */
  get #due(): number {
    const step = this.#next === null ? Infinity : this.#steps.at(this.#ends.length);
    return this.#head === null ? Math.min(this.#steps.head, step) : step;
  }

  /** Makes readable what is due, and sets the timer for what comes then. */
  #advance(ms: number): void {
    while (this.#due <= ms) {
      this.#head ??= this.#entry.head;
      if (this.#next === null || this.#steps.at(this.#ends.length) > ms) continue;
      this.#ends.push(this.#next);
      this.#next = this.#readNext();
    }
    const due = this.#due;
    if (due === Infinity) return;
    const passed = this.#clock.now() - this.#startedAt;
    const wake = () => {
      // A timer that is a little early is no reason for another.
      this.#advance(Math.max(due, this.#clock.now() - this.#startedAt));
      this.reader.player?.changed();
    };
    this.#cancel = this.#clock.after(Math.max(0, due - passed), wake, true);
  }
}
