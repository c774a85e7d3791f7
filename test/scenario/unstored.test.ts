import { describe, expect } from 'vitest';
import {
  beginStream,
  CHAT,
  chatAnswer,
  chatEvents,
  chatRequest,
  embeddingsAnswer,
  errorAnswer,
  sendJson,
} from '../harness/answers.ts';
import { ask, begin } from '../harness/client.ts';
import { createTestClock } from '../harness/clock.ts';
import type { Proxy } from '../harness/proxy.ts';
import { story } from '../harness/story.ts';
import type { Script } from '../harness/upstream.ts';

const body = chatRequest();
const DEBUG = { 'x-refrain-debug': '1' };

const told = async (proxy: Proxy, headers: Record<string, string> = {}, asked: object = body) => {
  const {
    headers: { 'cache-status': status, 'x-refrain-why': why },
  } = await ask(proxy.url + CHAT, { body: asked, headers });
  return { status, why };
};

interface UnkeptCase {
  readonly why: string;
  readonly script: Script;
  /** Fields of the request beside the usual ones. */
  readonly others?: object;
  /** The detail that the answer's own head gives already. */
  readonly byHead?: string;
  readonly words: string;
}

const UNKEPT: readonly UnkeptCase[] = [
  { why: 'error-object', script: (call) => sendJson(call, errorAnswer('no')), words: 'it carried an error' },
  { why: 'not-json', script: (call) => sendJson(call, 'no'), words: 'it was not JSON' },
  {
    why: 'content-type',
    script: (call) => sendJson(call, 'no', 200, { 'content-type': 'text/plain' }),
    words: 'it was neither JSON nor an event stream',
  },
  {
    why: 'missing-choice',
    script: (call) => sendJson(call, chatAnswer('x', { choices: [] })),
    words: 'it has fewer choices than were asked for',
  },
  {
    why: 'text-not-json',
    script: (call) => sendJson(call, chatAnswer('{')),
    others: { response_format: { type: 'json_object' } },
    words: 'its text is not the JSON that was asked for',
  },
  {
    why: 'status',
    script: (call) => sendJson(call, errorAnswer('no'), 500),
    byHead: 'status',
    words: 'its status was not 200',
  },
  {
    why: 'upstream-no-store',
    script: (call) => sendJson(call, chatAnswer(), 200, { 'cache-control': 'no-store' }),
    byHead: 'upstream-no-store',
    words: 'the upstream said no-store',
  },
  {
    why: 'too-large',
    script: (call) => sendJson(call, chatAnswer('x'.repeat(20_000))),
    words: 'it was longer than maxEntryBytes',
  },
];

