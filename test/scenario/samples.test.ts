/**
 * Several answers to equal requests: `x-refrain-samples`.
 */
import { join } from 'node:path';
import { describe, expect, vi } from 'vitest';
import { CHAT, chatAnswer, chatEvents, chatRequest, errorAnswer, sendJson, sendStream } from '../harness/answers.ts';
import { type Answer, ask } from '../harness/client.ts';
import { createTestClock } from '../harness/clock.ts';
import { landed, type Proxy } from '../harness/proxy.ts';
import { type Cast, story } from '../harness/story.ts';
import { until } from '../harness/until.ts';
import type { Script, ScriptedUpstream } from '../harness/upstream.ts';

type Headers = Record<string, string>;

/** Asks for one of three samples, unless told otherwise. */
const send = (proxy: Proxy, headers: Headers = {}, body = chatRequest()) =>
  ask(proxy.url + CHAT, { body, headers: { 'x-refrain-samples': '3', ...headers } });

/** The word of each answer and the call that brought it, of so many requests, one after the other. */
async function inTurn(proxy: Proxy, count: number, headers: Headers = {}): Promise<string[]> {
  const seen: string[] = [];
  for (let index = 0; index < count; index++) seen.push(shown(await send(proxy, headers)));
  await landed(proxy);
  return seen;
}

const contentOf = ({ text }: Answer): string => JSON.parse(text).choices[0].message.content;
const shown = (answer: Answer) => `${answer.headers['x-cache']} ${contentOf(answer)}`;
const contents = (answers: readonly Answer[]) => [...new Set(answers.map(contentOf))].toSorted();

/** Answers with the number of the call, from 1 on. */
const numbered =
  (upstream: ScriptedUpstream): Script =>
  (call) =>
    sendJson(call, chatAnswer(`${upstream.calls.indexOf(call) + 1}`));

/** Answers all calls at once, as soon as there are so many. */
function together(upstream: ScriptedUpstream, count: number): Script {
  const answer = numbered(upstream);
  return async (call) => {
    await upstream.called(count);
    await answer(call);
  };
}

const at = (folder: string) => ({ store: { path: join(folder, 'cache.sqlite') } });

/** A proxy with three samples, of calls 1 to 3. */
async function filled({ upstream, open }: Pick<Cast, 'upstream' | 'open'>, ...options: Parameters<Cast['open']>) {
  upstream.script = numbered(upstream);
  const proxy = await open(...options);
  expect(await inTurn(proxy, 3)).toEqual(['MISS 1', 'MISS 2', 'MISS 3']);
  return proxy;
}

describe('the number of samples', () => {
  story('is a whole number from 1 to 100, or the request is refused', async ({ upstream, open }) => {
    const proxy = await open();
    for (const wrong of ['0', '101', '-1', '1.5', 'three', '', '3, 3']) {
      const { status, text } = await send(proxy, { 'x-refrain-samples': wrong });
      expect([wrong, status, JSON.parse(text).error.code]).toEqual([wrong, 400, 'invalid_header']);
    }
    expect(upstream.calls).toHaveLength(0);
    for (const right of ['1', '100']) expect((await send(proxy, { 'x-refrain-samples': right })).status).toBe(200);
    expect(upstream.calls.every(({ headers }) => !('x-refrain-samples' in headers))).toBe(true);
  });

  story('is not in the key: the first sample is the plain entry, and more are added', async ({ upstream, open }) => {
    upstream.script = numbered(upstream);
    const proxy = await open();
    const plain = await ask(proxy.url + CHAT, { body: chatRequest() });
    expect(await inTurn(proxy, 4)).toEqual(['MISS 2', 'MISS 3', 'HIT 1', 'HIT 2']);
    expect(await inTurn(proxy, 3, { 'x-refrain-samples': '5' })).toEqual(['MISS 4', 'MISS 5', 'HIT 3']);
    expect(await inTurn(proxy, 3, { 'x-refrain-samples': '2' })).toEqual(['HIT 2', 'HIT 1', 'HIT 2']);
    const again = await ask(proxy.url + CHAT, { body: chatRequest() });
    expect([again.headers['x-cache'], again.text]).toEqual(['HIT', plain.text]);
    expect(again.headers['x-refrain-key']).toBe(plain.headers['x-refrain-key']);
  });

  story('is that of the setting, unless the request says otherwise', async ({ upstream, open }) => {
    upstream.script = numbered(upstream);
    const proxy = await open({ samples: 2 });
    const plain = () => ask(proxy.url + CHAT, { body: chatRequest() });
    expect([shown(await plain()), shown(await plain()), shown(await plain())]).toEqual(['MISS 1', 'MISS 2', 'HIT 1']);
    expect(await inTurn(proxy, 2, { 'x-refrain-samples': '1' })).toEqual(['HIT 1', 'HIT 1']);
  });
});

