import { describe, expect, test } from 'vitest';
import { decode, encode } from '../../src/response/codec.ts';
import { framesKeepTheirWord } from './codec-properties.ts';
import { entryOf } from './entries.ts';

framesKeepTheirWord({ roundTrips: 500, changes: 20_000, cuts: 10_000, joins: 200 });

describe('an encoded entry', () => {
  test('is read from the middle of a larger buffer', () => {
    const frame = encode('key', entryOf('text'));
    const larger = Buffer.concat([Buffer.alloc(13, 7), frame, Buffer.alloc(5, 7)]);
    expect(decode('key', larger.subarray(13, 13 + frame.length))).toEqual(entryOf('text'));
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
    ['a call without times', { call: { usage: null } }],
    [
      'a call whose usage is odd',
      { call: { usage: { input: -1, cachedInput: 0, output: 1, reasoning: 0 }, firstByteMs: 1, ms: 2 } },
    ],
  ])('is nothing with %s', (_, flaw) => {
    expect(decode('key', encode('key', { ...entryOf('text'), ...(flaw as object) }))).toBeUndefined();
  });
});
