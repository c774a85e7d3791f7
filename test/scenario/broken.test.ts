import { describe, expect } from 'vitest';
import {
  CHAT,
  chatAnswer,
  chatEvents,
  chatRequest,
  completionAnswer,
  endAfter,
  resetAfter,
  responseEvents,
  sendJson,
} from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import type { Proxy } from '../harness/proxy.ts';
import { story } from '../harness/story.ts';
import type { Script, ScriptedUpstream } from '../harness/upstream.ts';

const RESPONSES = '/v1/responses';
const STREAM = { body: chatRequest('x', { stream: true }) };
const JSON_ASKED = { body: chatRequest('x') };
const EVENTS = chatEvents();
const UNFINISHED = EVENTS.slice(0, -2);
const FINISH = EVENTS.at(-2) as string;
const ERROR_EVENT = 'data: {"error":{"message":"overloaded","type":"server_error","param":null,"code":null}}\n\n';

async function askTwice(proxy: Proxy, path: string, asking: object, upstream: ScriptedUpstream) {
  const both = await Promise.all([ask(proxy.url + path, asking), ask(proxy.url + path, asking)]);
  const before = upstream.calls.length;
  const next = await ask(proxy.url + path, asking);
  expect(upstream.calls).toHaveLength(before + 1);
  expect(next.headers['x-cache']).toBe('MISS');
  return both;
}

/** Begins a stream by hand, with these headers. */
const rawHead = (...headers: readonly string[]) =>
  ['HTTP/1.1 200 OK', 'content-type: text/event-stream', ...headers, '', ''].join('\r\n');
const asChunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
const resetRaw =
  (text: string): Script =>
  ({ response: { socket } }) =>
    socket?.write(text, () => socket.resetAndDestroy());

const BROKEN_STREAMS: readonly (readonly [string, Script, string])[] = [
  ['resets before its first event', resetAfter(''), ''],
  ['resets in the middle', resetAfter(UNFINISHED.join('')), UNFINISHED.join('')],
  [
    'resets after finish_reason without [DONE]',
    resetAfter([...UNFINISHED, FINISH].join('')),
    [...UNFINISHED, FINISH].join(''),
  ],
  [
    'ends without the last of its chunks',
    ({ response: { socket } }) => socket?.end(rawHead('transfer-encoding: chunked') + asChunk(UNFINISHED.join(''))),
    UNFINISHED.join(''),
  ],
  [
    'ends before its declared length',
    ({ response: { socket } }) => socket?.end(rawHead('content-length: 5000') + UNFINISHED.join('')),
    UNFINISHED.join(''),
  ],
  [
    'resets where its connection was to close',
    resetRaw(rawHead('connection: close', 'transfer-encoding: chunked') + asChunk(UNFINISHED.join(''))),
    UNFINISHED.join(''),
  ],
  [
    'resets where only its connection marks its end',
    resetRaw(rawHead('connection: close') + UNFINISHED.join('')),
    UNFINISHED.join(''),
  ],
];

