import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Pace } from '../../src/config/pace.ts';
import { ArrivalTimes } from '../../src/response/arrival-times.ts';
import type { Entry } from '../../src/response/entry.ts';
import { pacedReader } from '../../src/response/paced-answer.ts';
import type { Reader } from '../../src/response/reader.ts';
import { EventReader } from '../../src/response/sse.ts';
import { createTestClock, type TestClock } from '../harness/clock.ts';

const STREAMS = new URL('../fixtures/streams/', import.meta.url);

function entryOf(body: Buffer | string, others: Partial<Entry> = {}, type = 'text/event-stream'): Entry {
  const head = { status: 200, statusText: 'OK', headers: ['content-type', type] };
  return { head, body: Buffer.from(body), storedAt: 0, expiresAt: Infinity, answerId: null, ...others };
}

function arrivalsOf(times: readonly number[]): string {
  const arrivals = new ArrivalTimes();
  for (const [at, ms] of times.entries()) arrivals.saw(at + 1, ms);
  return arrivals.encode() as string;
}

const callOf = (firstByteMs: number, ms: number): NonNullable<Entry['call']> => ({ usage: null, firstByteMs, ms });

interface Played {
  readonly headAt: number | null;
  readonly chunks: readonly { readonly at: number; readonly text: string }[];
  readonly body: Buffer;
  readonly endedAt: number;
}

/** Turns the clock until the answer is over, reading what there is at each step. */
function play(reader: Reader, clock: TestClock): Played {
  const startedAt = clock.now();
  const chunks: { at: number; bytes: Buffer }[] = [];
  let headAt: number | null = null;
  const changed = () => {
    if (reader.head) headAt ??= clock.now() - startedAt;
    for (let bytes = reader.read(); bytes; bytes = reader.read()) chunks.push({ at: clock.now() - startedAt, bytes });
  };
  reader.player = { changed };
  changed();
  let endedAt = 0;
  for (let ms = 0; reader.state !== 'complete'; ms++) {
    expect(ms).toBeLessThan(100_000);
    clock.advance(1);
    endedAt = clock.now() - startedAt;
  }
  expect(clock.waiting).toBe(0);
  expect(reader.isAtEnd).toBe(true);
  const told = chunks.map(({ at, bytes }) => ({ at, text: bytes.toString() }));
  return { headAt, chunks: told, body: Buffer.concat(chunks.map(({ bytes }) => bytes)), endedAt };
}

function playEntry(entry: Entry, pace: Pace = 'recorded'): Played {
  const clock = createTestClock();
  return play(pacedReader(entry, pace, clock) as Reader, clock);
}

const timesOf = ({ chunks }: Played) => chunks.map(({ at }) => at);

