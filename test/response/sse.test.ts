import { createParser } from 'eventsource-parser';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EventReader } from '../../src/response/sse.ts';
import { chatEvents, responseEvents } from '../harness/answers.ts';

function readEvents(chunks: readonly Buffer[]): { name: string; data: string }[] {
  const reader = new EventReader();
  return chunks.flatMap((chunk) => [...reader.read(chunk)].map(({ name, data }) => ({ name, data })));
}

function parseByLibrary(text: string): { name: string; data: string }[] {
  const events: { name: string; data: string }[] = [];
  const parser = createParser({ onEvent: ({ event = '', data }) => void events.push({ name: event, data }) });
  parser.feed(text);
  return events;
}

/** The bytes cut at these places. */
function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const edges = [
    0,
    ...places.map((place) => place % (bytes.length + 1)).sort((one, other) => one - other),
    bytes.length,
  ];
  return edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge));
}

describe('event boundaries', () => {
  test('are those of a well-kept parser, wherever the chunks are cut', () => {
    const line = fc.constantFrom(
      'data: x',
      'data:y',
      'data',
      'data:  two',
      'event: e',
      'event:',
      ': comment',
      'id: 1',
      'retry: 5',
      'odd',
      '',
      '',
      'data: 🌊 é',
    );
    const end = fc.constantFrom('\n', '\r\n', '\r');
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 20 }),
        end,
        fc.array(fc.nat(), { maxLength: 12 }),
        (lines, ending, places) => {
          const text = `${lines.join(ending)}${ending}${ending}data: end\n\n`;
          expect(readEvents(cutAt(Buffer.from(text), places))).toEqual(parseByLibrary(text));
        },
      ),
      { numRuns: 1_000 },
    );
  });

  test('hold when a stream comes byte by byte', () => {
    for (const events of [chatEvents(), responseEvents()]) {
      const bytes = Buffer.from(events.join(''));
      const single = Array.from(bytes, (byte) => Buffer.from([byte]));
      expect(readEvents(single)).toEqual(parseByLibrary(events.join('')));
      expect(readEvents(single)).toHaveLength(events.length);
    }
  });

  test('at the end of the stream: what stands there without an empty line is an event', () => {
    for (const [text, expected] of [
      ['data: x', ['x']],
      ['data: x\n', ['x']],
      ['data: x\r\n', ['x']],
      ['data: x\n\n', []],
      ['', []],
      [': comment', []],
    ] as const) {
      const reader = new EventReader();
      for (const _ of reader.read(Buffer.from(text))) continue;
      expect(
        [...reader.end()].map(({ data }) => data),
        JSON.stringify(text),
      ).toEqual(expected);
    }
  });

  test('do not begin with a byte order mark', () => {
    expect(readEvents([Buffer.from('\ufeffdata: x\n\n')])).toEqual([{ name: '', data: 'x' }]);
  });

  test('are told by where the event ends in its chunk', () => {
    const reader = new EventReader();
    expect([...reader.read(Buffer.from('data: a\n\ndata: b\r\n\r\ndata: c'))].map(({ end }) => end)).toEqual([9, 20]);
    expect([...reader.read(Buffer.from('\n\n'))].map(({ data, end }) => [data, end])).toEqual([['c', 2]]);
  });
});