describe('a miss whose predecessor was not kept', () => {
  for (const { why, script, others, byHead, words } of UNKEPT) {
    story(`says why in Cache-Status, and in words where it is asked: ${why}`, async ({ upstream, open }) => {
      const proxy = await open({ maxEntryBytes: 10_000 });
      const asked = { ...body, ...others };
      upstream.script = script;
      const own = `refrain; fwd=miss${byHead === undefined ? '' : `; detail=${byHead}`}`;
      expect(await told(proxy, {}, asked)).toEqual({ status: own, why: undefined });
      expect((await told(proxy, {}, asked)).status).toBe(byHead === undefined ? `${own}; detail=not-kept-${why}` : own);
      expect((await told(proxy, DEBUG, asked)).why).toBe(`the last answer was not kept: ${words}`);
      upstream.script = (call) => sendJson(call, chatAnswer('{}'));
      expect((await told(proxy, {}, asked)).status).toBe(`refrain; fwd=miss; detail=not-kept-${why}`);
      expect((await told(proxy, {}, asked)).status).toMatch(/^refrain; hit/);
      expect((await told(proxy, { 'cache-control': 'no-cache' }, asked)).status).toBe('refrain; fwd=miss');
    });
  }

  story(
    'is one of the same key alone, and knows it as long as nothing else becomes of it',
    async ({ upstream, open }) => {
      const clock = createTestClock();
      const proxy = await open({}, clock);
      upstream.script = (call) => sendJson(call, chatAnswer('x', { choices: [] }));
      await told(proxy);
      expect((await told(proxy, {}, chatRequest('another'))).status).toBe('refrain; fwd=miss');
      expect((await told(proxy, { 'x-refrain-variant': '2' })).status).toBe('refrain; fwd=miss');
      clock.advance(86_400_000);
      expect((await told(proxy)).status).toBe('refrain; fwd=miss; detail=not-kept-missing-choice');
    },
  );

  story('says so of a variant too', async ({ upstream, open }) => {
    const proxy = await open();
    upstream.script = (call) => {
      const text = call.headers['user-agent'] === 'a' ? 'a' : '';
      sendJson(call, chatAnswer(text), 200, { vary: 'user-agent' });
    };
    const askAs = (agent: string) => told(proxy, { ...DEBUG, 'user-agent': agent });
    await askAs('a');
    expect((await askAs('b')).why).toBe('the answers vary by user-agent, and none is kept for what was sent');
    const empty = {
      status: 'refrain; fwd=miss; detail=not-kept-empty',
      why: 'the last answer was not kept: it says nothing',
    };
    expect(await askAs('b')).toEqual(empty);
    expect((await askAs('c')).why).toBe('the answers vary by user-agent, and none is kept for what was sent');
    expect((await askAs('a')).status).toMatch(/^refrain; hit/);
  });

  story('says so of a batch of which a part is known', async ({ upstream, open }) => {
    const proxy = await open();
    upstream.script = (call) => sendJson(call, embeddingsAnswer(1));
    const askFor = async (...input: string[]) => {
      const { headers } = await ask(`${proxy.url}/v1/embeddings`, { body: { model: 'm', input }, headers: DEBUG });
      return [headers['cache-status'], headers['x-refrain-why']];
    };
    await askFor('a');
    upstream.script = (call) => sendJson(call, errorAnswer('no'));
    expect(await askFor('a', 'b')).toEqual(['refrain; fwd=miss', '1 of 2 inputs are not kept']);
    expect(await askFor('a', 'b')).toEqual([
      'refrain; fwd=miss; detail=not-kept-error-object',
      '1 of 2 inputs are not kept; the last answer was not kept: it carried an error',
    ]);
  });

  story('says so while its credential is asked about, or was refused', async ({ upstream, open }) => {
    const proxy = await open({ auth: { recheck: 0 } });
    const askAs = (headers: Record<string, string> = {}) =>
      told(proxy, { ...DEBUG, authorization: 'Bearer sk-1', ...headers });
    upstream.script = (call) => sendJson(call, chatAnswer(''));
    await askAs();
    const why = 'the last answer was not kept: it says nothing';
    expect(await askAs()).toEqual({ status: 'refrain; fwd=miss; detail=not-kept-empty', why });
    expect((await askAs({ 'x-refrain-cache': 'refresh' })).status).toBe('refrain; fwd=miss');
    upstream.script = (call) => sendJson(call, errorAnswer('no'), 401);
    await askAs();
    upstream.script = (call) => sendJson(call, chatAnswer());
    const refused = 'the upstream refused this credential last';
    expect(await askAs()).toEqual({ status: 'refrain; fwd=miss; detail=not-kept-status', why: refused });
    expect((await askAs()).status).toMatch(/^refrain; fwd=miss(; stored)?$/);
  });

  story('is told of a stream that a purge has fenced', async ({ upstream, open }) => {
    const proxy = await open();
    const asked = chatRequest('x', { stream: true });
    upstream.script = beginStream;
    const live = await begin(proxy.url + CHAT, { body: asked });
    const { response } = await upstream.called(1);
    await proxy.app.cache.removals.purgeAll({});
    response.end(chatEvents().join(''));
    await live.ended;
    upstream.script = (call) => sendJson(call, chatAnswer());
    expect((await told(proxy, {}, asked)).status).toBe('refrain; fwd=miss; detail=not-kept-purged');
  });
});

describe('stored', () => {
  story('is never said while the answer is on its way, JSON or stream', async ({ open }) => {
    const proxy = await open({ forms: 'exact' });
    for (const stream of [false, true])
      expect((await told(proxy, {}, chatRequest('x', { stream }))).status).toBe('refrain; fwd=miss');
  });
});

describe('x-refrain-why', () => {
  story('never reads the answer that this very request stores', async ({ open, upstream }) => {
    const proxy = await open();
    const recent = proxy.app.store.newest.bind(proxy.app.store);
    // The look into the store comes after the answer has landed there.
    proxy.app.store.newest = async (like, limit) => {
      while (proxy.app.cache.flights > 0) await new Promise((resolve) => setImmediate(resolve));
      return recent(like, limit);
    };
    expect(await told(proxy, DEBUG)).toEqual({
      status: 'refrain; fwd=miss; stored',
      why: 'nothing to compare is kept of this endpoint, model and scope',
    });
    expect(upstream.calls).toHaveLength(1);
  });

  story('says that what is kept has expired, whatever else was kept since', async ({ open }) => {
    const clock = createTestClock();
    const proxy = await open({ ttl: 10 }, clock);
    await told(proxy);
    clock.advance(11_000);
    for (let other = 0; other < 20; other += 1) await told(proxy, {}, chatRequest(`other ${other}`));
    expect((await told(proxy, DEBUG)).why).toBe('kept, but expired or older than max-age');
  });
});
