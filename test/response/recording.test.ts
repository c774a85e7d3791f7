import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { upstreamCut } from '../../src/errors.ts';
import { Reader } from '../../src/response/reader.ts';
import { type RecordingOwner, Recording } from '../../src/response/recording.ts';
import { LOOK_MS, LOOKS } from '../../src/response/slow-readers.ts';
import { createTestClock } from '../harness/clock.ts';
import { StoredAnswer } from '../../src/response/stored-answer.ts';
import { until } from '../harness/until.ts';

const ROOM = { isFull: false, countReader: () => {}, countBytes: () => {} };
const HEAD = { status: 200, statusText: 'OK', headers: [] };
const FRAMING = { length: null, delimited: true };
const MIB = 1024 * 1024;

function readAll(reader: Reader): Buffer {
  const chunks: Buffer[] = [];
  for (let chunk = reader.read(); chunk; chunk = reader.read()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const NOBODY: RecordingOwner = { onDrain() {}, onLastReaderLeft() {}, onOverflow() {} };

function begun(limit: number, owner: Partial<RecordingOwner> = {}, clock = createTestClock()): Recording {
  const recording = new Recording(limit, ROOM, { ...NOBODY, ...owner }, clock);
  recording.begin(HEAD, FRAMING);
  return recording;
}

describe('a recording', () => {
  test('plays every listener everything, whenever it joined and however it read', () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 5 }), { maxLength: 30 });
    const acts = fc.constantFrom('append', 'read', 'join');
    const manyTurns = fc.array(fc.record({ reader: fc.nat(3), act: acts }), { maxLength: 80 });
    fc.assert(
      fc.property(pieces, manyTurns, (chunks, turns) => {
        const recording = begun(1_000);
        const joined = new Map<number, { readonly reader: Reader; readonly heard: Buffer[] }>();
        const left = [...chunks];
        const act = {
          append: () => recording.append(Buffer.from(left.shift() ?? [])),
          join: (number: number) => {
            if (!joined.has(number)) joined.set(number, { reader: recording.openReader(), heard: [] });
          },
          read: (number: number) => {
            const { reader, heard } = joined.get(number) ?? {};
            const chunk = reader?.read();
            if (chunk) heard?.push(chunk);
          },
        };
        for (const turn of turns) act[turn.act](turn.reader);
        for (const chunk of left) recording.append(Buffer.from(chunk));
        recording.finish();
        const whole = Buffer.concat(chunks.map((chunk) => Buffer.from(chunk)));
        expect(recording.length).toBe(whole.length);
        for (const { reader, heard } of joined.values()) {
          expect(Buffer.concat([...heard, readAll(reader)])).toEqual(whole);
          expect(reader.state).toBe('complete');
        }
      }),
      { numRuns: 300 },
    );
  });

  test('ends once: what comes after the end changes nothing', () => {
    const recording = begun(100);
    recording.append(Buffer.from('a'));
    recording.finish();
    recording.append(Buffer.from('b'));
    recording.fail({ error: upstreamCut(null), alreadySent: false });
    recording.begin({ ...HEAD, status: 500 }, FRAMING);
    expect([recording.state, recording.head?.status, recording.failure]).toEqual(['complete', 200, null]);
    expect(readAll(recording.openReader()).toString()).toBe('a');
  });

  test('that is cut still plays what it has, then says why', () => {
    const recording = begun(100);
    const reader = recording.openReader();
    recording.append(Buffer.from('a'));
    const failure = { error: upstreamCut(null), alreadySent: true };
    recording.fail(failure);
    recording.finish();
    expect(readAll(reader).toString()).toBe('a');
    expect([reader.state, reader.failure]).toEqual(['cut', failure]);
  });

  test('tells when the last listener has left, and only then', () => {
    let deserted = 0;
    const recording = begun(100, { onLastReaderLeft: () => void deserted++ });
    const [one, other] = [recording.openReader(), recording.openReader()];
    one.leave();
    one.leave();
    expect(deserted).toBe(0);
    other.leave();
    expect(deserted).toBe(1);
  });

  test('of which everything is known from the start', () => {
    const play = (body: Buffer) =>
      new Reader(new StoredAnswer({ head: HEAD, body, storedAt: 0, expiresAt: 1, answerId: null }));
    expect([play(Buffer.from('whole')).state, play(Buffer.from('whole')).length]).toEqual(['complete', 5]);
    expect(readAll(play(Buffer.from('whole'))).toString()).toBe('whole');
    expect(readAll(play(Buffer.alloc(0)))).toHaveLength(0);
  });
});

