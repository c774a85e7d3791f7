/**
 * Rerank through a proxy, in the forms of Cohere and of Jina.
 */
import { describe, expect } from 'vitest';
import { rerankAnswer, sendJson } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import { story } from '../harness/story.ts';

const asked = (others: object = {}) => ({
  model: 'rerank-test',
  query: 'What is in the sea?',
  documents: ['Sand.', 'Salt.'],
  ...others,
});

describe('rerank', () => {
  for (const path of ['/v1/rerank', '/v2/rerank', '/rerank', '/jina/v1/rerank']) {
    story(`at ${path} is answered twice by one call`, async ({ upstream, open }) => {
      const proxy = await open();
      const first = await ask(proxy.url + path, { body: asked() });
      const second = await ask(proxy.url + path, { body: asked() });
      expect([first.headers['x-cache'], second.headers['x-cache']]).toEqual(['MISS', 'HIT']);
      expect(second.text).toBe(rerankAnswer(2));
      expect(upstream.calls).toHaveLength(1);
    });
  }

  story('has every field in its key', async ({ open }) => {
    const proxy = await open();
    const bodies = [
      asked(),
      asked({ query: 'And on land?' }),
      asked({ documents: ['Salt.', 'Sand.'] }),
      asked({ top_n: 1 }),
      asked({ return_documents: true }),
      asked({ documents: [{ text: 'Sand.' }, { text: 'Salt.' }] }),
    ];
    for (const body of bodies) {
      expect((await ask(`${proxy.url}/v1/rerank`, { body })).headers['x-cache']).toBe('MISS');
    }
    for (const body of bodies) {
      expect((await ask(`${proxy.url}/v1/rerank`, { body })).headers['x-cache']).toBe('HIT');
    }
  });

  story('with the best of its documents is whole, and with too few is not', async ({ upstream, open }) => {
    const proxy = await open();
    const wordOf = async (body: object) => (await ask(`${proxy.url}/v1/rerank`, { body })).headers['x-cache'];
    expect([await wordOf(asked({ top_n: 1 })), await wordOf(asked({ top_n: 1 }))]).toEqual(['MISS', 'HIT']);
    expect([await wordOf(asked({ top_n: 9 })), await wordOf(asked({ top_n: 9 }))]).toEqual(['MISS', 'MISS']);
    upstream.script = (call) => sendJson(call, rerankAnswer(1));
    expect([await wordOf(asked()), await wordOf(asked())]).toEqual(['MISS', 'MISS']);
  });

  story('is counted and listed under its name', async ({ open }) => {
    const { url, adminUrl } = await open({ store: { path: null } });
    await ask(`${url}/v1/rerank`, { body: asked() });
    await ask(`${url}/v1/rerank`, { body: asked() });
    const entries = JSON.parse((await ask(`${adminUrl}/entries?endpoint=rerank`)).text).entries;
    expect(entries).toMatchObject([{ endpoint: 'rerank', model: 'rerank-test', hits: 1 }]);
    const metrics = (await ask(`${adminUrl}/metrics`)).text;
    expect(metrics).toContain('refrain_requests_total{outcome="hit",endpoint="rerank"} 1');
    expect(metrics).toMatch(/refrain_saved_tokens_total\{.*kind="input".*\} 15/);
  });

  story('below its path, or by another method, passes', async ({ upstream, open }) => {
    const proxy = await open();
    upstream.script = (call) => sendJson(call, rerankAnswer(2));
    for (const path of ['/v1/rerank/jobs', '/v1/reranking', '/v1/prerank']) {
      for (const _ of [1, 2]) {
        expect((await ask(proxy.url + path, { body: asked() })).headers['x-cache'], path).toBe('BYPASS');
      }
    }
    expect((await ask(`${proxy.url}/v1/rerank`, { method: 'PUT', body: asked() })).headers['x-cache']).toBe('BYPASS');
  });
});
