/**
 * The properties of every frame, however often they are tried: the entry that was
 * encoded under a key, or nothing. Declares tests.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decode, encode } from '../../src/response/codec.ts';
import { compact, type Entry } from '../../src/response/entry.ts';
import { entryOf, textOf } from './entries.ts';

/** How often each is tried. */
export interface CodecCounts {
  readonly roundTrips: number;
  readonly changes: number;
  readonly cuts: number;
  readonly joins: number;
}

const ODD_KEYS = [
  '',
  ' ',
  '\u0000',
  '\ufeff',
  '\ufeffkey',
  'key',
  'k\u00e9y',
  'ke\u0301y',
  '\u{10ffff}',
  '\ufffd',
  '🔑',
  '🔑'.repeat(2_000),
  '__proto__',
];
/** Any text that UTF-8 can hold. */
const key = fc.oneof(
  { arbitrary: fc.string({ unit: 'binary', maxLength: 40 }), weight: 4 },
  fc.constantFrom(...ODD_KEYS),
);
/** Any text at all, halves of surrogate pairs included: what JSON can hold. */
const text = fc.string({ unit: fc.nat({ max: 0xffff }).map((unit) => String.fromCharCode(unit)), maxLength: 40 });
const header = fc.tuple(text, text).map(([name, value]) => [name, value]);
const time = fc.oneof(
  fc.nat({ max: Number.MAX_SAFE_INTEGER }),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
);

const tokens = fc.nat({ max: 1e8 });
const call = fc.record({
  usage: fc.option(fc.record({ input: tokens, cachedInput: tokens, output: tokens, reasoning: tokens })),
  firstByteMs: fc.nat(),
  ms: fc.nat(),
});

const request = fc.record({
  endpoint: fc.constantFrom('chat' as const, 'responses' as const),
  model: fc.option(text),
  scope: text,
  tags: fc.array(text, { maxLength: 3 }),
  parts: fc.option(fc.record({ path: text, body: text })),
});
const purgeMark = fc.record({ log: text, id: fc.nat(), record: text });

const entry: fc.Arbitrary<Entry> = fc
  .record({
    head: fc.record({
      status: fc.integer({ min: 100, max: 599 }),
      statusText: text,
      headers: fc.array(header, { maxLength: 8 }).map((pairs) => pairs.flat()),
    }),
    body: fc.uint8Array({ maxLength: 400 }).map((bytes) => compact([Buffer.from(bytes)], bytes.length)),
    storedAt: time,
    expiresAt: fc.oneof(time, fc.constant(Infinity)),
    answerId: fc.option(text),
  })
  .chain((known) =>
    fc
      .record({
        call: fc.option(call, { nil: undefined }),
        arrivals: fc.option(text, { nil: undefined }),
        mark: fc.option(purgeMark, { nil: undefined }),
        asked: fc.option(request, { nil: undefined }),
      })
      .map(({ call, arrivals, mark, asked }) => ({
        ...known,
        ...(call && { call }),
        ...(arrivals && { arrivals }),
        ...(mark && { purgeMark: mark }),
        ...(asked && { request: asked }),
      })),
  );

const small = entryOf('text', { answerId: 'chatcmpl-1' });
const large = entryOf(textOf(1, 3_000_000));

/** Not `expect`, which is slow where it is asked a million times. */
function mustBeNothing(key: string, frame: Uint8Array, what: () => string): void {
  if (decode(key, frame) !== undefined) throw new Error(`this is no miss: ${what()}`);
}

/** With one byte another than it was. */
function changed(frame: Buffer, at: number, mask: number, act: () => void): void {
  const byte = frame[at] as number;
  frame[at] = byte ^ mask;
  act();
  frame[at] = byte;
}

/** Tries a property on one frame after another, until what it returns, its tries, come to `count`. */
function tryOn(count: number, property: (key: string, frame: Buffer, seed: number) => number): void {
  let tries = 0;
  while (tries < count) {
    fc.assert(
      fc.property(key, entry, fc.nat(), (key, entry, seed) => void (tries += property(key, encode(key, entry), seed))),
      { numRuns: 20 },
    );
  }
}