describe('a stream that', () => {
  for (const [what, script, prefix] of BROKEN_STREAMS) {
    story(
      `${what}: every listener gets its prefix, an error and no clean end; nothing is kept`,
      async ({ upstream, open }) => {
        const proxy = await open({ doneMarker: 'required' });
        upstream.script = script;
        for (const { text, broken, status } of await askTwice(proxy, CHAT, STREAM, upstream)) {
          expect(status).toBe(200);
          expect(broken).toBe(true);
          expect(text.slice(0, prefix.length)).toBe(prefix);
          const event = /^event: error\ndata: (.*)\n\n$/.exec(text.slice(prefix.length));
          expect(JSON.parse(event?.[1] ?? '{}')).toMatchObject({
            error: { type: 'refrain_error', code: 'upstream_cut' },
          });
        }
      },
    );
  }

  story(
    'breaks off inside an event: nothing ends that event, and its connection breaks',
    async ({ upstream, open }) => {
      const proxy = await open();
      for (const half of ['data: {"choi', 'data: {"choices":[]}\n', 'event: err', 'data: {"choi\r\n']) {
        upstream.script = resetAfter(EVENTS[0] + half);
        for (const answer of await askTwice(proxy, CHAT, STREAM, upstream))
          expect(answer).toMatchObject({ text: EVENTS[0] + half, broken: true });
      }
    },
  );

  story('breaks off in a coding that is none: its readers get an error event', async ({ upstream, open }) => {
    const proxy = await open();
    upstream.script = ({ response }) => {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': 'none' });
      response.write(EVENTS[0], () => response.socket?.resetAndDestroy());
    };
    for (const { text, broken } of await askTwice(proxy, CHAT, STREAM, upstream)) {
      expect(broken).toBe(true);
      expect(text.slice(EVENTS[0]?.length)).toMatch(/^event: error\ndata: .*"code":"upstream_cut".*\n\n$/);
    }
  });

  story(
    'says its own error and then resets: its readers get that one error, and no clean end',
    async ({ upstream, open }) => {
      const proxy = await open();
      const text = [...UNFINISHED, ERROR_EVENT].join('');
      upstream.script = resetAfter(text);
      for (const answer of await askTwice(proxy, CHAT, STREAM, upstream))
        expect(answer).toMatchObject({ text, broken: true });
    },
  );

  for (const [what, path, text] of [
    ['before finish_reason', CHAT, UNFINISHED.join('')],
    ['after finish_reason without [DONE]', CHAT, [...UNFINISHED, FINISH].join('')],
    ['in [DONE] without finish_reason', CHAT, `${UNFINISHED.join('')}data: [DONE]\n\n`],
    ['before it says anything', CHAT, ''],
    ['inside an event', CHAT, `${EVENTS[0]}data: {"choi`],
    ['with an error event', CHAT, [...UNFINISHED, ERROR_EVENT].join('')],
    ['with an error event, which is its first', CHAT, ERROR_EVENT],
    ['with a named error event', CHAT, `${EVENTS[0]}event: error\ndata: {"message":"x"}\n\n`],
    [
      'after an error event, after which it went on',
      CHAT,
      [...UNFINISHED, ERROR_EVENT, FINISH, 'data: [DONE]\n\n'].join(''),
    ],
    [
      'with the error event of responses',
      RESPONSES,
      [
        ...responseEvents().slice(0, 3),
        'event: error\ndata: {"type":"error","code":"server_error","message":"x","param":null,"sequence_number":3}\n\n',
      ].join(''),
    ],
    ['inside response.completed', RESPONSES, responseEvents().join('').slice(0, -20)],
    ['before response.completed', RESPONSES, responseEvents().slice(0, -1).join('')],
  ] as const) {
    story(`ends by itself ${what}: it passes as it is and ends so, and is not kept`, async ({ upstream, open }) => {
      const proxy = await open({ doneMarker: 'required' });
      upstream.script = endAfter(text);
      const body = { ...chatRequest(), input: 'x', stream: true };
      for (const answer of await askTwice(proxy, path, { body }, upstream))
        expect(answer).toMatchObject({ status: 200, text, broken: false });
    });
  }

  story('of responses fails or stays incomplete: it passes, and is not kept', async ({ upstream, open }) => {
    const proxy = await open();
    for (const type of ['response.failed', 'response.incomplete']) {
      const status = type.slice('response.'.length);
      const text = `event: ${type}\ndata: ${JSON.stringify({ type, response: { id: 'resp_1', status } })}\n\n`;
      upstream.script = endAfter(text);
      for (const answer of await askTwice(proxy, '/v1/responses', { body: { input: type, stream: true } }, upstream))
        expect(answer).toMatchObject({ text, broken: false });
    }
  });

  for (const [what, path, text] of [
    [
      'in the dialect of another server',
      '/v1/completions',
      'data: {"content":"sea","stop":false}\n\ndata: {"content":"","stop":true}\n\n',
    ],
    ['of responses that is ended by [DONE]', '/v1/responses', `${responseEvents()[0]}data: [DONE]\n\n`],
    ['of events that are not of a response', '/v1/responses', 'event: ping\ndata: {}\n\ndata: {"type":"end"}\n\n'],
    [
      'that fails in its finish_reason',
      CHAT,
      `${EVENTS[0]}data: {"choices":[{"index":0,"delta":{},"finish_reason":"error"}]}\n\ndata: [DONE]\n\n`,
    ],
  ] as const) {
    story(`${what}: it passes as it is, and is not kept`, async ({ upstream, open }) => {
      const proxy = await open();
      upstream.script = endAfter(text);
      const body = { ...chatRequest(), input: 'x', stream: true };
      for (const answer of await askTwice(proxy, path, { body }, upstream))
        expect(answer).toMatchObject({ text, broken: false });
    });
  }

  story('ends in [DONE] without an empty line, as some do, is whole', async ({ upstream, open }) => {
    const proxy = await open();
    for (const ending of ['data: [DONE]', 'data: [DONE]\n']) {
      upstream.script = endAfter([...UNFINISHED, FINISH, ending].join(''));
      const asking = { body: chatRequest(ending, { stream: true }) };
      const first = await ask(proxy.url + CHAT, asking);
      expect(first.broken).toBe(false);
      expect(await ask(proxy.url + CHAT, asking)).toMatchObject({ text: first.text, headers: { 'x-cache': 'HIT' } });
    }
  });

  story(
    'has its declared length, and says no finish_reason: it passes as it is, and is not kept',
    async ({ upstream, open }) => {
      const proxy = await open();
      const text = `${UNFINISHED.join('')}data: [DONE]\n\n`;
      upstream.script = ({ response }) =>
        response
          .writeHead(200, { 'content-type': 'text/event-stream', 'content-length': Buffer.byteLength(text) })
          .end(text);
      for (const answer of await askTwice(proxy, CHAT, STREAM, upstream))
        expect(answer).toMatchObject({ text, broken: false });
    },
  );

  story('never sends [DONE], from an upstream that is declared so, is whole', async ({ upstream, open }) => {
    const proxy = await open({ doneMarker: 'optional' });
    upstream.script = endAfter([...UNFINISHED, FINISH].join(''));
    expect(await ask(proxy.url + CHAT, STREAM)).toMatchObject({ broken: false });
    expect((await ask(proxy.url + CHAT, STREAM)).headers['x-cache']).toBe('HIT');
  });
});

