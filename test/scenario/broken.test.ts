import { describe, expect } from 'vitest';
import { CHAT, chatAnswer, chatEvents, chatRequest, endAfter, resetAfter, responseEvents, sendJson } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import type { Proxy } from '../harness/proxy.ts';
import { story } from '../harness/story.ts';
import type { Call, ScriptedUpstream } from '../harness/upstream.ts';

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

const BROKEN_STREAMS: readonly (readonly [string, (call: Call) => void, string])[] = [
  ['ends before finish_reason', endAfter(UNFINISHED.join('')), UNFINISHED.join('')],
  ['ends after finish_reason without [DONE]', endAfter([...UNFINISHED, FINISH].join('')), [...UNFINISHED, FINISH].join('')],
  ['sends [DONE] without finish_reason', endAfter(`${UNFINISHED.join('')}data: [DONE]\n\n`), UNFINISHED.join('')],
  ['sends nothing at all', endAfter(''), ''],
  ['resets in the middle', resetAfter(UNFINISHED.join('')), UNFINISHED.join('')],
];

describe('a stream that', () => {
  for (const [what, script, prefix] of BROKEN_STREAMS) {
    story(`${what}: every listener gets its prefix, an error and no clean end; nothing is kept`, async ({ upstream, open }) => {
      const proxy = await open({ doneMarker: 'required' });
      upstream.script = script;
      for (const { text, broken, status } of await askTwice(proxy, CHAT, STREAM, upstream)) {
        expect(status).toBe(200);
        expect(broken).toBe(true);
        expect(text.slice(0, prefix.length)).toBe(prefix);
        const event = /^event: error\ndata: (.*)\n\n$/.exec(text.slice(prefix.length));
        expect(JSON.parse(event?.[1] ?? '{}')).toMatchObject({ error: { type: 'refrain_error', code: expect.stringMatching(/^(answer_incomplete|upstream_cut)$/) } });
      }
    });
  }

  story('breaks off inside an event: the error event stands by itself', async ({ upstream, open }) => {
    const proxy = await open();
    upstream.script = resetAfter(`${EVENTS[0]}data: {"choi`);
    for (const { text, broken } of await askTwice(proxy, CHAT, STREAM, upstream)) {
      expect(broken).toBe(true);
      expect(text).toMatch(/data: \{"choi\n\nevent: error\ndata: .*\n\n$/);
    }
  });

  for (const [what, path, events] of [
    ['a chat stream', CHAT, [...UNFINISHED, ERROR_EVENT]],
    ['a chat stream from its first event', CHAT, [ERROR_EVENT]],
    ['a named error event', CHAT, [EVENTS[0] as string, 'event: error\ndata: {"message":"x"}\n\n']],
    ['a responses stream', '/v1/responses', [...responseEvents().slice(0, 3), 'event: error\ndata: {"type":"error","code":"server_error","message":"x","param":null,"sequence_number":3}\n\n']],
  ] as const) {
    story(`carries an error event (${what}): it is relayed as it is, without a clean end or an error of ours`, async ({ upstream, open }) => {
      const proxy = await open();
      upstream.script = endAfter(events.join(''));
      const body = path === CHAT ? STREAM.body : { model: 'm', input: 'x', stream: true };
      for (const { text, broken } of await askTwice(proxy, path, { body }, upstream)) expect({ text, broken }).toEqual({ text: events.join(''), broken: true });
    });
  }

  story('of responses ends inside response.completed', async ({ upstream, open }) => {
    const proxy = await open();
    upstream.script = endAfter(responseEvents().join('').slice(0, -20));
    for (const { text, broken } of await askTwice(proxy, '/v1/responses', { body: { input: 'x', stream: true } }, upstream)) {
      expect(broken).toBe(true);
      expect(text).toMatch(/\n\nevent: error\ndata: \{"type":"error","code":"answer_incomplete"/);
    }
  });

  story('of responses ends before response.completed', async ({ upstream, open }) => {
    const proxy = await open();
    upstream.script = endAfter(responseEvents().slice(0, -1).join(''));
    for (const { text, broken } of await askTwice(proxy, '/v1/responses', { body: { input: 'x', stream: true } }, upstream)) {
      expect(broken).toBe(true);
      expect(text).toMatch(/event: error\ndata: \{"type":"error","code":"answer_incomplete","message":.*,"sequence_number":0,"error":\{/);
    }
  });

  story('of responses fails or stays incomplete: it passes, and is not kept', async ({ upstream, open }) => {
    const proxy = await open();
    for (const type of ['response.failed', 'response.incomplete']) {
      const status = type.slice('response.'.length);
      const text = `event: ${type}\ndata: ${JSON.stringify({ type, response: { id: 'resp_1', status } })}\n\n`;
      upstream.script = endAfter(text);
      for (const answer of await askTwice(proxy, '/v1/responses', { body: { input: type, stream: true } }, upstream)) expect(answer).toMatchObject({ text, broken: false });
    }
  });

  for (const [what, path, text] of [
    ['in the dialect of another server', '/v1/completions', 'data: {"content":"sea","stop":false}\n\ndata: {"content":"","stop":true}\n\n'],
    ['of responses that is ended by [DONE]', '/v1/responses', `${responseEvents()[0]}data: [DONE]\n\n`],
    ['of events that are not of a response', '/v1/responses', 'event: ping\ndata: {}\n\ndata: {"type":"end"}\n\n'],
    ['that fails in its finish_reason', CHAT, `${EVENTS[0]}data: {"choices":[{"index":0,"delta":{},"finish_reason":"error"}]}\n\ndata: [DONE]\n\n`],
  ] as const) {
    story(`${what}: it passes as it is, and is not kept`, async ({ upstream, open }) => {
      const proxy = await open();
      upstream.script = endAfter(text);
      const body = { ...chatRequest(), input: 'x', stream: true };
      for (const answer of await askTwice(proxy, path, { body }, upstream)) expect(answer).toMatchObject({ text, broken: false });
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

  story('declares a length and breaks off before: no clean end either', async ({ upstream, open }) => {
    const proxy = await open();
    const text = `${UNFINISHED.join('')}data: [DONE]\n\n`;
    upstream.script = ({ response }) => response.writeHead(200, { 'content-type': 'text/event-stream', 'content-length': Buffer.byteLength(text) }).end(text);
    for (const answer of await askTwice(proxy, CHAT, STREAM, upstream)) {
      expect(answer.broken).toBe(true);
      expect(answer.text).toMatch(/event: error\n/);
    }
  });

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

  story('ends with its connection before its JSON does breaks for every listener', async ({ upstream, open }) => {
    const proxy = await open();
    upstream.script = ({ response }) => response.socket?.end('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n{"choices":[');
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
    ['has a choice with an error', chatAnswer('x', { choices: [{ index: 0, message: {}, finish_reason: 'stop', error: { code: 502 } }] })],
    ['has no choices', chatAnswer('x', { choices: [] })],
    ['is not JSON', 'Internal Server Error'],
  ] as const) {
    story(`${what} passes as it is and is not kept`, async ({ upstream, open }) => {
      const proxy = await open();
      upstream.script = (call) => sendJson(call, body);
      for (const answer of await askTwice(proxy, CHAT, JSON_ASKED, upstream)) expect(answer).toMatchObject({ status: 200, text: body, broken: false });
    });
  }

  story('has fewer choices or vectors than were asked for is not kept', async ({ upstream, open }) => {
    const proxy = await open();
    for (const [path, body] of [
      [CHAT, chatRequest('x', { n: 2 })],
      ['/v1/embeddings', { input: ['a', 'b', 'c'] }],
    ] as const) {
      upstream.script = (call) => sendJson(call, path === CHAT ? chatAnswer() : JSON.stringify({ data: [{ index: 0 }, { index: 1 }] }));
      for (const { status } of await askTwice(proxy, path, { body }, upstream)) expect(status).toBe(200);
    }
  });
});

describe('an error of the upstream', () => {
  for (const status of [400, 401, 429, 500, 503]) {
    story(`(${status}) passes with its body and its retry headers, to those who waited and to nobody else`, async ({ upstream, open }) => {
      const proxy = await open();
      const body = JSON.stringify({ error: { message: 'no', type: 'x', param: null, code: null } });
      const headers = { 'retry-after': '7', 'retry-after-ms': '7000', 'x-should-retry': 'true', 'x-ratelimit-reset-requests': '1s' };
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
    });
  }

  story('that cannot be reached is 502 and says what to check', async ({ upstream, open }) => {
    const proxy = await open();
    await upstream.stop();
    const { status, text } = await ask(proxy.url + CHAT, JSON_ASKED);
    expect(status).toBe(502);
    expect(JSON.parse(text).error).toMatchObject({ code: 'upstream_unreachable', message: expect.stringContaining('REFRAIN_UPSTREAM') });
    await upstream.start();
  });
});