export function framesKeepTheirWord({ roundTrips, changes, cuts, joins }: CodecCounts): void {
  describe('an encoded entry', () => {
    test(`is the same entry again, in a buffer of its own: ${roundTrips} of them`, () => {
      fc.assert(
        fc.property(key, entry, (key, entry) => {
          const frame = encode(key, entry);
          const decoded = decode(key, frame);
          expect(decoded).toEqual(entry);
          expect(decoded?.body.buffer).not.toBe(frame.buffer);
          expect(decoded?.body.buffer.byteLength).toBe(entry.body.length);
        }),
        { numRuns: roundTrips },
      );
    });

    test(`is nothing when any one byte is another: ${changes} changes, at every place of a frame`, () => {
      tryOn(changes, (key, frame, seed) => {
        for (let at = 0; at < frame.length; at += 1) {
          const mask = 1 + ((seed + at * 97) % 255);
          changed(frame, at, mask, () =>
            mustBeNothing(key, frame, () => `${frame.toString('hex')}, where byte ${at} was changed by ${mask}`),
          );
        }
        return frame.length;
      });
    });

    test('is nothing when any one byte is any other', () => {
      const frame = encode('key', small);
      for (let at = 0; at < frame.length; at += 1) {
        for (let mask = 1; mask < 256; mask += 1)
          changed(frame, at, mask, () => mustBeNothing('key', frame, () => `byte ${at} changed by ${mask}`));
      }
      expect(decode('key', frame)).toEqual(small);
    });

    test('is nothing when any one byte is another, where it is long', () => {
      const frame = encode('key', large);
      for (let part = 0; part < 40; part += 1) {
        const at = Math.floor((part * (frame.length - 1)) / 39);
        changed(frame, at, 1 << (part % 8), () => mustBeNothing('key', frame, () => `byte ${at} changed`));
      }
      expect(decode('key', frame)?.body.equals(large.body)).toBe(true);
    });

    test(`is nothing when it is cut anywhere, at either end: ${cuts} cuts`, () => {
      tryOn(cuts, (key, frame) => {
        for (let length = 0; length < frame.length; length += 1) {
          mustBeNothing(key, frame.subarray(0, length), () => `the first ${length} of ${frame.toString('hex')}`);
          mustBeNothing(
            key,
            frame.subarray(frame.length - length),
            () => `the last ${length} of ${frame.toString('hex')}`,
          );
        }
        return 2 * frame.length;
      });
    });

    test(`is nothing when it runs into more bytes or another entry: ${joins} times each`, () => {
      const junk = fc.uint8Array({ minLength: 1, maxLength: 60 });
      fc.assert(
        fc.property(key, key, entry, entry, junk, (key, other, entry, next, bytes) => {
          const frame = encode(key, entry);
          const joined = [
            [frame, bytes],
            [bytes, frame],
            [frame, encode(other, next)],
            [frame, encode(key, next)],
            [frame, frame],
          ];
          for (const parts of joined) {
            const whole = Buffer.concat(parts);
            for (const asked of [key, other]) mustBeNothing(asked, whole, () => whole.toString('hex'));
          }
        }),
        { numRuns: joins },
      );
    });

    test(`is nothing under another key: ${joins} pairs`, () => {
      fc.assert(
        fc.property(key, key, entry, (key, other, entry) => {
          fc.pre(key !== other);
          const frame = encode(key, entry);
          for (const asked of [
            other,
            key + other,
            `${key}\u0000`,
            `${key} `,
            key.slice(1),
            key.trim(),
            key.toLowerCase(),
            key.normalize('NFC'),
            key.normalize('NFD'),
          ]) {
            if (asked !== key)
              mustBeNothing(
                asked,
                frame,
                () => `asked for ${JSON.stringify(asked)}, which is filed under ${JSON.stringify(key)}`,
              );
          }
        }),
        { numRuns: joins },
      );
    });

    test(`is not to be found in bytes at random: ${joins} lots`, () => {
      const opened = fc
        .uint8Array({ maxLength: 200 })
        .map((bytes) => Buffer.concat([encode('', small).subarray(0, 5), bytes]));
      fc.assert(
        fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), opened), key, (bytes, key) =>
          mustBeNothing(key, bytes, () => Buffer.from(bytes).toString('hex')),
        ),
        { numRuns: joins },
      );
    });
  });
}