describe('a JSON answer that', () => {
  story('is shorter than its content-length breaks for every listener', async ({ upstream, open }) => {
    const proxy = await open();
    upstream.script = ({ response }) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1_000 });
      response.write('{"choices":[', () => response.socket?.destroySoon());
    };
    for (const { broken } of await askTwice(proxy, CHAT, JSON_ASKED, upstream)) expect(broken).toBe(true);
  });

  for (const [what, text] of [
    ['before its JSON does', '{"choices":['],
    ['and is not JSON for all readers', chatAnswer().replace('"logprobs":null', '"logprobs":NaN')],
  ] as const) {
    story(`ends with its connection ${what} passes as it is and is not kept`, async ({ upstream, open }) => {
      const proxy = await open();
      upstream.script = ({ response }) =>
        response.socket?.end(`HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n${text}`);
      for (const answer of await askTwice(proxy, CHAT, JSON_ASKED, upstream))
        expect(answer).toMatchObject({ status: 200, text, broken: false });
    });
  }

  story('resets where only its connection marks its end breaks for every listener', async ({ upstream, open }) => {
    const proxy = await open();
    upstream.script = resetRaw('HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n{"choices":[');
    for (const { broken } of await askTwice(proxy, CHAT, JSON_ASKED, upstream)) expect(broken).toBe(true);
  });

  story('never begins is 502 in the envelope of OpenAI', async ({ upstream, open }) => {
    const proxy = await open();
    upstream.script = ({ response }) => response.socket?.resetAndDestroy();
    for (const { status, text, headers } of await askTwice(proxy, CHAT, JSON_ASKED, upstream)) {
      expect(status).toBe(502);
      expect(JSON.parse(text)).toMatchObject({ error: { type: 'refrain_error', code: 'upstream_cut', param: null } });
      expect(headers['cache-status']).toBe('refrain; fwd=miss; detail=upstream_cut');
    }
  });

  for (const [what, body] of [
    ['is an error object', '{"error":{"message":"no","type":"server_error","param":null,"code":null}}'],
    ['has no finish_reason', chatAnswer('x', { choices: [{ index: 0, message: {}, finish_reason: null }] })],
    ['fails in its finish_reason', chatAnswer('x', { choices: [{ index: 0, message: {}, finish_reason: 'error' }] })],
    [
      'has a choice with an error',
      chatAnswer('x', { choices: [{ index: 0, message: {}, finish_reason: 'stop', error: { code: 502 } }] }),
    ],
    ['has no choices', chatAnswer('x', { choices: [] })],
    ['is not JSON', 'Internal Server Error'],
  ] as const) {
    story(`${what} passes as it is and is not kept`, async ({ upstream, open }) => {
      const proxy = await open();
      upstream.script = (call) => sendJson(call, body);
      for (const answer of await askTwice(proxy, CHAT, JSON_ASKED, upstream))
        expect(answer).toMatchObject({ status: 200, text: body, broken: false });
    });
  }

  story('has fewer answers or vectors than were asked for is not kept', async ({ upstream, open }) => {
    const proxy = await open();
    for (const [path, body] of [
      ['/v1/completions', { prompt: ['a', 'b'] }],
      ['/v1/embeddings', { input: ['a', 'b', 'c'] }],
    ] as const) {
      upstream.script = (call) =>
        sendJson(
          call,
          path === '/v1/completions'
            ? completionAnswer()
            : JSON.stringify({
                data: [
                  { index: 0, embedding: [1] },
                  { index: 1, embedding: [1] },
                ],
              }),
        );
      for (const { status } of await askTwice(proxy, path, { body }, upstream)) expect(status).toBe(200);
    }
  });
});

