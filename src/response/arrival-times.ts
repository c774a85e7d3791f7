/**
 * The arrival times of the events of a stream, to be played at the pace at which it came: for each event the time after
 * the one before it, as a number of variable length, so that most take one byte. They say nothing of bytes.
 *
 * Kept as base64 in the head of a frame. An entry from before has none, nor has one with more events than are counted.
 */

/** Of one answer. */
const MOST_EVENTS = 20_000;
const SEVEN_BITS = 0x7f;
const MORE = 0x80;

export class ArrivalTimes {
  readonly #bytes: number[] = [];
  #events = 0;
  #last = 0;

  /** So many events have come by now. @param ms since the upstream was asked; a clock that is set back stands still */
  saw(events: number, ms: number): void {
    if (this.#events >= events) return;
    const now = Math.max(this.#last, Math.round(ms));
    if (this.#events < MOST_EVENTS) this.#push(now - this.#last);
    // The others of a chunk came with the first.
    for (let more = this.#events + 1; more < events && more < MOST_EVENTS; more += 1) this.#bytes.push(0);
    this.#events = events;
    this.#last = now;
  }

  /** Null where there was none, or too many. */
  encode(): string | null {
    if (this.#events === 0 || this.#events > MOST_EVENTS) return null;
    return Buffer.from(this.#bytes).toString('base64');
  }

  #push(delta: number): void {
    let rest = delta;
    for (; rest > SEVEN_BITS; rest = Math.floor(rest / MORE)) this.#bytes.push((rest % MORE) | MORE);
    this.#bytes.push(rest);
  }
}

/** In ms since the upstream was asked, a number for each event that has data, in order. */
export function decodeArrivals(encoded: string): number[] {
  const times: number[] = [];
  let [time, delta, unit] = [0, 0, 1];
  for (const byte of Buffer.from(encoded, 'base64')) {
    delta += (byte & SEVEN_BITS) * unit;
    unit *= MORE;
    if (byte >= MORE) continue;
    times.push((time += delta));
    [delta, unit] = [0, 1];
  }
  return times;
}
