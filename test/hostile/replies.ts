/**
 * A grammar of what an upstream says: sound answers of every endpoint, and the
 * same with wounds in the body, in the coding, in the framing or anywhere.
 */
import { readdirSync, readFileSync } from 'node:fs';
import {
  chatAnswer,
  chatEvents,
  completionAnswer,
  completionEvents,
  embeddingsAnswer,
  errorAnswer,
  moderationAnswer,
  responseAnswer,
  responseEvents,
} from '../harness/answers.ts';
import type { Random } from '../request/random.ts';
import { markOf } from './marks.ts';
import { inPieces, mutated } from './mutate.ts';
import { PACKERS } from './requests.ts';

export interface Reply {
  /** To be written one after another. */
  readonly pieces: readonly Buffer[];
  readonly end: 'keep' | 'close' | 'reset';
  /** The status and body that whoever asked must get; null where the reply is not sound. */
  readonly sound: { readonly status: number; readonly body: Buffer } | null;
}

const FIXTURES = new URL('../fixtures/streams/', import.meta.url);
const STREAMS = readdirSync(FIXTURES).map((name) => readFileSync(new URL(name, FIXTURES), 'utf8'));

const HEADERS = [
  'X-Request-Id: req_1\r\n',
  'OpenAI-Version: 2020-10-01\r\n',
  'Set-Cookie: a=b\r\n',
  'Cache-Control: no-store\r\n',
  'Cache-Control: max-age=0\r\n',
  'X-Cache: HIT\r\n',
  'X-Refrain-Key: 0\r\n',
  'Age: 5\r\n',
  'Cache-Status: o; hit\r\n',
  'Connection: x-odd\r\n',
  'X-Odd: \x80\xff\r\n',
  'X-Odd:\r\n',
  'Keep-Alive: timeout=0\r\n',
  'Retry-After: x\r\n',
  'Date: never\r\n',
  'Trailer: x\r\n',
  '__proto__: x\r\n',
  'Access-Control-Allow-Origin: *\r\n',
  'Location: http://127.0.0.1:1/\r\n',
];
const STATUSES = [
  '201 Created',
  '204 No Content',
  '206 x',
  '301 x',
  '304 x',
  '400 Bad Request',
  '401 x',
  '403 x',
  '404 x',
  '418',
  '429 Too Many',
  '500 x',
  '503 x',
  '599 x',
  '999 x',
  '100 Continue',
  '103 Hints',
  '101 x',
  '000 x',
];

/** @param path and @param streams say what an honest upstream would send */
export function makeReply(id: number, path: string, streams: boolean, random: Random): Reply {
  const isHonest = random.below(3) > 0;
  const content = isHonest
    ? honest(id, path, streams)
    : random.once(3)
      ? wild(id, random)
      : honest(id, path, random.once(2));
  const status = random.once(8) ? random.pick(STATUSES) : '200 OK';
  const wound = isHonest
    ? 'none'
    : random.pick(['none', 'body', 'body', 'coding', 'framing', 'anywhere', 'anywhere', 'cut']);
  return wound === 'none' && isHonest && status === '200 OK'
    ? soundReply(content, random)
    : woundedReply(content, status, wound, random);
}

/** The reply where no case is named: sound, and of nobody. */
export const PLAIN: Reply = {
  pieces: [Buffer.from('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}')],
  end: 'keep',
  sound: null,
};

interface Content {
  readonly type: string;
  readonly body: Buffer;
}

function honest(id: number, path: string, streams: boolean): Content {
  const text = markOf(id);
  const json = (body: string): Content => ({ type: 'application/json', body: Buffer.from(body) });
  const stream = (events: readonly string[]): Content => ({
    type: 'text/event-stream',
    body: Buffer.from(`: ${text}\n${events.join('')}`),
  });
  switch (path) {
    case '/v1/chat/completions':
      return streams ? stream(chatEvents([text, '\u{1f30a}'])) : json(chatAnswer(text));
    case '/v1/completions':
      return streams ? stream(completionEvents()) : json(completionAnswer(text));
    case '/v1/responses':
      return streams ? stream(responseEvents(text)) : json(responseAnswer(text));
    case '/v1/embeddings':
      return json(embeddingsAnswer(1));
    case '/v1/moderations':
      return json(moderationAnswer());
    default:
      return json(JSON.stringify({ seen: text }));
  }
}

