/**
 * The events of a whole stream, as text. Comments mean nothing to anybody; a field beside `event` and `data` would.
 */
import { withoutByteOrderMark } from '../response/byte-order-mark.ts';
import { refuse, refuseIf } from './refusal.ts';
import { AlikeReader, readSource } from './source.ts';
import { memberOf, type SourceValue } from './source-value.ts';

export interface WholeEvent {
  /** The `event` field; empty where there is none. */
  readonly name: string;
  /** The `data` fields, joined by LF. */
  readonly data: string;
}

const DONE = '[DONE]';

/**
 * One after the other.
 *
 * @throws Refusal for a stream that breaks off within an event; servers leave out the empty line after `[DONE]` alone
 */
export function* readEvents(stream: string): Generator<WholeEvent, void, undefined> {
  const text = withLineFeeds(withoutByteOrderMark(stream));
  const event = new GatheredEvent();
  for (let start = 0, end = 0; start < text.length; start = end + 1) {
    end = text.indexOf('\n', start);
    if (end === -1) end = text.length;
    if (end > start) event.addLine(text, start, end);
    else {
      const whole = event.take();
      if (whole !== null) yield whole;
    }
  }
  const last = event.take();
  refuseIf(last !== null && last.data !== DONE, 'a stream that breaks off');
  if (last !== null) yield last;
}

class GatheredEvent {
  #name = '';
  #data: string | null = null;

  addLine(text: string, start: number, end: number): void {
    const field = fieldAt(text, start);
    const value = valueOf(text, start + field.length + 1, end);
    if (field === 'data') this.#data = this.#data === null ? value : `${this.#data}\n${value}`;
    if (field === 'event') this.#name = value;
  }

  /** The event that an empty line ends: null where it has no data. */
  take(): WholeEvent | null {
    const whole = this.#data === null ? null : { name: this.#name, data: this.#data };
    this.#name = '';
    this.#data = null;
    return whole;
  }
}

/** The name of a line's field; empty for a comment. */
function fieldAt(text: string, start: number): 'data' | 'event' | '' {
  if (text.startsWith('data:', start)) return 'data';
  if (text.startsWith('event:', start)) return 'event';
  return text[start] === ':' ? '' : refuse('a field of a stream that is not known');
}

/** Lines end with LF, CRLF or CR. */
function withLineFeeds(text: string): string {
  return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
}

function valueOf(text: string, start: number, end: number): string {
  return text.slice(text[start] === ' ' ? start + 1 : start, end);
}

/** Data without anything in it, or `null`, by which some servers keep a connection alive. */
export function isHeartbeat({ name, data }: WholeEvent): boolean {
  return name === '' && (data === '' || data === 'null');
}

export function isDoneMarker({ name, data }: WholeEvent): boolean {
  return name === '' && data === DONE;
}

/** The chunks of a stream that `data: [DONE]` ends, one after the other. */
export function* readChunks(stream: string): Generator<SourceValue, void, undefined> {
  const reader = new AlikeReader();
  let isDone = false;
  for (const event of readEvents(stream)) {
    refuseIf(isDone, 'an event after the end');
    isDone = isDoneMarker(event);
    if (isDone || isHeartbeat(event)) continue;
    refuseIf(event.name !== '', 'an event with a name');
    yield reader.read(event.data);
  }
  refuseIf(!isDone, 'a stream without its end');
}

/** An event whose type its data repeats. */
export interface TypedEvent {
  readonly type: string;
  readonly body: SourceValue;
}

/** The events of a stream whose types stand in their data, and perhaps in their names too, one after the other. */
export function* readTypedEvents(stream: string): Generator<TypedEvent, void, undefined> {
  for (const event of readEvents(stream)) {
    if (isHeartbeat(event)) continue;
    const body = readSource(event.data);
    const type = (memberOf(body, 'type')?.text ?? '').slice(1, -1);
    refuseIf(event.name !== '' && event.name !== type, 'an event of two types');
    yield { type, body };
  }
}
