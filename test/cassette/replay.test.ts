/**
 * A proxy over a cassette: what is recorded, and what is played instead of asking.
 */
import { request } from 'node:http';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import type { Overrides } from '../../src/config/config.ts';
import { CHAT, chatAnswer, chatEvents, chatRequest, sendJson } from '../harness/answers.ts';
import { type Asking, ask } from '../harness/client.ts';
import { landed, type Proxy } from '../harness/proxy.ts';
import { type Cast, story } from '../harness/story.ts';
import type { Call } from '../harness/upstream.ts';

interface Tape {
  readonly record: (overrides?: Overrides) => Promise<Proxy>;
  /** Stops whoever records. */
  readonly replay: (overrides?: Overrides) => Promise<Proxy>;
}

const tape = story.extend<Tape>({
  record: async ({ open, folder }: Cast, use: (record: Tape['record']) => Promise<void>) => {
    await use((overrides) => open({ cassette: join(folder, 'llm.cassette'), ...overrides }));
  },
  replay: async ({ open, folder, upstream }: Cast, use: (replay: Tape['replay']) => Promise<void>) => {
    let before = 0;
    await use((overrides) => {
      before = upstream.calls.length;
      upstream.script = () => {
        throw new Error('it was asked');
      };
      return open({ cassette: join(folder, 'llm.cassette'), offline: true, ...overrides });
    });
    if (before > 0) expect(upstream.calls.length).toBe(before);
  },
});

const JSON_TYPE = { 'content-type': 'application/json' };

/** Answers with a count, so that each answer is another one. */
function counting(): (call: Call) => void {
  let count = 0;
  return (call) => sendJson(call, chatAnswer(`answer ${++count}`));
}

async function texts(proxy: Proxy, path: string, asking: Asking, times: number): Promise<string[]> {
  const got: string[] = [];
  for (let at = 0; at < times; at++) got.push((await ask(proxy.url + path, asking)).text);
  await landed(proxy);
  return got;
}

/** A request whose client leaves before there is an answer. */
function hangingUp(url: string, { method, body }: { readonly method: string; readonly body: string }) {
  const outgoing = request(url, { method });
  const promise = new Promise((resolve) => outgoing.on('error', resolve));
  outgoing.end(body);
  return { promise, hangUp: () => void outgoing.destroy(new Error('left')) };
}

const wordOf = ({ headers }: { readonly headers: Record<string, unknown> }) => headers['x-cache'];

