import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Entry } from '../../src/response/entry.ts';
import { decode, encode } from '../../src/response/codec.ts';
import { entryOf } from './entries.ts';

const text = fc.string({ unit: 'binary', maxLength: 40 });
const header = fc.tuple(text, text);

const entries: fc.Arbitrary<Entry> = fc.record({
  head: fc.record({ status: fc.integer({ min: 100, max: 599 }), statusText: text, headers: fc.array(header, { maxLength: 8 }).map((pairs) => pairs.flat()) }),
  body: fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
  storedAt: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
  expiresAt: fc.oneof(fc.nat({ max: Number.MAX_SAFE_INTEGER }), fc.constant(Infinity)),
  answerId: fc.option(text),
});

describe('an encoded entry', () => {
  test('is the same entry again, in a buffer of its own', () => {
    fc.assert(
      fc.property(text, entries, (key, entry) => {
        const frame = encode(key, entry);
        const decoded = decode(key, frame);
        expect(decoded).toEqual(entry);
        expect(decoded?.body.buffer).not.toBe(frame.buffer);
        expect(decoded?.body.buffer.byteLength).toBe(entry.body.length);
      }),
    );
  });

  test('is read from the middle of a larger buffer', () => {
    const frame = encode('key', entryOf('text'));
    const larger = Buffer.concat([Buffer.alloc(13, 7), frame, Buffer.alloc(5, 7)]);
    expect(decode('key', larger.subarray(13, 13 + frame.length))).toEqual(entryOf('text'));
  });

  test('is nothing when any one byte is changed', () => {
    fc.assert(
      fc.property(text, entries, fc.nat(), fc.integer({ min: 1, max: 255 }), (key, entry, position, flip) => {
        const frame = encode(key, entry);
        const at = position % frame.length;
        frame[at] = frame[at]! ^ flip;
        expect(decode(key, frame)).toBeUndefined();
      }),
      { numRuns: 1_000 },
    );
  });

  test('is nothing when any bit of any byte of it is flipped', () => {
    const frame = encode('key', entryOf('text'));
    for (let bit = 0; bit < frame.length * 8; bit += 1) {
      const flipped = Buffer.from(frame);
      flipped[bit >> 3] = flipped[bit >> 3]! ^ (1 << (bit & 7));
      expect(decode('key', flipped)).toBeUndefined();
    }
  });

  test('is nothing when it is cut anywhere', () => {
    const frame = encode('key', entryOf('text'));
    for (let length = 0; length < frame.length; length += 1) {
      expect(decode('key', frame.subarray(0, length))).toBeUndefined();
      expect(decode('key', frame.subarray(frame.length - length))).toBeUndefined();
    }
  });

  test('is nothing when it runs into more bytes or another entry', () => {
    fc.assert(
      fc.property(text, entries, entries, fc.uint8Array({ minLength: 1, maxLength: 60 }), (key, entry, other, bytes) => {
        const frame = encode(key, entry);
        expect(decode(key, Buffer.concat([frame, bytes]))).toBeUndefined();
        expect(decode(key, Buffer.concat([bytes, frame]))).toBeUndefined();
        expect(decode(key, Buffer.concat([frame, encode(key, other)]))).toBeUndefined();
      }),
    );
  });

  test('is nothing under another key', () => {
    fc.assert(
      fc.property(text, text, entries, (key, other, entry) => {
        fc.pre(key !== other);
        expect(decode(other, encode(key, entry))).toBeUndefined();
      }),
    );
  });

  test('is nothing under a key that UTF-8 cannot hold, even its own', () => {
    const frame = encode('half a pair \ud800', entryOf('text'));
    expect(decode('half a pair \ud800', frame)).toBeUndefined();
    expect(decode('half a pair \ud801', frame)).toBeUndefined();
  });

  test.each([
    ['a status that is no number', { head: { status: '200', statusText: '', headers: [] } }],
    ['a header without a value', { head: { status: 200, statusText: '', headers: ['name'] } }],
    ['a header that is no text', { head: { status: 200, statusText: '', headers: ['name', 1] } }],
    ['no time of storing', { storedAt: undefined }],
    ['an expiry that is no time', { expiresAt: Number.NaN }],
    ['an answer id that is no text', { answerId: 7 }],
  ])('is nothing with %s', (_, flaw) => {
    expect(decode('key', encode('key', { ...entryOf('text'), ...(flaw as object) }))).toBeUndefined();
  });

  test('is nothing in bytes that are none', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => decode('', bytes) === undefined));
  });
});
