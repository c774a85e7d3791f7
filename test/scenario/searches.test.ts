/**
 * Searches by any name: what the server looks up is out of date at once, and
 * goes past the cache.
 */
import { describe, expect } from 'vitest';
import { messageAnswer, sendMessage } from '../harness/anthropic.ts';
import { CHAT, chatRequest } from '../harness/answers.ts';
import { ask } from '../harness/client.ts';
import type { Proxy } from '../harness/proxy.ts';
import { story } from '../harness/story.ts';

const GOOGLE_FUNCTION = { type: 'function', function: { name: 'google_search', parameters: {} } };

/** By vendor, as a request has it; any tool that is not the client's own goes past the cache. */
const SEARCHES: readonly (readonly [who: string, fields: object, why?: string])[] = [
  ['OpenAI', { web_search_options: {} }],
  ['OpenAI', { model: 'gpt-4o-mini-search-preview-2025-03-11' }],
  ['OpenAI', { model: 'gpt-5-search-api' }],
  ['OpenAI', { model: 'o4-mini-deep-research' }],
  ['Azure', { data_sources: [{ type: 'azure_search', parameters: {} }] }],
  ['OpenRouter', { plugins: [{ id: 'web', max_results: 3 }] }],
  ['OpenRouter', { plugins: [{ id: 'file-parser' }, { id: 'web-fetch' }] }],
  ['OpenRouter', { model: 'openai/gpt-4o:online' }],
  ['OpenRouter', { models: ['openai/gpt-4o', 'openai/gpt-4o:online'] }],
  ['NanoGPT', { model: 'gpt-4o:online/linkup-deep' }],
  ['xAI', { search_parameters: {} }],
  ['xAI', { search_parameters: { mode: 'auto' } }],
  ['Qwen', { enable_search: true }],
  ['Qwen', { enable_search: 'true', search_options: { forced_search: true } }],
  ['Perplexity', { model: 'sonar' }],
  ['Perplexity', { model: 'Sonar-Pro' }],
  ['Perplexity', { model: 'perplexity/sonar-reasoning-pro' }],
  ['Perplexity', { model: 'llama-3.1-sonar-small-128k-online' }],
  ['Perplexity', { model: 'my-alias', search_domain_filter: ['example.com'] }],
  ['Groq', { model: 'groq/compound-mini' }],
  ['Groq', { model: 'compound-beta' }],
  ['Gemini', { extra_body: { google: { tools: [{ google_search: {} }] } } }],
  ['Gemini', { google: { tools: [{ googleSearchRetrieval: {} }] } }],
  ['Gemini', { extra_body: { google: { url_context: {} } } }],
  ['Gemini by a gateway', { tools: [GOOGLE_FUNCTION] }],
  ['Gemini by a gateway', { tools: [{ type: 'function', function: { name: 'googleSearchRetrieval' } }] }],
  ['Venice', { venice_parameters: { enable_web_search: 'auto' } }],
  ['Venice', { model: 'default:enable_web_search=on&enable_web_citations=true' }],
  ['Hunyuan', { enable_enhancement: true }],
  ['ERNIE', { web_search: { enable: true } }],
  ['Poe', { web_search: true }],
  ['Open WebUI', { features: { web_search: true } }],
  ['ERNIE', { disable_search: false }],
  ['ERNIE', { tools: [{ web_search: { enable: true, search_num: 10 } }] }, 'hosted-tool'],
  ['Open WebUI', { files: [{ type: 'collection', id: 'c-1' }] }],
  ['Open WebUI', { tool_ids: ['server:weather'] }],
  ['LiteLLM', { knowledge_bases: ['T37J8R4WTM'] }],
  ['LiteLLM', { vector_store_ids: ['vs-1'] }],
  ['LiteLLM', { tools: [{ urlContext: {} }] }, 'hosted-tool'],
  ['Cohere', { connectors: [{ id: 'web-search' }] }],
  ['MiniMax', { plugins: ['plugin_web_search'] }],
  ['Moonshot', { tools: [{ type: 'builtin_function', function: { name: '$web_search' } }] }, 'hosted-tool'],
  ['Zhipu', { tools: [{ type: 'web_search', web_search: { enable: true } }] }],
  ['Mistral', { agent_id: 'ag:1:news:2' }],
  ['Azure AI Foundry', { agent_reference: { name: 'news', type: 'agent_reference' } }],
  ['Mistral', { tools: [{ type: 'connector', connector_id: 'web' }] }, 'hosted-tool'],
  ['Groq', { tools: [{ type: 'browser_search' }] }, 'hosted-tool'],
  ['OpenRouter', { tools: [{ type: 'openrouter:web_search' }] }, 'hosted-tool'],
  ['Reka', { research: { web_search: { max_uses: 3 } }, use_search_engine: true }],
  ['Cloudflare', { ai_search_options: { retrieval: { max_num_results: 5 } } }],
  ['Exa', { model: 'exa' }],
  ['Exa', { model: 'exa-research-pro' }],
  ['Brave', { model: 'brave-pro' }],
  ['Jina', { model: 'jina-deepsearch-v1' }],
  ['Volcengine', { model: 'bot-20250214155556-thks4' }],
  ['one-api', { model: 'qwen-plus-internet' }],
  ['gemini-balance', { model: 'gemini-2.5-flash-search' }],
  ['a free gateway', { model: 'kimi-search-silent' }],
  ['302.AI', { model: 'gpt-4o-web-search' }],
  ['Gemini by a gateway', { tools: [{ type: 'function', function: { name: 'urlContext', parameters: {} } }] }],
  ['whoever comes next', { use_internet_search: 1 }],
  ['whoever comes next', { webSearch: 'deep' }],
];

