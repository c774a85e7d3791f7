/**
 * The findings of the fuzz, kept: each ended the proxy or bent an answer once.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHAT, chatAnswer, chatEvents } from '../harness/answers.ts';
import { type Proxy, startProxy } from '../harness/proxy.ts';
import { healthy } from './fuzz-upstream.ts';
import { Line, Thrown } from './line.ts';
import { readMessage, statusOf, valuesOf } from './message.ts';
import { bytes, plainAnswer, RawUpstream } from './wire.ts';

interface Found {
  readonly what: string;
  readonly request: string;
  /** The bytes that the upstream sends before it hangs up; null where it says nothing and waits. */
  readonly reply: string | null;
  /** The statuses of whole answers, and what is left of one that is cut. */
  readonly heard: readonly (number | string)[];
}

const EVENT = chatEvents()[0] as string;
const post = (path: string, framing: string, body: string) =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${framing}\r\n\r\n${body}`;

const CORPUS: readonly Found[] = [
  {
    what: 'a body of 9 PB, of which three bytes come',
    request: post('/v1/files', 'Content-Length: 9007199254740993', 'abc'),
    reply: null,
    heard: [],
  },
  {
    what: 'half a body that is relayed',
    request: post(CHAT, 'Cache-Control: no-store\r\nContent-Length: 100', 'abc'),
    reply: null,
    heard: [],
  },
  { what: 'half a body that is read', request: post(CHAT, 'Content-Length: 100', 'abc'), reply: null, heard: [] },
  {
    what: 'a chunk that does not end',
    request: post('/v1/files', 'Transfer-Encoding: chunked', '64\r\nabc'),
    reply: null,
    heard: [],
  },
  {
    what: 'an event stream that is cut before its declared length',
    request: post('/v1/files', 'Content-Length: 2', '{}'),
    reply: `HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: ${EVENT.length + 5}\r\n\r\n${EVENT}`,
    heard: [EVENT],
  },
  {
    what: 'an event stream in chunks that is cut',
    request: post(CHAT, 'Content-Length: 2', '{}'),
    reply:
      `HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n` +
      `${EVENT.length.toString(16)}\r\n${EVENT}\r\n`,
    heard: [expect.stringMatching(/event: error\ndata: {"type":"error","code":"upstream_cut"/)],
  },
  {
    what: 'a status that is no status',
    request: post(CHAT, 'Content-Length: 2', '{}'),
    reply: 'HTTP/1.1 000 x\r\nContent-Length: 0\r\n\r\n',
    heard: [502],
  },
  {
    what: 'no bytes in a coding',
    request: post('/v1/files', 'Content-Length: 2', '{}'),
    reply: 'HTTP/1.1 200 OK\r\nContent-Encoding: zstd\r\nContent-Length: 0\r\n\r\n',
    heard: [200],
  },
];

const reasons: unknown[] = [];
const note = (reason: unknown) => reasons.push(reason);
let upstream: RawUpstream;
let proxy: Proxy;

beforeAll(async () => {
  process.on('uncaughtExceptionMonitor', note);
  upstream = await new RawUpstream(() => null).start();
  proxy = await startProxy(upstream.url);
});

afterAll(async () => {
  await proxy.stop();
  await upstream.stop();
  process.off('uncaughtExceptionMonitor', note);
  expect(reasons).toEqual([]);
  expect(proxy.lines.filter(({ level }) => level === 'error')).toEqual([]);
});

async function isWell(id: number): Promise<boolean> {
  const { bytes: request, text } = healthy(id);
  const line = new Line(proxy.url);
  const { answer } = await line.ask([request], 'POST');
  line.hangUp();
  return answer?.body.toString() === text;
}

describe('what the fuzz has found:', () => {
  test.each(CORPUS)('$what', async ({ request, reply, heard }) => {
    upstream.reply = ({ fields }, socket) => {
      const [id] = valuesOf({ fields }, 'x-health');
      if (id !== undefined) return plainAnswer(chatAnswer(`I am well, ${id}.`));
      if (reply !== null) socket.end(bytes(reply));
      return undefined;
    };
    const thrown = new Thrown(proxy.url, [bytes(request)]);
    expect(await isWell(1)).toBe(true);
    if (reply !== null) await thrown.answered;
    thrown.end();
    const said: (number | string)[] = [];
    let rest = await thrown.heard;
    for (
      let read = readMessage(rest, { answers: 'POST', ended: false });
      read;
      read = readMessage(rest, { answers: 'POST', ended: false })
    ) {
      said.push(statusOf(read.message));
      rest = read.rest;
    }
    if (rest.length > 0) said.push(rest.toString().slice(rest.indexOf('\r\n\r\n') + 4));
    expect(said.filter((part) => part !== 400)).toEqual(heard);
    expect(await isWell(2)).toBe(true);
    expect([reasons, upstream.faults]).toEqual([[], []]);
  });
});
