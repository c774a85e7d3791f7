/**
 * The entry that a derived body makes: all that its source knows of the call, and a content type and a pace of its own.
 */
import { ArrivalTimes, decodeArrivals } from '../response/arrival-times.ts';
import { type Entry, type Head, headerOf } from '../response/entry.ts';

export type DerivedBody =
  | { readonly kind: 'document'; readonly text: string }
  | { readonly kind: 'stream'; readonly events: readonly string[] }
  /** A stream without some of its events: `dropped` are their places among those that have data. */
  | { readonly kind: 'stream-of-stream'; readonly text: string; readonly dropped: ReadonlySet<number> };

const JSON_TYPE = 'application/json';
const STREAM_TYPE = 'text/event-stream; charset=utf-8';

export function deriveEntry(source: Entry, derived: DerivedBody): Entry {
  const { head, arrivals: _, ...others } = source;
  const text = derived.kind === 'stream' ? derived.events.join('') : derived.text;
  const arrivals = arrivalsOf(source, derived);
  return {
    ...others,
    head:
      derived.kind === 'stream-of-stream'
        ? head
        : withType(head, derived.kind === 'document' ? JSON_TYPE : STREAM_TYPE),
    body: bytesOf(text),
    ...(arrivals !== null && { arrivals }),
  };
}

/** A buffer of its own, so that it holds no more than it counts. */
function bytesOf(text: string): Buffer {
  const body = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
  body.write(text);
  return body;
}

function withType({ headers, ...line }: Head, type: string): Head {
  if (headerOf(headers, 'content-type') === undefined) return { ...line, headers: [...headers, 'content-type', type] };
  const changed = headers.map((value, at) => {
    const isValue = at % 2 === 1;
    return isValue && headers[at - 1]?.toLowerCase() === 'content-type' ? type : value;
  });
  return { ...line, headers: changed };
}

/** A stream from a document comes in even steps over its call; one from a stream keeps the times of its events. */
function arrivalsOf({ call, arrivals }: Entry, derived: DerivedBody): string | null {
  const times = new ArrivalTimes();
  if (derived.kind === 'stream' && call) {
    const { length } = derived.events;
    for (let event = 1; event <= length; event += 1) times.saw(event, (call.ms * event) / length);
  }
  if (derived.kind === 'stream-of-stream' && arrivals !== undefined) {
    const kept = decodeArrivals(arrivals).filter((_, at) => !derived.dropped.has(at));
    for (const [at, time] of kept.entries()) times.saw(at + 1, time);
  }
  return times.encode();
}