/** Switched off, or of almost the name. */
const HARMLESS: readonly object[] = [
  { plugins: [] },
  {
    plugins: [
      { id: 'web', enabled: false },
      { id: 'file-parser', pdf: { engine: 'native' } },
      { id: 'response-healing' },
    ],
  },
  { search_parameters: { mode: 'off' } },
  { enable_search: false, search_options: null },
  { web_search_options: null },
  { web_search: { enable: false } },
  { venice_parameters: { enable_web_search: 'off', include_search_results_in_stream: false, character_slug: 'alan' } },
  { features: { web_search: false, image_generation: false } },
  { extra_body: { google: { thinking_config: { thinking_budget: 800 } } } },
  { disable_search: true },
  { disable_search: null },
  { tools: [{ type: 'web_search', web_search: { enable: false } }] },
  { connectors: [], files: [], tool_ids: null, knowledge_bases: [] },
  { preset: 'Divine Intellect' },
  { model: 'NousResearch/Hermes-4-70B' },
  { model: 'LGAI-EXAONE/EXAONE-4.0-32B' },
  { model: 'robot-2000' },
  { use_beam_search: true, beam_search_diversity_rate: 0.5 },
  { model: 'sonata' },
  { model: 'supersonar' },
  { model: 'online' },
  { model: 'gpt-4o:onliner' },
  { model: 'x'.repeat(600) + ':online' },
  { metadata: { search: 'yes' } },
  { messages: [{ role: 'user', content: 'search the web', web_search: true }] },
  {
    tools: [
      {
        type: 'function',
        function: { name: 'google_search', parameters: { type: 'object', properties: { query: { type: 'string' } } } },
      },
    ],
  },
  { tools: [{ type: 'function', function: { name: 'web_search', parameters: {} } }] },
];

const wordsOf = async (proxy: Proxy, path: string, body: object) => {
  const answers = [await ask(proxy.url + path, { body }), await ask(proxy.url + path, { body })];
  return answers.map(({ headers }) => headers['cache-status']);
};

describe('a search is a bypass', () => {
  for (const [who, fields, why = 'web-search'] of SEARCHES) {
    story(`of ${who}: ${JSON.stringify(fields).slice(0, 80)}`, async ({ upstream, open }) => {
      const proxy = await open();
      expect(await wordsOf(proxy, CHAT, chatRequest('x', fields))).toEqual(
        Array(2).fill(`refrain; fwd=bypass; detail=${why}`),
      );
      expect(upstream.calls).toHaveLength(2);
    });
  }

  story('on messages too, in whichever words', async ({ upstream, open }) => {
    const proxy = await open();
    upstream.script = (call) => sendMessage(call, messageAnswer());
    const asked = { model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'x' }] };
    for (const fields of [
      { enable_search: true },
      { model: 'gemini-2.5-flash-search' },
      { plugins: [{ id: 'web' }] },
      { tools: [{ googleSearch: {} }] },
      { tools: [{ name: 'google_search', input_schema: { type: 'object' } }] },
    ]) {
      const [first, second] = await wordsOf(proxy, '/v1/messages', { ...asked, ...fields });
      expect(first, JSON.stringify(fields)).toMatch(/^refrain; fwd=bypass; detail=(web-search|hosted-tool)$/);
      expect(second).toBe(first);
    }
    const own = { name: 'search', input_schema: { type: 'object', properties: { query: { type: 'string' } } } };
    expect(await wordsOf(proxy, '/v1/messages', { ...asked, tools: [own] })).toEqual([
      expect.stringContaining('fwd=miss'),
      expect.stringContaining('hit'),
    ]);
  });

  story('on responses and completions too', async ({ open }) => {
    const proxy = await open();
    for (const fields of [
      { enable_search: true },
      { model: 'sonar' },
      { preset: 'pro-search' },
      { tools: [{ type: 'function', name: 'google_search', parameters: {} }] },
    ]) {
      expect(await wordsOf(proxy, '/v1/responses', { input: 'x', ...fields })).toEqual(
        Array(2).fill('refrain; fwd=bypass; detail=web-search'),
      );
      if ('tools' in fields) continue;
      expect(await wordsOf(proxy, '/v1/completions', { prompt: 'x', ...fields })).toEqual(
        Array(2).fill('refrain; fwd=bypass; detail=web-search'),
      );
    }
  });

  story('and so is one where that is in doubt', async ({ open }) => {
    const proxy = await open();
    for (const body of [
      '{"messages":[],"enable_search":true,"enable_search":false}',
      '{"messages":[],"search_parameters":{"mode":"on","mode":"off"}}',
      '{"messages":[],"Plugins":[{"id":"web"}]}',
    ]) {
      expect((await ask(proxy.url + CHAT, { body })).headers['cache-status']).toMatch(
        /^refrain; fwd=bypass; detail=(ambiguous|web-search)$/,
      );
    }
  });
});

