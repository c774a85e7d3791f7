/**
 * Event boundaries of a `text/event-stream`, found in bytes as they arrive.
 *
 * Lines end with LF, CRLF or CR, and an event ends at an empty line
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html). Chunk
 * boundaries mean nothing and may cut a UTF-8 sequence, so bytes are decoded a
 * whole line at a time. The reader only looks: what is relayed is what came.
 */
import { withoutByteOrderMark } from './byte-order-mark.ts';

export interface ServerSentEvent {
  /** The `event` field; empty where there is none. */
  readonly name: string;
  /** The `data` fields, joined by LF. */
  readonly data: string;
  /** Where the event ends in the chunk that completed it: one past its empty line. */
  readonly end: number;
}

const LF = 0x0a;
const CR = 0x0d;

/**
 * The end of the next line at or after a place, or -1. Few servers write CR, and a search for one byte is the engine's
 * own.
 */
function lineEnd(chunk: Buffer, from: number, hasCr: boolean): number {
  if (!hasCr) return chunk.indexOf(LF, from);
  for (let at = from; at < chunk.length; at++) if (chunk[at] === LF || chunk[at] === CR) return at;
  return -1;
}

export class EventReader {
  #name = '';
  #data: string[] = [];
  /** The bytes of the line being read that came in earlier chunks. */
  #held: Buffer[] = [];
  #afterCr = false;
  #started = false;

  /** The events that `chunk` completes, in order. Events without data are passed over, as the standard says. */
  *read(chunk: Buffer): Generator<ServerSentEvent, void, undefined> {
    let start = 0;
    const hasCr = chunk.includes(CR);
    for (let at = lineEnd(chunk, 0, hasCr); at !== -1; at = lineEnd(chunk, at + 1, hasCr)) {
      const byte = chunk[at];
      const second = byte === LF && at === start && this.#afterCr && this.#held.length === 0;
      this.#afterCr = byte === CR;
      const line = second ? null : this.#line(chunk.subarray(start, at));
      start = at + 1;
      if (line === null) continue;
      if (line !== '') this.#field(line);
      else yield* this.#event(byte === CR && chunk[start] === LF ? start + 1 : start);
    }
    if (start < chunk.length) {
      this.#afterCr = false;
      this.#held.push(chunk.subarray(start));
    }
  }

  /**
   * The event that the stream breaks off in, if its data is there. The standard
   * drops it, but readers in use do not all wait for the empty line.
   */
  *end(): Generator<ServerSentEvent, void, undefined> {
    const line = this.#line(Buffer.alloc(0));
    if (line !== '') this.#field(line);
    yield* this.#event(0);
  }

  #line(end: Buffer): string {
    const line = this.#held.length === 0 ? end.toString() : Buffer.concat([...this.#held, end]).toString();
    this.#held = [];
    const first = !this.#started;
    this.#started = true;
    return first ? withoutByteOrderMark(line) : line;
  }

  #field(line: string): void {
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    if (field !== 'data' && field !== 'event') return;
    const start = line[colon + 1] === ' ' ? colon + 2 : colon + 1;
    const value = colon === -1 ? '' : line.slice(start);
    if (field === 'event') this.#name = value;
    else this.#data.push(value);
  }

  *#event(end: number): Generator<ServerSentEvent, void, undefined> {
    const event = { name: this.#name, data: this.#data.join('\n'), end };
    const filled = this.#data.length > 0;
    this.#name = '';
    this.#data = [];
    if (filled) yield event;
  }
}