describe('a cassette', () => {
  tape('plays what was recorded, byte for byte, whoever asks and wherever it is from', async ({ record, replay }) => {
    const first = await record();
    const one = await ask(first.url + CHAT, { body: chatRequest(), headers: { authorization: 'Bearer sk-one' } });
    expect(wordOf(one)).toBe('MISS');
    const again = await ask(first.url + CHAT, { body: chatRequest(), headers: { authorization: 'Bearer sk-two' } });
    expect([wordOf(again), again.text]).toEqual(['HIT', one.text]);
    await first.stop();
    const second = await replay({ upstream: 'https://elsewhere.example/api/v1', secret: '1'.repeat(64) });
    const hit = await ask(second.url + CHAT, { body: chatRequest(), headers: { 'x-api-key': 'sk-three' } });
    expect([hit.status, wordOf(hit), hit.text]).toEqual([200, 'HIT', one.text]);
    expect(hit.headers['cache-status']).toMatch(/^refrain; hit; detail=cassette$/);
  });

  tape('heeds no wish for a fresh answer that it has', async ({ record, replay }) => {
    const first = await record();
    const { text } = await ask(first.url + CHAT, { body: chatRequest() });
    const wishes = [
      { 'cache-control': 'no-cache' },
      { 'cache-control': 'no-store' },
      { 'cache-control': 'max-age=0' },
      { 'cache-control': 'only-if-cached' },
      { 'x-refrain-cache': 'refresh' },
      { 'x-refrain-cache': 'off' },
      { 'x-refrain-ttl': '0' },
    ];
    const hear = async (proxy: Proxy) => {
      for (const headers of wishes) {
        const hit = await ask(proxy.url + CHAT, { body: chatRequest(), headers });
        expect([hit.text, wordOf(hit)], JSON.stringify(headers)).toEqual([text, 'HIT']);
      }
    };
    await hear(first);
    await first.stop();
    await hear(await replay());
  });

  tape('has a cookie taken from what it records, and from no error', async ({ record, upstream }) => {
    const { url } = await record();
    const cookieOf = async (status: number) => {
      upstream.script = (call) => sendJson(call, chatAnswer(), status, { 'set-cookie': 'a=1' });
      return (await ask(url + CHAT, { body: chatRequest(`${status}`) })).headers['set-cookie'];
    };
    expect([await cookieOf(200), await cookieOf(429)]).toEqual([undefined, ['a=1']]);
  });

  tape('records what the cache would not keep', async ({ record, replay, upstream }) => {
    const unfit = (finish_reason: string | null, content = 'x') =>
      chatAnswer('', { choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason }] });
    const stream = chatEvents().slice(0, -2).join('');
    const answers: Record<string, string> = {
      filter: unfit('content_filter'),
      cut: unfit('length'),
      empty: unfit('stop', ''),
      unsaid: unfit(null),
      stream,
    };
    upstream.script = (call) => {
      const { messages, stream } = JSON.parse(call.body.toString());
      call.response.writeHead(200, {
        'content-type': stream ? 'text/event-stream' : 'application/json',
        'cache-control': 'no-store',
        'vary': '*',
        'set-cookie': 'a=1',
      });
      call.response.end(answers[messages[0].content]);
    };
    const first = await record();
    const askFor = (proxy: Proxy, name: string) =>
      ask(proxy.url + CHAT, { body: chatRequest(name, { stream: name === 'stream' }) });
    for (const name of Object.keys(answers)) expect(wordOf(await askFor(first, name))).toBe('MISS');
    await first.stop();
    const second = await replay();
    for (const [name, text] of Object.entries(answers)) {
      const hit = await askFor(second, name);
      expect([wordOf(hit), hit.text, hit.headers['set-cookie']]).toEqual(['HIT', text, undefined]);
    }
  });

  tape('records no error unless it is told to', async ({ record, replay, upstream }) => {
    upstream.script = (call) => sendJson(call, '{"error":{"message":"no"}}', 429);
    const first = await record();
    expect((await ask(first.url + CHAT, { body: chatRequest() })).status).toBe(429);
    expect(first.app.unrecorded.requests.map(({ why }) => why)).toEqual(['error']);
    await first.stop();
    expect((await ask((await replay()).url + CHAT, { body: chatRequest() })).status).toBe(504);
  });

  tape('plays an error in its turn: 429, 200, 200', async ({ record, replay, upstream }) => {
    let count = 0;
    upstream.script = (call) => {
      if (++count > 1) return sendJson(call, chatAnswer('at last'));
      call.response.writeHead(429, { ...JSON_TYPE, 'retry-after': '7', 'x-ratelimit-reset': '1' });
      call.response.end('{"error":{"message":"slow down"}}');
    };
    const hear = async (proxy: Proxy) => {
      const answers = [];
      for (let at = 0; at < 4; at++) answers.push(await ask(proxy.url + CHAT, { body: chatRequest() }));
      expect(answers.map(({ status }) => status)).toEqual([429, 200, 200, 200]);
      expect(answers[0]?.headers['retry-after']).toBe('7');
      return answers.map(({ text }) => text);
    };
    const first = await record({ recordErrors: true });
    const live = await hear(first);
    expect(count).toBe(2);
    expect(first.app.unrecorded.requests).toEqual([]);
    await first.stop();
    const second = await replay();
    expect(await hear(second)).toEqual(live);
  });

  tape('has an error that comes with 200 asked for once more, as any other', async ({ record, replay, upstream }) => {
    let count = 0;
    upstream.script = (call) => {
      const { stream } = JSON.parse(call.body.toString());
      if (++count % 2 === 0) return sendJson(call, chatAnswer('at last'));
      if (!stream) return sendJson(call, '{"error":{"message":"slow down"}}');
      call.response.writeHead(200, { 'content-type': 'text/event-stream', 'vary': '*' });
      call.response.end('data: {"error":{"message":"slow down"}}\n\n');
    };
    const hear = async (proxy: Proxy, stream: boolean) => {
      const answers = [];
      for (let at = 0; at < 3; at++) answers.push(await ask(proxy.url + CHAT, { body: chatRequest('', { stream }) }));
      const isError = answers.map(({ text }) => text.includes('slow down'));
      expect([stream, isError]).toEqual([stream, [true, false, false]]);
    };
    const unasked = await record();
    for (const stream of [false, true]) {
      await ask(unasked.url + CHAT, { body: chatRequest('', { stream }) });
      count++;
    }
    await landed(unasked);
    expect(unasked.app.unrecorded.requests.map(({ why }) => why)).toEqual(['error', 'error']);
    await unasked.stop();
    const first = await record({ recordErrors: true });
    for (const stream of [false, true]) await hear(first, stream);
    await first.stop();
    const second = await replay();
    for (const stream of [false, true]) await hear(second, stream);
  });

  tape('plays the length that HEAD asks for, or none where there was none', async ({ record, replay, upstream }) => {
    upstream.script = ({ response, url }) => {
      response.writeHead(200, {
        'content-type': 'application/json',
        ...(url.endsWith('1') && { 'content-length': 7, 'content-encoding': 'gzip' }),
      });
      response.end();
    };
    const lengths = async (proxy: Proxy) => {
      const answers = [];
      for (const path of ['/v1/files/1', '/v1/files/2'])
        answers.push(await ask(proxy.url + path, { method: 'HEAD', headers: { 'x-refrain-pace': 'recorded' } }));
      return answers.map(({ status, headers }) => [status, headers['content-length']]);
    };
    const first = await record();
    const live = await lengths(first);
    expect(live).toEqual([
      [200, '7'],
      [200, undefined],
    ]);
    await landed(first);
    await first.stop();
    expect(await lengths(await replay())).toEqual(live);
  });

  tape('records what the transport cut never', async ({ record, replay, upstream }) => {
    upstream.script = ({ response }) => {
      response.writeHead(200, { ...JSON_TYPE, 'content-length': '1000' });
      response.write('{"choices":', () => response.destroy());
    };
    const first = await record();
    expect((await ask(first.url + CHAT, { body: chatRequest() })).broken).toBe(true);
    await landed(first);
    expect(first.app.unrecorded.requests.map(({ why }) => why)).toEqual(['cut']);
    await first.stop();
    expect((await ask((await replay()).url + CHAT, { body: chatRequest() })).status).toBe(504);
  });
});