describe('many equal requests at once', () => {
  for (const [where, overrides] of [
    ['memory', () => ({})],
    ['the file', at],
    ['the file alone', (folder: string) => ({ ...at(folder), memory: { bytes: 0 } })],
  ] as const) {
    story(
      `ask once for each sample, and all of them again cost nothing, over ${where}`,
      async ({ upstream, open, folder }) => {
        upstream.script = together(upstream, 3);
        const proxy = await open(overrides(folder));
        const getMany = vi.spyOn(proxy.app.store, 'getMany');
        const many = () => Promise.all(Array.from({ length: 50 }, () => send(proxy)));
        const first = await many();
        expect(upstream.calls).toHaveLength(3);
        expect(contents(first)).toEqual(['1', '2', '3']);
        // All samples in one go, and one go for all requests that wait for it.
        expect(getMany.mock.calls.length).toBeLessThan(where === 'memory' ? 1 : 50);
        for (const [keys] of getMany.mock.calls) expect(keys.length).toBeLessThanOrEqual(3);
        await landed(proxy);
        const second = await many();
        expect(contents(second)).toEqual(['1', '2', '3']);
        expect(new Set(second.map(({ headers }) => headers['x-cache']))).toEqual(new Set(['HIT']));
        expect(upstream.calls).toHaveLength(3);
      },
    );
  }

  story('follow in turn', async ({ upstream, open }) => {
    upstream.script = together(upstream, 3);
    const proxy = await open();
    const answers = await Promise.all(Array.from({ length: 9 }, () => send(proxy)));
    const counts = Map.groupBy(answers, contentOf);
    expect([...counts.values()].map(({ length }) => length)).toEqual([3, 3, 3]);
    expect(answers.filter(({ headers }) => headers['x-cache'] === 'MISS')).toHaveLength(3);
  });

  story('have streams of their own, whole', async ({ upstream, open }) => {
    upstream.script = async (call) => {
      await upstream.called(3);
      await sendStream(call, chatEvents([`${upstream.calls.indexOf(call)}`]));
    };
    const proxy = await open();
    const body = chatRequest('x', { stream: true });
    const answers = await Promise.all(Array.from({ length: 9 }, () => send(proxy, {}, body)));
    expect(new Set(answers.map(({ text }) => text))).toEqual(
      new Set(['0', '1', '2'].map((content) => chatEvents([content]).join(''))),
    );
    expect(answers.some(({ broken }) => broken)).toBe(false);
  });
});

