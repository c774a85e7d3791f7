/**
 * A derived entry: what it has of its source, and what is its own.
 */
import { describe, expect, test } from 'vitest';
import { derive } from '../../src/forms/derive.ts';
import { ArrivalTimes, decodeArrivals } from '../../src/response/arrival-times.ts';
import type { Entry } from '../../src/response/entry.ts';
import { entryOf, sampleOf } from './samples.ts';

const CHAT = { endpoint: 'chat', isStreamable: true } as const;
const DOCUMENT = sampleOf('openai-7.57.0 0');
const STREAM = sampleOf('openai-7.57.0 1');
const USAGE = { input: 20, cachedInput: 0, output: 12, reasoning: 0 };

const OTHERS: Partial<Entry> = {
  answerId: 'resp_1',
  expiresAt: Number.POSITIVE_INFINITY,
  variant: { by: ['accept-language'], digest: 'd' },
  call: { usage: USAGE, firstByteMs: 30, ms: 600 },
  purgeMark: { log: 'l', id: 7, record: 'r' },
  request: { endpoint: 'chat', model: 'm', scope: 's', tags: ['t'], parts: null },
};

function arrivalsOf(...times: readonly number[]): string {
  const arrivals = new ArrivalTimes();
  for (const [at, time] of times.entries()) arrivals.saw(at + 1, time);
  return arrivals.encode() as string;
}

describe('a derived entry', () => {
  const document = entryOf(DOCUMENT, OTHERS);
  const stream = entryOf(STREAM, {
    ...OTHERS,
    arrivals: arrivalsOf(...Array.from({ length: 15 }, (_, at) => 10 * at)),
  });
  const [unfolded, folded, thinned] = [
    derive(document, 'json', 'sse+usage', CHAT),
    derive(stream, 'sse+usage', 'json', CHAT),
    derive(stream, 'sse+usage', 'sse+plain', CHAT),
  ] as [Entry, Entry, Entry];

  test('is as old as its source, expires with it and is purged by the same marks', () => {
    for (const entry of [unfolded, folded, thinned]) expect(entry).toMatchObject({ ...OTHERS, storedAt: 1_000 });
  });

  test('has the content type of its form, and all other headers', () => {
    expect(unfolded.head).toEqual({ ...document.head, headers: stream.head.headers });
    expect(folded.head).toEqual({ ...stream.head, headers: document.head.headers });
    expect(thinned.head).toEqual(stream.head);
    const spelled = { ...document, head: { ...document.head, headers: ['Content-TYPE', 'application/json'] } };
    expect(derive(spelled, 'json', 'sse', CHAT)?.head.headers).toEqual([
      'Content-TYPE',
      'text/event-stream; charset=utf-8',
    ]);
  });

  test('has a body of its own, no larger than it says, and leaves that of its source as it is', () => {
    for (const { body } of [unfolded, folded, thinned]) expect(body.buffer.byteLength).toBe(body.length);
    expect(document.body.toString()).toBe(DOCUMENT.body);
    expect(stream.body.toString()).toBe(STREAM.body);
  });

  test('comes in even steps over the call, where its source was a document', () => {
    const { length } = unfolded.body.toString().split('\n\n').slice(0, -1);
    const times = decodeArrivals(unfolded.arrivals as string);
    expect(times).toEqual(Array.from({ length }, (_, at) => Math.round((600 * (at + 1)) / length)));
    expect(derive(entryOf(DOCUMENT), 'json', 'sse', CHAT)).not.toHaveProperty('arrivals');
  });

  test('comes as its source came, where that was a stream, but for the event that it lacks', () => {
    const times = Array.from({ length: 15 }, (_, at) => 10 * at);
    expect(decodeArrivals(thinned.arrivals as string)).toEqual(times.toSpliced(13, 1));
    expect(thinned.body.toString()).not.toMatch(/usage|obfuscation/);
    expect(derive(entryOf(STREAM), 'sse+usage', 'sse', CHAT)).not.toHaveProperty('arrivals');
  });

  test('has no pace, where it is a document', () => {
    expect(folded).not.toHaveProperty('arrivals');
  });
});

test('numbers and strings keep their spelling, and texts are joined as they are written', () => {
  const spelled = STREAM.body
    .replace('"content":"Answer "', '"content":"\\u0041nswer \\ud83c"')
    .replace('"content":"3.0: "', '"content":"\\udf0a\\/"')
    .replace('"prompt_tokens":20', '"prompt_tokens":20,"x":[1e-05,0.10,9007199254740993,-0.0]');
  const folded = derive(entryOf({ ...STREAM, body: spelled }), 'sse+usage', 'json', CHAT)?.body.toString();
  expect(folded).toContain('"\\u0041nswer \\ud83c\\udf0a\\/hello from');
  expect(folded).toContain('"x":[1e-05,0.10,9007199254740993,-0.0]');
});

test('a mistake of the room is no refusal', () => {
  const broken = { ...entryOf(DOCUMENT), body: null as unknown as Buffer };
  expect(() => derive(broken, 'json', 'sse', CHAT)).toThrow(TypeError);
});