tape('an upstream that cannot be reached is named in the report', async ({ record }) => {
  const proxy = await record({ upstream: 'http://127.0.0.1:1/v1' });
  for (const path of [CHAT, '/v1/anything'])
    expect((await ask(proxy.url + path, { body: chatRequest() })).status).toBe(502);
  await landed(proxy);
  expect(proxy.app.unrecorded.requests.map(({ why }) => why)).toEqual(['upstream_unreachable', 'upstream_unreachable']);
});

describe('equal requests of one run', () => {
  tape('have one answer, also at the same time', async ({ record, upstream }) => {
    upstream.script = () => {};
    const proxy = await record();
    const clients = Array.from({ length: 5 }, () => ask(proxy.url + CHAT, { body: chatRequest() }));
    await expect.poll(() => proxy.app.admission.listeners).toBe(5);
    sendJson(await upstream.called(1), chatAnswer());
    const words = (await Promise.all(clients)).map(wordOf);
    expect(words.toSorted()).toEqual(['FOLLOW', 'FOLLOW', 'FOLLOW', 'FOLLOW', 'MISS']);
    expect(upstream.calls.length).toBe(1);
  });

  tape('have answers of their own in turn by record=sequence', async ({ record, replay, upstream }) => {
    upstream.script = counting();
    const first = await record({ record: 'sequence' });
    const live = await texts(first, CHAT, { body: chatRequest() }, 3);
    expect(new Set(live).size).toBe(3);
    await first.stop();
    const second = await replay();
    expect(await texts(second, CHAT, { body: chatRequest() }, 4)).toEqual([...live, live[2]]);
    await second.stop();
    const strict = await replay({ record: 'sequence' });
    expect(await texts(strict, CHAT, { body: chatRequest() }, 3)).toEqual(live);
    expect((await ask(strict.url + CHAT, { body: chatRequest() })).status).toBe(504);
  });

  tape('are recorded afresh by record=all', async ({ record, replay, upstream }) => {
    upstream.script = counting();
    const first = await record({ record: 'sequence' });
    await texts(first, CHAT, { body: chatRequest() }, 3);
    await first.stop();
    const second = await record({ record: 'all' });
    const [one, two] = await texts(second, CHAT, { body: chatRequest() }, 2);
    expect([one, two]).toEqual([chatAnswer('answer 4'), chatAnswer('answer 4')]);
    await second.stop();
    expect(await texts(await replay(), CHAT, { body: chatRequest() }, 2)).toEqual([one, one]);
  });
});