describe('a sample', () => {
  story('whose call failed is free again', async ({ upstream, open }) => {
    const proxy = await open();
    const answer = numbered(upstream);
    upstream.script = (call) =>
      upstream.calls.length === 2 ? sendJson(call, errorAnswer('slow down'), 429) : answer(call);
    expect(await inTurn(proxy, 1)).toEqual(['MISS 1']);
    expect((await send(proxy)).status).toBe(429);
    expect(await inTurn(proxy, 4)).toEqual(['MISS 3', 'MISS 4', 'HIT 1', 'HIT 3']);
  });

  story('that is not kept is free again, and never waited for in vain', async ({ upstream, open }) => {
    const proxy = await open();
    upstream.script = (call) =>
      sendJson(call, chatAnswer(`${upstream.calls.length}`), 200, { 'cache-control': 'no-store' });
    expect(await inTurn(proxy, 4)).toEqual(['MISS 1', 'MISS 2', 'MISS 3', 'MISS 4']);
    upstream.script = numbered(upstream);
    expect(await inTurn(proxy, 4)).toEqual(['MISS 5', 'MISS 6', 'MISS 7', 'HIT 5']);
  });

  story(
    'begins at the first after a restart, so that a run costs nothing again',
    async ({ upstream, open, folder }) => {
      const first = await filled({ upstream, open }, at(folder));
      expect(await inTurn(first, 2)).toEqual(['HIT 1', 'HIT 2']);
      await first.stop();
      const second = await open(at(folder));
      expect(await inTurn(second, 4)).toEqual(['HIT 1', 'HIT 2', 'HIT 3', 'HIT 1']);
      expect(upstream.calls).toHaveLength(3);
    },
  );

  story('that is purged is free, by its own key or with all', async ({ upstream, open }) => {
    const proxy = await filled({ upstream, open });
    await send(proxy);
    const second = await send(proxy);
    const deleted = await ask(`${proxy.adminUrl}/entries/${second.headers['x-refrain-key']}`, { method: 'DELETE' });
    expect(deleted.status).toBeLessThan(300);
    expect(await inTurn(proxy, 2)).toEqual(['MISS 4', 'HIT 3']);
    expect(JSON.parse((await ask(`${proxy.adminUrl}/purge`, { body: { model: 'gpt-test' } })).text).entries).toBe(3);
    expect(await inTurn(proxy, 4)).toEqual(['MISS 5', 'MISS 6', 'MISS 7', 'HIT 5']);
  });

  story('that is purged while it is on its way is free for the next', async ({ upstream, open }) => {
    const proxy = await open();
    const answer = numbered(upstream);
    upstream.script = () => {};
    const fenced = send(proxy);
    const call = await upstream.called(1);
    await ask(`${proxy.adminUrl}/purge`, { body: { model: 'gpt-test' } });
    upstream.script = answer;
    expect(shown(await send(proxy))).toBe('MISS 2');
    await answer(call);
    expect(shown(await fenced)).toBe('MISS 1');
    expect(await inTurn(proxy, 3)).toEqual(['MISS 3', 'MISS 4', 'HIT 2']);
  });

  story('that has expired is asked for anew, the lowest first', async ({ upstream, open }) => {
    const clock = createTestClock();
    const proxy = await filled({ upstream, open }, { ttl: 60 }, clock);
    clock.advance(60_000);
    expect(await inTurn(proxy, 4)).toEqual(['MISS 4', 'MISS 5', 'MISS 6', 'HIT 4']);
  });

  story('that is stale is served in its turn and refreshed', async ({ upstream, open }) => {
    const clock = createTestClock();
    const proxy = await filled({ upstream, open }, { ttl: 60, stale: { revalidate: 30 } }, clock);
    clock.advance(61_000);
    expect(await inTurn(proxy, 3)).toEqual(['HIT 1', 'HIT 2', 'HIT 3']);
    await upstream.called(6);
    await landed(proxy);
    expect(await inTurn(proxy, 3)).toEqual(['HIT 4', 'HIT 5', 'HIT 6']);
  });

  story('stands in for a failure in its turn', async ({ upstream, open }) => {
    const clock = createTestClock();
    const proxy = await filled({ upstream, open }, { ttl: 60, stale: { error: 300 } }, clock);
    clock.advance(61_000);
    upstream.script = (call) => sendJson(call, errorAnswer('down'), 503);
    expect(await inTurn(proxy, 4)).toEqual(['HIT 1', 'HIT 2', 'HIT 3', 'HIT 1']);
    upstream.script = numbered(upstream);
    expect(await inTurn(proxy, 4)).toEqual(['MISS 8', 'MISS 9', 'MISS 10', 'HIT 8']);
  });

  for (const [what, headers] of [
    ['no-cache', { 'cache-control': 'no-cache' }],
    ['max-age=0', { 'cache-control': 'max-age=0' }],
    ['refresh', { 'x-refrain-cache': 'refresh' }],
  ] as const) {
    story(`is replaced in its turn under ${what}`, async ({ upstream, open }) => {
      const clock = createTestClock();
      const proxy = await filled({ upstream, open }, {}, clock);
      clock.advance(1_000);
      expect(await inTurn(proxy, 3, headers)).toEqual(['MISS 4', 'MISS 5', 'MISS 6']);
      expect(await inTurn(proxy, 3)).toEqual(['HIT 4', 'HIT 5', 'HIT 6']);
    });
  }

  story(
    'is replaced by requests at once for new answers, each of which has one of its own',
    async ({ upstream, open }) => {
      const proxy = await filled({ upstream, open });
      upstream.script = async (call) => {
        await upstream.called(6);
        await sendJson(call, chatAnswer(`${upstream.calls.indexOf(call) + 1}`));
      };
      const fresh = await Promise.all([1, 2, 3].map(() => send(proxy, { 'cache-control': 'no-cache' })));
      await landed(proxy);
      expect(contents(fresh)).toEqual(['4', '5', '6']);
      expect((await inTurn(proxy, 3)).toSorted()).toEqual(['HIT 4', 'HIT 5', 'HIT 6']);
    },
  );

  for (const [where, overrides] of [
    ['memory', () => ({})],
    ['the file alone', (folder: string) => ({ ...at(folder), memory: { bytes: 0 } })],
  ] as const) {
    story(`is one in all its forms, over ${where}`, async ({ upstream, open, folder }) => {
      const proxy = await filled({ upstream, open }, { ...overrides(folder), forms: 'derive' });
      const stream = async (headers: Headers = {}) => {
        const { text, headers: got } = await send(proxy, headers, chatRequest(undefined, { stream: true }));
        return `${got['x-cache']} ${/"content":"(\d)"/.exec(text)?.[1]}`;
      };
      const ONLY = { 'cache-control': 'only-if-cached' };
      for (const headers of [ONLY, {}]) {
        const seen = [];
        for (const _ of [1, 2, 3]) seen.push(await stream(headers));
        expect(seen).toEqual(['HIT 1', 'HIT 2', 'HIT 3']);
      }
      expect(upstream.calls).toHaveLength(3);
    });
  }

  story('is bypassed by no-store, and leaves no sample behind', async ({ upstream, open }) => {
    const proxy = await filled({ upstream, open });
    expect(await inTurn(proxy, 1, { 'cache-control': 'no-store' })).toEqual(['BYPASS 4']);
    expect(await inTurn(proxy, 3)).toEqual(['HIT 1', 'HIT 2', 'HIT 3']);
  });

  story('shows its number to who looks at it', async ({ upstream, open }) => {
    const proxy = await filled({ upstream, open });
    const numbers = [];
    for (const _ of [1, 2, 3]) {
      const key = (await send(proxy)).headers['x-refrain-key'];
      numbers.push(JSON.parse((await ask(`${proxy.adminUrl}/entries/${key}`)).text).sample);
    }
    expect(numbers).toEqual([1, 2, 3]);
  });

  story('says in x-refrain-why which one is not kept', async ({ open }) => {
    const proxy = await open();
    const whys = [];
    for (const _ of [1, 2]) whys.push((await send(proxy, { 'x-refrain-debug': '1' })).headers['x-refrain-why']);
    expect(whys).toEqual(['sample 1 of 3 is not kept', 'sample 2 of 3 is not kept']);
  });

  for (const [where, overrides] of [
    ['memory', () => ({})],
    ['the file', at],
  ] as const) {
    story(`has variants of its own where answers vary, over ${where}`, async ({ upstream, open, folder }) => {
      upstream.script = (call) =>
        sendJson(call, chatAnswer(`${call.headers['user-agent']}${upstream.calls.length}`), 200, {
          vary: 'User-Agent',
        });
      const first = await open({ ...overrides(folder), dialect: 'openai' });
      const [a, b] = [{ 'user-agent': 'a' }, { 'user-agent': 'b' }];
      expect(await inTurn(first, 4, a)).toEqual(['MISS a1', 'MISS a2', 'MISS a3', 'HIT a1']);
      expect(await inTurn(first, 3, b)).toEqual(['MISS b4', 'MISS b5', 'MISS b6']);
      if (where === 'memory') return;
      await first.stop();
      const second = await open({ ...overrides(folder), dialect: 'openai' });
      expect(await inTurn(second, 4, b)).toEqual(['HIT b4', 'HIT b5', 'HIT b6', 'HIT b4']);
      expect(await inTurn(second, 3, a)).toEqual(['HIT a2', 'HIT a3', 'HIT a1']);
      expect(upstream.calls).toHaveLength(6);
    });

    story(`serves what is there under only-if-cached, over ${where}`, async ({ upstream, open, folder }) => {
      const ONLY = { 'cache-control': 'only-if-cached' };
      const first = await filled({ upstream, open }, overrides(folder));
      const none = await send(first, ONLY, chatRequest('something else'));
      expect([none.status, JSON.parse(none.text).error.code]).toEqual([504, 'not_cached']);
      await send(first);
      const second = await send(first);
      await ask(`${first.adminUrl}/entries/${second.headers['x-refrain-key']}`, { method: 'DELETE' });
      let proxy = first;
      if (where === 'the file') {
        await first.stop();
        proxy = await open(overrides(folder));
      }
      const answers = await inTurn(proxy, 4, ONLY);
      expect(answers.toSorted()).toEqual(['HIT 1', 'HIT 1', 'HIT 3', 'HIT 3']);
      expect(answers[0]).not.toBe(answers[1]);
      expect(upstream.calls).toHaveLength(3);
    });
  }

  story('of each variant and of each caller is one of its own', async ({ upstream, open }) => {
    upstream.script = numbered(upstream);
    const proxy = await open();
    for (const [index, headers] of [
      { 'x-refrain-variant': 'run-1' },
      { 'x-refrain-variant': 'run-2' },
      { authorization: 'Bearer sk-1' },
    ].entries()) {
      const calls = [1, 2, 3].map((call) => `${call + index * 3}`);
      expect(await inTurn(proxy, 6, headers)).toEqual(
        ['MISS', 'HIT'].flatMap((word) => calls.map((c) => `${word} ${c}`)),
      );
    }
  });
});