describe('an error of the upstream', () => {
  for (const status of [400, 401, 429, 500, 503]) {
    story(
      `(${status}) passes with its body and its retry headers, to those who waited and to nobody else`,
      async ({ upstream, open }) => {
        const proxy = await open();
        const body = JSON.stringify({ error: { message: 'no', type: 'x', param: null, code: null } });
        const headers = {
          'retry-after': '7',
          'retry-after-ms': '7000',
          'x-should-retry': 'true',
          'x-ratelimit-reset-requests': '1s',
        };
        upstream.script = () => {};
        const clients = [ask(proxy.url + CHAT, JSON_ASKED), ask(proxy.url + CHAT, JSON_ASKED)];
        sendJson(await upstream.called(1), body, status, headers);
        upstream.script = (call) => sendJson(call, body, status, headers);
        for (const answer of await Promise.all(clients)) {
          expect(answer).toMatchObject({ status, text: body, headers: { ...headers, 'x-request-id': 'req_first' } });
          if (answer.headers['x-cache'] === 'FOLLOW') expect(answer.headers['set-cookie']).toBeUndefined();
          else expect(answer.headers['cache-status']).toBe('refrain; fwd=miss; detail=status');
        }
        const before = upstream.calls.length;
        upstream.script = (call) => sendJson(call, chatAnswer());
        expect(await ask(proxy.url + CHAT, JSON_ASKED)).toMatchObject({ status: 200, headers: { 'x-cache': 'MISS' } });
        expect(upstream.calls).toHaveLength(before + 1);
      },
    );
  }

  story('that cannot be reached is 502 and says what to check', async ({ upstream, open }) => {
    const proxy = await open();
    await upstream.stop();
    const { status, text } = await ask(proxy.url + CHAT, JSON_ASKED);
    expect(status).toBe(502);
    expect(JSON.parse(text).error).toMatchObject({
      code: 'upstream_unreachable',
      message: expect.stringContaining('REFRAIN_UPSTREAM'),
    });
    await upstream.start();
  });
});