describe('what the cache has no key for', () => {
  const UPLOAD = (boundary: string) => ({
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    body: [`--${boundary}`, 'content-disposition: form-data; name="file"', '', 'sea', `--${boundary}--`, ''].join(
      '\r\n',
    ),
  });

  tape('is played in the sequence in which it came', async ({ record, replay, upstream }) => {
    upstream.script = counting();
    const stateful = { body: { model: 'gpt-test', input: 'And then?', previous_response_id: 'resp_1' } };
    const first = await record();
    const answers = await texts(first, '/v1/responses', stateful, 2);
    expect(new Set(answers).size).toBe(2);
    const models = await ask(`${first.url}/v1/models?limit=2`);
    expect(wordOf(models)).toBe('BYPASS');
    const upload = await ask(`${first.url}/v1/files`, UPLOAD('one'));
    const removed = await ask(`${first.url}/v1/responses/resp_1`, { method: 'DELETE' });
    await landed(first);
    await first.stop();
    const second = await replay();
    expect(await texts(second, '/v1/responses', stateful, 2)).toEqual(answers);
    const third = await ask(`${second.url}/v1/responses`, stateful);
    expect(third.status).toBe(504);
    for (let at = 0; at < 3; at++) {
      const hit = await ask(`${second.url}/v1/models?limit=2`);
      expect([wordOf(hit), hit.text]).toEqual(['HIT', models.text]);
    }
    expect((await ask(`${second.url}/v1/models?limit=3`)).status).toBe(504);
    expect((await ask(`${second.url}/v1/files`, UPLOAD('another'))).text).toBe(upload.text);
    expect((await ask(`${second.url}/v1/responses/resp_1`, { method: 'DELETE' })).text).toBe(removed.text);
  });

  tape('is relayed and named in the report where it is too large', async ({ record, upstream }) => {
    upstream.script = counting();
    const proxy = await record({ maxKeyedBytes: 1024 * 1024 });
    const answer = await ask(`${proxy.url}/v1/files`, { method: 'POST', body: Buffer.alloc(2 * 1024 * 1024, 'x') });
    expect([answer.status, wordOf(answer)]).toEqual([200, 'BYPASS']);
    expect(proxy.app.unrecorded.requests).toMatchObject([{ method: 'POST', path: '/files', why: 'large-request' }]);
  });

  tape('goes on to its end though its client has left', async ({ record, replay, upstream }) => {
    const asked = { method: 'PUT', body: 'x' };
    upstream.script = () => {};
    const proxy = await record();
    const { promise: leaving, hangUp } = hangingUp(`${proxy.url}/v1/anything`, asked);
    const call = await upstream.called(1);
    hangUp();
    await leaving;
    await expect.poll(() => proxy.app.admission.listeners).toBe(0);
    sendJson(call, chatAnswer('late'));
    await landed(proxy);
    await proxy.stop();
    expect((await ask(`${(await replay()).url}/v1/anything`, asked)).text).toBe(chatAnswer('late'));
  });

  tape('has an answer for each of those that came at the same time', async ({ record, replay, upstream }) => {
    upstream.script = () => {};
    const asked = { body: { model: 'gpt-test', input: 'And then?', previous_response_id: 'resp_1' } };
    const first = await record();
    const clients = [0, 1, 2].map(() => ask(`${first.url}/v1/responses`, asked));
    await upstream.called(3);
    for (const [at, call] of upstream.calls.entries()) sendJson(call, chatAnswer(`answer ${at}`));
    const live = (await Promise.all(clients)).map(({ text }) => text);
    await landed(first);
    await first.stop();
    const again = await texts(await replay(), '/v1/responses', asked, 3);
    expect(again.toSorted()).toEqual(live.toSorted());
  });
});

describe('offline', () => {
  tape('names the nearest recording and where it differs', async ({ record, replay }) => {
    const first = await record();
    const messages = (last: string) => [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: last },
    ];
    const { headers } = await ask(first.url + CHAT, { body: chatRequest('', { messages: messages('What is rain?') }) });
    await first.stop();
    const second = await replay();
    const refused = await ask(second.url + CHAT, { body: chatRequest('', { messages: messages('What is snow?') }) });
    expect([refused.status, refused.headers['x-should-retry'], wordOf(refused)]).toEqual([504, 'false', 'MISS']);
    const { error } = JSON.parse(refused.text);
    expect(error.code).toBe('not_cached');
    expect(error.message).toContain(String(headers['x-refrain-key']));
    expect(error.message).toContain('/messages/1/content');
    expect(second.app.unrecorded.requests).toMatchObject([
      {
        method: 'POST',
        path: '/chat/completions',
        model: 'gpt-test',
        why: 'offline',
        nearest: { key: headers['x-refrain-key'], pointer: '/messages/1/content', differences: 1 },
      },
    ]);
  });

  story('works over any store, and asks nobody', async ({ open, upstream, folder }) => {
    const path = join(folder, 'store.sqlite');
    const first = await open({ store: { path } });
    const asked = { body: chatRequest(), headers: { authorization: 'Bearer sk-one' } };
    const { text } = await ask(first.url + CHAT, asked);
    await first.stop();
    const second = await open({ store: { path }, offline: true });
    const hit = await ask(second.url + CHAT, asked);
    expect([wordOf(hit), hit.text]).toEqual(['HIT', text]);
    expect((await ask(second.url + CHAT, { ...asked, body: chatRequest('new') })).status).toBe(504);
    expect((await ask(`${second.url}/v1/models`)).status).toBe(504);
    expect(upstream.calls.length).toBe(1);
    expect(second.app.unrecorded.requests.length).toBe(2);
  });
});
