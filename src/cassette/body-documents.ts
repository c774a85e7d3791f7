/**
 * The documents of a body: one of JSON, the data of each event of a stream, the lines of a list, or one plain text;
 * each with the way back from a place in it to that in the body.
 */
import { withoutByteOrderMark } from '../response/byte-order-mark.ts';

export interface BodyDocument {
  readonly text: string;
  /** The place in the body of a place in the text. */
  readonly sourceAt: (offset: number) => number;
}

export interface BodyDocuments {
  /** `text` where it is none of the others. */
  readonly kind: 'json' | 'stream' | 'lines' | 'text';
  readonly documents: readonly BodyDocument[];
}

/** @param type the media type, or undefined */
export function documentsOf(body: string, type: string | undefined): BodyDocuments {
  if (type?.startsWith('text/event-stream')) return { kind: 'stream', documents: eventsOf(body) };
  if (/^[^;]*(?:ndjson|jsonl|json-lines)/.test(type ?? '')) return { kind: 'lines', documents: linesOf(body) };
  const text = withoutByteOrderMark(body);
  const start = body.length - text.length;
  const document = { text, sourceAt: (offset: number) => offset + start };
  if (isJson(text)) return { kind: 'json', documents: [document] };
  const lines = linesOf(body);
  return lines.length > 0 && lines.every((line) => isList(line.text) && isJson(line.text))
    ? { kind: 'lines', documents: lines }
    : { kind: 'text', documents: [document] };
}

/** A text that may be an object or an array. */
export function isList(text: string): boolean {
  return /^\s*[[{]/.test(text);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** A line with its place, without its end. */
interface SourceLine {
  readonly text: string;
  readonly start: number;
}

function* sourceLines(body: string): Generator<SourceLine, void, undefined> {
  let start = 0;
  for (const { 0: end, index } of body.matchAll(/\r\n|\n|\r/g)) {
    yield { text: body.slice(start, index), start };
    start = index + end.length;
  }
  yield { text: body.slice(start), start };
}

function linesOf(body: string): BodyDocument[] {
  const documents: BodyDocument[] = [];
  for (const { text, start } of sourceLines(body)) {
    if (text.trim() !== '') documents.push({ text, sourceAt: (offset) => start + offset });
  }
  return documents;
}

/** Comments, names and ids of events are documents of their own, so that nothing in a stream is passed over. */
function eventsOf(body: string): BodyDocument[] {
  const documents: BodyDocument[] = [];
  let data: SourceLine[] = [];
  const endEvent = () => {
    if (data.length > 0) documents.push(joined(data));
    data = [];
  };
  for (const { text, start } of sourceLines(body)) {
    const field = /^\ufeff?data(?:: ?|$)/.exec(text)?.[0];
    if (field !== undefined) data.push({ text: text.slice(field.length), start: start + field.length });
    else if (text === '') endEvent();
    else documents.push({ text, sourceAt: (offset) => start + offset });
  }
  endEvent();
  return documents;
}

/** The data of one event: its lines with LF between them. */
function joined(lines: readonly SourceLine[]): BodyDocument {
  const [only] = lines;
  if (lines.length === 1 && only !== undefined) return { text: only.text, sourceAt: (offset) => only.start + offset };
  return {
    text: lines.map(({ text }) => text).join('\n'),
    sourceAt: (offset) => {
      let rest = offset;
      for (const { text, start } of lines) {
        if (rest <= text.length) return start + rest;
        rest -= text.length + 1;
      }
      return (lines.at(-1)?.start ?? 0) + (lines.at(-1)?.text.length ?? 0);
    },
  };
}