describe('the hint in the log', () => {
  const hints = ({ lines }: Proxy) => lines.filter(({ header }) => header === 'x-refrain-samples');
  const plain = (proxy: Proxy, others: object = {}, headers: Headers = {}) =>
    ask(proxy.url + CHAT, { body: chatRequest('x', others), headers });
  const times = (count: number, act: () => Promise<Answer>) => Promise.all(Array.from({ length: count }, act));

  story('comes once, where equal requests at once share an answer', async ({ upstream, open }) => {
    const proxy = await open();
    const answer = numbered(upstream);
    upstream.script = () => {};
    const answers = times(5, () => plain(proxy, { temperature: 0.7 }));
    const call = await upstream.called(1);
    await until(() => proxy.app.admission.listeners >= 5);
    await answer(call);
    await answers;
    upstream.script = answer;
    expect(hints(proxy)).toMatchObject([{ level: 'info', msg: expect.stringContaining('x-refrain-samples: N') }]);
    for (const _ of [1, 2]) await times(8, () => plain(proxy));
    expect(hints(proxy)).toHaveLength(1);
  });

  story('comes where they are hits, too', async ({ open }) => {
    const proxy = await open();
    for (let count = 0; count < 5; count++) {
      expect(hints(proxy)).toEqual([]);
      await plain(proxy);
    }
    expect(hints(proxy)).toHaveLength(1);
  });

  story('does not come where one answer is what is wanted', async ({ open }) => {
    const proxy = await open();
    for (let count = 0; count < 8; count++) {
      await plain(proxy, { temperature: 0 });
      await plain(proxy, {}, { 'x-refrain-samples': '2' });
      await plain(proxy, {}, { authorization: `Bearer sk-${count % 3}` });
      await ask(`${proxy.url}/v1/embeddings`, { body: { model: 'e', input: 'x' } });
    }
    await plain(proxy, {}, { authorization: 'Bearer sk-4' });
    expect(hints(proxy)).toEqual([]);
  });
});
