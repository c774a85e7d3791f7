/**
 * Encoded answers in pieces of any size, whole, cut, spoilt or lied about, that end,
 * break off and are held back at any time.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { brotliCompressSync, constants, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { upstreamCut } from '../../src/errors.ts';
import { type Head, headerOf } from '../../src/response/entry.ts';
import type { AnswerFailure, Source, Writer } from '../../src/response/writer.ts';
import { DecodingWriter } from '../../src/upstream/decoding.ts';

const CODINGS = {
  gzip: gzipSync,
  'x-gzip': gzipSync,
  deflate: deflateSync,
  'deflate ': deflateRawSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
} as const;

/** The sink of an answer: it takes one piece at a time where it is slow. */
class Heard implements Writer {
  source: Source | null = null;
  head: Head | null = null;
  readonly chunks: Buffer[] = [];
  readonly ends: string[] = [];
  readonly over = Promise.withResolvers<void>();
  readonly #isSlow: boolean;

  constructor(isSlow: boolean) {
    this.#isSlow = isSlow;
  }

  begin(head: Head): void {
    if (this.head !== null) this.ends.push('begun twice');
    this.head = head;
  }

  append(chunk: Buffer): boolean {
    if (this.head === null || this.ends.length > 0) this.ends.push('out of turn');
    this.chunks.push(chunk);
    if (this.#isSlow) setImmediate(() => this.source?.resume());
    return !this.#isSlow;
  }

  finish(): void {
    this.ends.push('finished');
    this.over.resolve();
  }

  fail({ error }: AnswerFailure): void {
    this.ends.push(error.code);
    this.over.resolve();
  }

  get body(): Buffer {
    return Buffer.concat(this.chunks);
  }

  get coding(): string | undefined {
    return headerOf(this.head?.headers ?? [], 'content-encoding');
  }
}

interface Trial {
  readonly status: number;
  readonly coding: string;
  readonly pieces: readonly Buffer[];
  readonly end: 'finish' | 'fail';
  readonly isSlow: boolean;
  /** How many turns of the event loop pass between two pieces. */
  readonly pause: number;
  readonly type?: string;
}

/** Pours an answer as an upstream does that waits when it is told to. */
async function pour({ status, coding, pieces, end, isSlow, pause, type = 'text/plain' }: Trial): Promise<Heard> {
  const heard = new Heard(isSlow);
  const writer = new DecodingWriter(heard);
  let wanted = Promise.withResolvers<void>();
  writer.source = { resume: () => wanted.resolve(), abort: () => wanted.resolve() };
  writer.begin(
    { status, statusText: '', headers: ['content-type', type, 'content-encoding', coding.trim(), 'x-a', 'b'] },
    { length: null, delimited: true },
  );
  for (const piece of pieces) {
    for (let turns = 0; turns < pause; turns++) await turn();
    wanted = Promise.withResolvers();
    if (!writer.append(piece)) await wanted.promise;
  }
  for (let turns = 0; turns < pause; turns++) await turn();
  if (end === 'finish') writer.finish();
  else writer.fail({ error: upstreamCut(null), alreadySent: false });
  await heard.over.promise;
  await turn();
  return heard;
}

function split(bytes: Buffer, places: readonly number[]): Buffer[] {
  const edges = [
    0,
    ...places.map((place) => place % (bytes.length + 1)).sort((one, other) => one - other),
    bytes.length,
  ];
  return edges
    .slice(1)
    .map((edge, at) => bytes.subarray(edges[at], edge))
    .filter(({ length }) => length > 0);
}

const circumstances = fc.record({
  status: fc.constantFrom(200, 200, 429),
  coding: fc.constantFrom(...(Object.keys(CODINGS) as (keyof typeof CODINGS)[])),
  text: fc.oneof(
    fc.string(),
    fc.integer({ min: 1, max: 300_000 }).map((length) => Buffer.alloc(length, 'Salt ').toString()),
  ),
  places: fc.array(fc.nat(), { maxLength: 6 }),
  isSlow: fc.boolean(),
  pause: fc.nat(2),
});

/** How an encoded answer comes to be no encoding of its text. */
const HARMS = {
  garbage: (_packed: Buffer, _at: number, text: string) => Buffer.from(`{"not":${JSON.stringify(text)}}`),
  cut: (packed: Buffer, at: number) => packed.subarray(0, at % packed.length),
  flipped: (packed: Buffer, at: number) => {
    const bytes = Buffer.from(packed);
    bytes[at % bytes.length] = ~(bytes[at % bytes.length] as number) & 0xff;
    return bytes;
  },
  empty: () => Buffer.alloc(0),
} as const;

/** It ended once, its head is its upstream's, and while it is called encoded it has the bytes that came. */
function expectOneTrueEnd(heard: Awaited<ReturnType<typeof pour>>, bytes: Buffer): void {
  expect(heard.ends).toHaveLength(1);
  expect(heard.ends[0]).toMatch(/^(finished|upstream_cut)$/);
  expect(headerOf(heard.head?.headers ?? [], 'x-a')).toBe('b');
  if (heard.coding !== undefined) expect(heard.body.equals(bytes)).toBe(true);
}

describe('an encoded answer', () => {
  test('that is whole is decoded, in whatever pieces it comes', async () => {
    await fc.assert(
      fc.asyncProperty(circumstances, async ({ coding, text, places, ...others }) => {
        const heard = await pour({ ...others, coding, pieces: split(CODINGS[coding](text), places), end: 'finish' });
        expect([heard.ends, heard.body.toString(), heard.coding, heard.head?.status]).toEqual([
          ['finished'],
          text,
          undefined,
          others.status,
        ]);
      }),
      { numRuns: 150 },
    );
  });

  test('that its server never ends is all there, in whatever pieces it comes', async () => {
    const unended = { finishFlush: constants.Z_SYNC_FLUSH };
    const packings: Readonly<Record<string, (text: string) => readonly [coding: string, bytes: Buffer]>> = {
      'flushed gzip': (text: string) => ['gzip', gzipSync(text, unended)],
      'flushed deflate': (text: string) => ['deflate', deflateSync(text, unended)],
      'flushed deflate without a frame': (text: string) => ['deflate', deflateRawSync(text, unended)],
      'gzip without its checksum': (text: string) => ['gzip', gzipSync(text).subarray(0, -8)],
    };
    const packing = fc.constantFrom(...Object.entries(packings));
    await fc.assert(
      fc.asyncProperty(circumstances, packing, async ({ text, places, status, isSlow, pause }, [how, pack]) => {
        fc.pre(text !== '');
        const [coding, bytes] = pack(text);
        const type = how.startsWith('flushed') ? 'text/event-stream' : 'application/json';
        const heard = await pour({ status, coding, pieces: split(bytes, places), end: 'finish', isSlow, pause, type });
        expect([heard.ends, heard.body.toString(), heard.coding]).toEqual([['finished'], text, undefined]);
      }),
      { numRuns: 150 },
    );
  });

  test('that is not what its head says, is cut or spoilt, ends once, and adds nothing to what was said', async () => {
    const harms = fc.record({
      kind: fc.constantFrom(...(Object.keys(HARMS) as (keyof typeof HARMS)[])),
      at: fc.nat(),
      end: fc.constantFrom('finish' as const, 'fail' as const),
    });
    await fc.assert(
      fc.asyncProperty(circumstances, harms, async ({ coding, text, places, ...others }, { kind, at, end }) => {
        const bytes = HARMS[kind](CODINGS[coding](text), at, text);
        const heard = await pour({ ...others, coding, pieces: split(bytes, places), end });
        expectOneTrueEnd(heard, bytes);
        if (end === 'fail' && others.status === 200) expect(heard.ends).toEqual(['upstream_cut']);
        if (kind === 'empty' && (others.status !== 200 || others.pause === 0)) expect(heard.coding).toBe(coding.trim());
        if (kind === 'cut' && !heard.body.equals(bytes))
          expect(text.startsWith(heard.body.toString().replace(/\ufffd+$/, ''))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