function wild(id: number, random: Random): Content {
  const body = random.pick([
    random.pick(STREAMS),
    errorAnswer(markOf(id)),
    '{"error":1}',
    '',
    '\n',
    'data:',
    '['.repeat(5_000),
    `data: ${'x'.repeat(5_000)}`,
    'data: {"choices":[{}]}\n\ndata: [DONE]\n\n',
  ]);
  return {
    type: random.pick([
      'application/json',
      'text/event-stream',
      'text/event-stream; charset=utf-8',
      'text/html',
      'Application/JSON;x',
      '',
    ]),
    body: Buffer.from(body),
  };
}

function soundReply({ type, body }: Content, random: Random): Reply {
  const headers = random.shuffled(HEADERS).slice(0, random.below(3)).join('');
  const head = `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\n${headers}`;
  return { pieces: inPieces(framed(head, body, random), random), end: 'keep', sound: { status: 200, body } };
}

function woundedReply({ type, body }: Content, status: string, wound: string, random: Random): Reply {
  const coding =
    wound === 'coding' || random.once(12) ? random.pick(Object.keys(PACKERS) as (keyof typeof PACKERS)[]) : null;
  const content = wound === 'body' ? mutated(body, random) : body;
  const packed = coding === null ? content : PACKERS[coding](content);
  const sent = wound === 'coding' ? mutated(packed, random) : packed;
  const headers = random.shuffled(HEADERS).slice(0, random.below(5)).join('');
  const head =
    `HTTP/1.1 ${status}\r\nContent-Type: ${type}\r\n` +
    `${coding === null ? '' : `Content-Encoding: ${coding}\r\n`}${headers}`;
  const whole = wound === 'framing' ? misframed(head, sent, random) : framed(head, sent, random);
  const bytes =
    wound === 'anywhere'
      ? mutated(whole, random)
      : wound === 'cut'
        ? whole.subarray(0, random.below(whole.length))
        : whole;
  return { pieces: inPieces(bytes, random), end: wound === 'cut' || random.once(4) ? 'reset' : 'close', sound: null };
}

function framed(head: string, body: Buffer, random: Random): Buffer {
  if (random.once(2))
    return Buffer.concat([Buffer.from(`${head}Content-Length: ${body.length}\r\n\r\n`, 'latin1'), body]);
  const chunks = inPieces(body, random).flatMap((chunk) => [
    Buffer.from(`${chunk.length.toString(16)}\r\n`),
    chunk,
    Buffer.from('\r\n'),
  ]);
  return Buffer.concat([
    Buffer.from(`${head}Transfer-Encoding: chunked\r\n\r\n`, 'latin1'),
    ...chunks,
    Buffer.from('0\r\n\r\n'),
  ]);
}

function misframed(head: string, body: Buffer, random: Random): Buffer {
  const framing = random.pick([
    `Content-Length: ${body.length + 5}`,
    `Content-Length: ${Math.max(0, body.length - 5)}`,
    `Content-Length: ${body.length}\r\nContent-Length: ${body.length}`,
    'Content-Length: -1',
    'Content-Length: 99999999999999999999',
    'Content-Length: ',
    'Transfer-Encoding: chunked',
    'Transfer-Encoding: gzip, chunked',
    'Transfer-Encoding: xchunked',
    'Transfer-Encoding: identity',
    `Content-Length: ${body.length}\r\nTransfer-Encoding: chunked`,
    'X-None: 1',
  ]);
  return Buffer.concat([Buffer.from(`${head}${framing}\r\n\r\n`, 'latin1'), body]);
}
