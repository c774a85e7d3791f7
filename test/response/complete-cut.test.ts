/**
 * Streams of real servers and of a mock of OpenAI's, shortened, and cut wherever
 * they can be. A stream is whole once the data of its terminal event has come:
 * all that may be missing then is white space.
 */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { validateStream, type Wanted } from './validate.ts';

const STREAMS: readonly (readonly [string, Wanted])[] = [
  ['chat-usage', {}],
  ['chat-tool-calls-of-two-choices', { choices: 2 }],
  ['chat-refusal', { jsonText: true }],
  ['chat-json', { jsonText: true }],
  ['chat-reasoning', {}],
  ['chat-llama', {}],
  ['completion', { endpoint: 'completions' }],
  ['response-text', { endpoint: 'responses' }],
  ['response-tool-call', { endpoint: 'responses', jsonText: true }],
];

const read = (name: string) => readFileSync(new URL(`../fixtures/streams/${name}.sse`, import.meta.url));

/** Where each event ends, and where the data of the last one does. */
function placesIn(bytes: Buffer): { readonly boundaries: readonly number[]; readonly end: number } {
  const text = bytes.toString('latin1');
  return {
    boundaries: [...text.matchAll(/\n\n+/g)].map(({ index, 0: gap }) => index + gap.length),
    end: text.trimEnd().length,
  };
}

/** How many choices or responses have ended by then. */
function ends(bytes: Buffer): number {
  return bytes.toString().match(/"finish_reason":"|event: response.completed/g)?.length ?? 0;
}

function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const edges = [0, ...places.map((place) => place % bytes.length).sort((one, other) => one - other), bytes.length];
  return edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge));
}

describe.each(STREAMS)('%s', (name, wanted) => {
  const bytes = read(name);
  const { boundaries, end } = placesIn(bytes);

  test('is whole in whatever pieces it comes', () => {
    expect(validateStream([bytes], wanted)).toBe('whole');
    expect(
      validateStream(
        cutAt(
          bytes,
          Array.from(bytes, (_, at) => at),
        ),
        wanted,
      ),
    ).toBe('whole');
    fc.assert(
      fc.property(
        fc.array(fc.nat(), { maxLength: 20 }),
        (places) => validateStream(cutAt(bytes, places), wanted) === 'whole',
      ),
      { numRuns: 50 },
    );
  });

  test('is not whole where it ends between two events', () => {
    expect(boundaries.length).toBeGreaterThan(3);
    for (const place of [0, ...boundaries.filter((at) => at < end)])
      expect(validateStream([bytes.subarray(0, place)], wanted)).not.toBe('whole');
  });

  test('of a server that may leave out [DONE], is not whole before its last choice has ended', () => {
    for (const place of boundaries.slice(0, -4)) {
      const cut = bytes.subarray(0, place);
      const isEnded = ends(cut) === ends(bytes);
      expect(isEnded || validateStream([cut], { ...wanted, doneMarker: 'optional' }) !== 'whole').toBe(true);
    }
  });

  test('is not whole at any byte before its end, and is from there on', () => {
    for (let place = 0; place <= bytes.length; place++)
      expect([place, validateStream([bytes.subarray(0, place)], wanted) === 'whole']).toEqual([place, place >= end]);
  });

  test('is not whole where its tail is lost, in whatever pieces it comes', () => {
    const cuts = fc.tuple(fc.nat(end - 1), fc.array(fc.nat(), { maxLength: 8 }));
    fc.assert(
      fc.property(
        cuts,
        ([place, places]) => place === 0 || validateStream(cutAt(bytes.subarray(0, place), places), wanted) !== 'whole',
      ),
      { numRuns: 100 },
    );
  });
});