describe('a recording past its limit', () => {
  test('says so once, and lets go of what every listener has played', () => {
    let turned = 0;
    const recording = begun(10, { onOverflow: () => void turned++ });
    const [fast, slow] = [recording.openReader(), recording.openReader()];
    recording.append(Buffer.alloc(10, 1));
    expect([recording.liveOnly, turned]).toEqual([false, 0]);
    for (let index = 0; index < 50; index++) recording.append(Buffer.alloc(10, index));
    expect([recording.liveOnly, turned]).toEqual([true, 1]);
    readAll(fast);
    expect(recording.chunks).toHaveLength(51);
    slow.read();
    slow.read();
    expect(recording.chunks).toHaveLength(49);
    expect(readAll(slow)).toHaveLength(490);
    expect(recording.chunks).toHaveLength(0);
  });

  test('holds its writer back to the pace of the fastest listener', () => {
    let wanted = 0;
    const recording = begun(0, { onDrain: () => void wanted++ });
    const reader = recording.openReader();
    let appended = 0;
    while (recording.append(Buffer.alloc(1_000))) appended += 1_000;
    expect(appended).toBeLessThanOrEqual(MIB);
    expect(wanted).toBe(0);
    readAll(reader);
    expect(wanted).toBeGreaterThan(0);
    expect(recording.append(Buffer.alloc(1_000))).toBe(true);
  });

  test('cuts a listener that stalls a whole limit behind, and nobody else', () => {
    const clock = createTestClock();
    const recording = begun(2 * MIB, {}, clock);
    const [reader, stalled] = [recording.openReader(), recording.openReader()];
    let told = 0;
    stalled.player = { changed: () => told++ };
    let heard = 0;
    for (let index = 0; index < 40; index++) {
      recording.append(Buffer.alloc(MIB / 10));
      heard += readAll(reader).length;
    }
    clock.advance(LOOK_MS * LOOKS - 1);
    expect(stalled.state).toBe('streaming');
    clock.advance(1);
    recording.finish();
    expect(heard).toBe(40 * Math.trunc(MIB / 10));
    expect([reader.state, stalled.state, stalled.failure?.error.code]).toEqual([
      'complete',
      'cut',
      'listener_too_slow',
    ]);
    expect(stalled.read()).toBeUndefined();
    expect(told).toBeGreaterThan(0);
    expect(recording.chunks).toHaveLength(0);
  });

  test('waits for a listener that is a whole limit behind and still reads', () => {
    let wanted = 0;
    const clock = createTestClock();
    const recording = begun(MIB, { onDrain: () => void wanted++ }, clock);
    const [fast, slow] = [recording.openReader(), recording.openReader()];
    const chunk = Buffer.alloc(MIB / 8);
    let heard = 0;
    let sent = 0;
    for (let round = 0; round < 20; round++) {
      while (recording.append(chunk)) {
        sent += chunk.length;
        readAll(fast);
      }
      sent += chunk.length;
      readAll(fast);
      wanted = 0;
      clock.advance(LOOK_MS * LOOKS - 1);
      expect(wanted).toBe(0);
      heard += slow.read()?.length ?? 0;
      clock.advance(1);
      // As much as the slow one has read may come, and no more.
      expect(wanted).toBeGreaterThan(0);
    }
    recording.finish();
    expect(recording.chunks.length * chunk.length).toBeLessThanOrEqual(MIB + 2 * chunk.length);
    expect(heard + readAll(slow).length).toBe(sent);
    expect([fast.state, slow.state, clock.waiting]).toEqual(['complete', 'complete', 0]);
  });

  test('of a crowd cuts only who is told of what has come and does not read it', async () => {
    let isPaused = false;
    let turns = 0;
    const clock = createTestClock();
    const recording = new Recording(MIB, ROOM, { ...NOBODY, onDrain: () => void (isPaused = false) }, clock);
    const crowd = Array.from({ length: 200 }, () => ({ reader: recording.openReader(), heard: 0 }));
    const stalled = recording.openReader();
    stalled.player = { changed() {} };
    for (const reader of crowd) {
      const changed = () => {
        for (let chunk = reader.reader.read(); chunk; chunk = reader.reader.read()) reader.heard += chunk.length;
      };
      reader.reader.player = { changed };
    }
    // Those who are told of the head first have not been told of what comes with it.
    recording.begin(HEAD, FRAMING);
    for (let sent = 0; sent < 80; ) {
      // As much as one turn of the event loop may bring.
      for (let now = 0; now < 20 && sent < 80 && !isPaused; now += 1, sent += 1)
        isPaused = !recording.append(Buffer.alloc(MIB / 10));
      // Once all of the crowd have had their turns, it is the stalled one that is waited for.
      turns = isPaused ? turns + 1 : 0;
      if (turns > 10) clock.advance(LOOK_MS * LOOKS);
      await new Promise((resolve) => setImmediate(resolve));
    }
    recording.finish();
    await until(() => crowd.every(({ reader }) => reader.isAtEnd || reader.state === 'cut'));
    const whole = 80 * Math.trunc(MIB / 10);
    expect(
      crowd.filter(({ reader, heard }) => reader.state !== 'complete' || heard !== whole).map(({ heard }) => heard),
    ).toEqual([]);
    expect(stalled.failure?.error.code).toBe('listener_too_slow');
  });
});
