import { describe, expect } from 'vitest';
import { CHAT, chatAnswer, sendJson } from '../harness/answers.ts';
import { type Answer, ask } from '../harness/client.ts';
import { story } from '../harness/story.ts';

const wordOf = (answer: Answer) => answer.headers['x-cache'];

const STATEFUL: readonly (readonly [string, string, object])[] = [
  ['store', CHAT, { store: true }],
  ['web-search', CHAT, { web_search_options: {} }],
  ['web-search', CHAT, { model: 'gpt-4o-search-preview' }],
  ['audio', CHAT, { modalities: ['text', 'audio'] }],
  ['hosted-tool', CHAT, { tools: [{ type: 'somebody_elses' }] }],
  ['conversation', '/v1/responses', { conversation: 'conv_1' }],
  ['conversation', '/v1/responses', { conversation: { id: 'conv_1' } }],
  ['background', '/v1/responses', { background: true }],
  ['previous-response', '/v1/responses', { previous_response_id: 'resp_1' }],
  ['item-reference', '/v1/responses', { input: [{ type: 'item_reference', id: 'msg_1' }] }],
  ['item-reference', '/v1/responses', { input: [{ id: 'msg_1' }] }],
  ['item-reference', '/v1/responses', { input: [{ type: null, id: 'msg_1' }] }],
  ['ambiguous', '/v1/responses', { Previous_Response_Id: 'resp_1' }],
  ['unpinned-prompt', '/v1/responses', { prompt: { id: 'pmpt_1' } }],
  ['web-search', '/v1/responses', { tools: [{ type: 'web_search' }] }],
  ['hosted-tool', '/v1/responses', { tools: [{ type: 'function', name: 'f' }, { type: 'mcp' }] }],
  ['hosted-tool', '/v1/responses', { tools: [{ type: 'code_interpreter' }] }],
  ['hosted-tool', '/v1/responses', { tools: [{ type: 'file_search' }] }],
  ['hosted-tool', '/v1/responses', { tools: [{ type: 'image_generation' }] }],
  ['hosted-tool', '/v1/responses', { tools: [{ type: 'shell', environment: { type: 'container_auto' } }] }],
  ['hosted-tool', '/v1/responses', { tools: [{ type: 'tool_of_tomorrow' }] }],
];

describe('a request that is more than its bytes is a bypass', () => {
  for (const [why, path, fields] of STATEFUL) {
    story(`${why}: ${JSON.stringify(fields)}`, async ({ upstream, open }) => {
      const proxy = await open();
      const body = { model: 'm', messages: [], input: 'x', ...fields };
      for (let turn = 0; turn < 2; turn++) {
        expect((await ask(proxy.url + path, { body })).headers).toMatchObject({
          'x-cache': 'BYPASS',
          'cache-status': `refrain; fwd=bypass; detail=${why}`,
        });
      }
      expect(upstream.calls).toHaveLength(2);
    });
  }

  for (const fields of [
    { store: true },
    { store: null },
    { tools: [{ type: 'function', name: 'f' }, { type: 'apply_patch' }] },
    { prompt: { id: 'p', version: '2' } },
    { tools: [{ type: 'web_search', external_web_access: false }] },
    { tools: [{ type: 'shell', environment: { type: 'local' } }] },
    { background: false, conversation: null },
  ]) {
    story(`but not a response with ${JSON.stringify(fields)}`, async ({ open }) => {
      const proxy = await open();
      const body = { model: 'm', input: 'x', ...fields };
      await ask(`${proxy.url}/v1/responses`, { body });
      expect(wordOf(await ask(`${proxy.url}/v1/responses`, { body }))).toBe('HIT');
    });
  }

  for (const [why, body] of [
    ['not-json', '{"model":'],
    ['not-object', '[]'],
    ['ambiguous', '{"stream":true,"stream":false,"messages":[]}'],
    ['ambiguous', '{"tools":[{"type":"function","type":"mcp"}]}'],
  ] as const) {
    story(`${why}: ${body}`, async ({ upstream, open }) => {
      const proxy = await open();
      upstream.script = (call) => sendJson(call, chatAnswer());
      const answer = await ask(proxy.url + CHAT, { body });
      expect(answer.headers['cache-status']).toBe(`refrain; fwd=bypass; detail=${why}`);
      expect(upstream.calls[0]?.body.toString()).toBe(body);
    });
  }

  story(
    'a response that is stored does not answer one that is not, nor the other way round',
    async ({ upstream, open }) => {
      const FIELDS = [{}, { store: true }, { store: false }];
      for (const [dialect, expected] of [
        ['openai', ['MISS', 'HIT', 'MISS']],
        ['compatible', ['MISS', 'MISS', 'MISS']],
      ] as const) {
        const proxy = await open({ dialect });
        const words = [];
        for (const fields of FIELDS)
          words.push(wordOf(await ask(`${proxy.url}/v1/responses`, { body: { input: 'x', ...fields } })));
        expect(words, dialect).toEqual(expected);
      }
      expect(upstream.calls).toHaveLength(5);
    },
  );

  story('deleting a response upstream drops it here', async ({ upstream, open }) => {
    const proxy = await open();
    const body = { input: 'x' };
    await ask(`${proxy.url}/v1/responses`, { body });
    await ask(`${proxy.url}/v1/responses/resp_other`, { method: 'DELETE' });
    expect(wordOf(await ask(`${proxy.url}/v1/responses`, { body }))).toBe('HIT');
    await ask(`${proxy.url}/v1/responses/resp_1`, { method: 'DELETE' });
    expect(wordOf(await ask(`${proxy.url}/v1/responses`, { body }))).toBe('MISS');
    expect(upstream.calls.map(({ method }) => method)).toEqual(['POST', 'DELETE', 'DELETE', 'POST']);
  });
});