describe('no search', () => {
  for (const fields of HARMLESS) {
    story(`is ${JSON.stringify(fields).slice(-90)}`, async ({ open }) => {
      const proxy = await open();
      expect(await wordsOf(proxy, CHAT, chatRequest('x', fields))).toEqual([
        expect.stringContaining('fwd=miss'),
        expect.stringContaining('hit'),
      ]);
    });
  }

  story('is asked of an embedding', async ({ open }) => {
    const proxy = await open();
    expect(
      await wordsOf(proxy, '/v1/embeddings', { model: 'sonar-text-encoder', input: 'x', search_mode: 'query' }),
    ).toEqual([expect.stringContaining('fwd=miss'), expect.stringContaining('hit')]);
  });
});

describe('the setting bypass', () => {
  story('adds fields and models', async ({ open }) => {
    const proxy = await open({
      bypass: ['default', '/lookup', '/vendor/*/live', '/a~1b', 'model:news*', 'model:*-LATEST'],
    });
    const configured = Array(2).fill('refrain; fwd=bypass; detail=configured');
    for (const fields of [
      { lookup: 1 },
      { vendor: [{ live: 'yes' }] },
      { vendor: { x: { live: {} } } },
      { 'a/b': true },
      { model: 'News-1' },
      { model: 'gpt-latest' },
    ]) {
      expect(await wordsOf(proxy, CHAT, chatRequest('x', fields)), JSON.stringify(fields)).toEqual(configured);
    }
    for (const fields of [
      { lookup: false },
      { lookup: [] },
      { lookups: 1 },
      { vendor: { live: true } },
      { vendor: [{ live: false }] },
      { model: 'the-news' },
    ]) {
      expect(await wordsOf(proxy, CHAT, chatRequest('x', fields)), JSON.stringify(fields)).toEqual([
        expect.stringContaining('fwd=miss'),
        expect.stringContaining('hit'),
      ]);
    }
    expect(
      (await ask(proxy.url + CHAT, { body: '{"messages":[],"vendor":[{"live":true,"live":false}]}' })).headers[
        'cache-status'
      ],
    ).toBe('refrain; fwd=bypass; detail=ambiguous');
    expect(await wordsOf(proxy, CHAT, chatRequest('x', { enable_search: true }))).toEqual(
      Array(2).fill('refrain; fwd=bypass; detail=web-search'),
    );
    expect(await wordsOf(proxy, '/v1/embeddings', { model: 'news-embed', input: 'x' })).toEqual(configured);
  });

  story('holds for a body that is read on a thread of its own', async ({ open }) => {
    const proxy = await open({ bypass: ['default', 'model:news*'] });
    const long = 'x'.repeat(2 * 1024 * 1024);
    const [first] = await wordsOf(proxy, CHAT, chatRequest(long, { model: 'News-1' }));
    const [other] = await wordsOf(proxy, CHAT, chatRequest(long, { model: 'the-news' }));
    expect([first, other]).toEqual(['refrain; fwd=bypass; detail=configured', expect.stringContaining('fwd=miss')]);
  });

  story('takes the table away, where somebody knows better', async ({ open }) => {
    const proxy = await open({ bypass: [] });
    expect(await wordsOf(proxy, CHAT, chatRequest('x', { enable_search: true }))).toEqual([
      expect.stringContaining('fwd=miss'),
      expect.stringContaining('hit'),
    ]);
  });
});