describe('a stored answer at a pace', () => {
  for (const name of readdirSync(STREAMS)) {
    test(`is ${name} to the byte, each event at its recorded time`, () => {
      const body = readFileSync(new URL(name, STREAMS));
      const events = [...new EventReader().read(body)];
      const times = events.map((_, at) => 40 + at * 7 + (at % 3));
      const last = times.at(-1) as number;
      const entry = entryOf(body, { arrivals: arrivalsOf(times), call: callOf(25, last) });
      const played = playEntry(entry);
      expect(played.body.equals(body)).toBe(true);
      expect(played.headAt).toBe(25);
      // Bytes after the last event come with it, at the end of the call.
      const isLonger = events.at(-1)?.end !== body.length;
      expect(timesOf(played)).toEqual(isLonger ? [...times, last] : times);
      expect(played.endedAt).toBe(last);
      expect(playEntry(entry, 500).body.equals(body)).toBe(true);
      expect(playEntry(entryOf(body, { call: callOf(5, 90) })).body.equals(body)).toBe(true);
    });
  }

  test('is any stream to the byte, with comments, other line ends and a broken end, at any times', () => {
    const pieces = fc.array(
      fc.constantFrom('data: {}\n\n', 'data: a\r\n\r\n', ': ping\n\n', '\n', 'id: 1\ndata: ü\n\n'),
    );
    fc.assert(
      fc.property(pieces, fc.array(fc.nat(50)), fc.constantFrom('', 'data: {', ': end\n'), (texts, steps, end) => {
        let time = 0;
        const times = steps.map((step) => (time += step));
        const arrivals = times.length > 0 ? { arrivals: arrivalsOf(times) } : {};
        const text = texts.join('') + end;
        const played = playEntry(entryOf(text, { ...arrivals, call: callOf(3, 300) }));
        expect(played.body.toString()).toBe(text);
        expect(timesOf(played)).toEqual(timesOf(played).toSorted((a, b) => a - b));
      }),
      { numRuns: 100 },
    );
  });

  test('goes in even steps where no arrival times are kept, or at once where nothing is', () => {
    const body = 'data: 1\n\ndata: 2\n\n: bye\n\ndata: 3\n\ndata: 4\n\n';
    const played = playEntry(entryOf(body, { call: callOf(50, 400) }));
    expect(played).toMatchObject({ headAt: 50, endedAt: 400 });
    expect(timesOf(played)).toEqual([100, 200, 300, 400]);
    // As of a stream that is made from JSON, which came in one piece.
    expect(playEntry(entryOf(body, { call: callOf(399, 400) })).headAt).toBe(100);
    expect(pacedReader(entryOf(body), 'recorded', createTestClock())).toBeNull();
  });

  test('goes at so many events per second, the first at once', () => {
    const entry = entryOf('data: 1\n\n: comment\n\ndata: 2\n\ndata: 3\n\n: bye\n\n', { call: callOf(50, 400) });
    expect(playEntry(entry, 4).chunks).toEqual([
      { at: 0, text: 'data: 1\n\n' },
      { at: 250, text: ': comment\n\ndata: 2\n\n' },
      { at: 500, text: 'data: 3\n\n' },
      { at: 750, text: ': bye\n\n' },
    ]);
  });

  test('of JSON waits as long as its call took; by events per second it is had at once', () => {
    const json = entryOf('{"a": 1}', { call: callOf(10, 700) }, 'application/json');
    expect(playEntry(json)).toMatchObject({ headAt: 700, chunks: [{ at: 700, text: '{"a": 1}' }] });
    expect(playEntry(entryOf('', { call: callOf(1, 2) }, 'application/json'))).toMatchObject({ headAt: 2, chunks: [] });
    const clock = createTestClock();
    expect(pacedReader(json, 20, clock)).toBeNull();
    expect(pacedReader(json, 'instant', clock)).toBeNull();
    expect(pacedReader(entryOf('{}', {}, 'application/json'), 'recorded', clock)).toBeNull();
  });

  test('of a compressed stream waits for all of it', () => {
    const call = callOf(10, 300);
    const played = playEntry(entryOf(Buffer.from([0x1f, 0x8b, 8, 0, 1, 2]), { arrivals: arrivalsOf([20, 280]), call }));
    expect(played).toMatchObject({ headAt: 10, chunks: [{}], endedAt: 20 });
  });

  test('copies nothing, and leaves nothing behind when its reader leaves', () => {
    const clock = createTestClock();
    const entry = entryOf('data: 1\n\ndata: 2\n\n');
    const reader = pacedReader(entry, 1, clock) as Reader;
    expect(reader.read()?.buffer).toBe(entry.body.buffer);
    expect(reader.read()).toBeUndefined();
    expect([reader.readWhole(), reader.length, reader.state]).toEqual([null, 18, 'streaming']);
    expect(clock.waiting).toBe(1);
    reader.leave();
    expect(clock.waiting).toBe(0);
  });

  test('that is read late is had at once, as far as it has come', () => {
    const clock = createTestClock();
    const reader = pacedReader(entryOf('data: 1\n\ndata: 2\n\ndata: 3\n\n'), 10, clock) as Reader;
    clock.advance(150);
    expect([reader.read(), reader.read(), reader.read()].map(String)).toEqual([
      'data: 1\n\n',
      'data: 2\n\n',
      'undefined',
    ]);
    clock.advance(50);
    expect(String(reader.read())).toBe('data: 3\n\n');
    expect(reader.isAtEnd).toBe(true);
  });
});
