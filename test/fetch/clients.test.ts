/**
 * The clients that take a `fetch`: OpenAI's own, Anthropic's and the AI SDK, each as
 * a program uses it, with nothing between them and the upstream but this process.
 */
import { createOpenAI } from '@ai-sdk/openai';
import Anthropic from '@anthropic-ai/sdk';
import { embed, generateText, streamText } from 'ai';
import { OpenAI } from 'openai';
import { describe, expect } from 'vitest';
import type { CachedFetch } from '../../src/fetch/cached-fetch.ts';
import { answerAll, beginStream, CHAT, chatEvents, errorAnswer, resetAfter, sendJson } from '../harness/answers.ts';
import { answerWith, MESSAGES } from '../harness/anthropic.ts';
import { EMBEDDED, QUESTION, RESPONSE, STREAM, WITH_TOOL, WITH_USAGE } from '../harness/questions.ts';
import { readAll, readEvents, readJson, type Told } from '../harness/sdk.ts';
import { answerTools } from '../harness/tool-calls.ts';
import { until } from '../harness/until.ts';
import type { ScriptedUpstream } from '../harness/upstream.ts';
import { fetchStory, rejection } from './fetch-story.ts';

const ASKED: readonly (readonly [string, (client: OpenAI) => Promise<Told>])[] = [
  ['a chat answer', (client) => readJson(client.chat.completions.create(QUESTION))],
  ['a chat stream', (client) => readEvents(client.chat.completions.create(STREAM))],
  ['a chat stream with usage', (client) => readEvents(client.chat.completions.create(WITH_USAGE))],
  ['a tool call', (client) => readJson(client.chat.completions.create(WITH_TOOL))],
  ['a response', (client) => readJson(client.responses.create(RESPONSE))],
  ['a responses stream', (client) => readEvents(client.responses.create({ ...RESPONSE, stream: true }))],
  ['embeddings', (client) => readJson(client.embeddings.create(EMBEDDED))],
];

function connect({ url }: ScriptedUpstream, fetch: CachedFetch | undefined, options: object = {}): OpenAI {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey: 'sk-test', maxRetries: 0, ...(fetch && { fetch }), ...options });
}

describe('openai', () => {
  for (const [what, ask] of ASKED) {
    fetchStory(`is answered twice by one upstream call, as without a cache: ${what}`, async ({ upstream, create }) => {
      upstream.script = answerTools;
      const straight = await ask(connect(upstream, undefined));
      const cached = create();
      const client = connect(upstream, cached);
      expect(await ask(client)).toEqual({ ...straight, word: 'MISS' });
      // It has read `[DONE]`; before the stream has ended as well, an equal request is a follow.
      await until(() => cached.cache.info().entries >= 1);
      expect(await ask(client)).toEqual({ ...straight, word: 'HIT' });
      expect(upstream.calls).toHaveLength(2);
    });
  }

  fetchStory('asks once for callers at the same time', async ({ upstream, create }) => {
    const cached = create();
    const client = connect(upstream, cached);
    const answers = await Promise.all(Array.from({ length: 20 }, () => client.chat.completions.create(QUESTION)));
    expect(new Set(answers.map(({ choices }) => choices[0]?.message.content))).toEqual(new Set(['Salt water.']));
    expect(upstream.calls).toHaveLength(1);
    expect(cached.cache.info()).toMatchObject({ hits: 19, misses: 1 });
  });

  fetchStory('leaves a stream that it aborts, and another goes on', async ({ upstream, create }) => {
    upstream.script = beginStream;
    const client = connect(upstream, create());
    const [first, second] = await Promise.all([
      client.chat.completions.create(STREAM),
      client.chat.completions.create(STREAM),
    ]);
    const { response } = await upstream.called(1);
    const rest = readAll(second);
    first.controller.abort();
    response.end(chatEvents().join(''));
    expect(await readAll(first)).toEqual([]);
    expect(await rest).toHaveLength(chatEvents().length - 1);
    expect(upstream.calls).toHaveLength(1);
  });

  fetchStory('has its timeout', async ({ upstream, create }) => {
    upstream.script = () => {};
    const client = connect(upstream, create(), { timeout: 50 });
    expect(await rejection(client.chat.completions.create(QUESTION))).toBeInstanceOf(OpenAI.APIConnectionTimeoutError);
  });

  fetchStory("raises the upstream's errors, and tries again as it does", async ({ upstream, create }) => {
    const client = connect(upstream, create(), { maxRetries: 2 });
    upstream.script = (call) => {
      if (upstream.calls.length > 1) answerAll(call);
      else sendJson(call, errorAnswer('slow down'), 429, { 'retry-after-ms': '1' });
    };
    expect(await readJson(client.chat.completions.create(QUESTION))).toMatchObject({ word: 'MISS' });
    upstream.script = (call) => sendJson(call, errorAnswer('who are you?', 'invalid_api_key'), 401);
    const refused = connect(upstream, create());
    expect(await rejection(refused.chat.completions.create(QUESTION))).toBeInstanceOf(OpenAI.AuthenticationError);
  });

  fetchStory('raises its connection error where nobody answers', async ({ upstream, create }) => {
    upstream.script = ({ response }) => void response.socket?.destroy();
    const error = await rejection(connect(upstream, create()).chat.completions.create(QUESTION));
    expect(error).toBeInstanceOf(OpenAI.APIConnectionError);
    expect(error).toMatchObject({ cause: expect.any(TypeError) });
  });

  fetchStory('raises while it reads a stream that breaks off; nothing is kept', async ({ upstream, create }) => {
    const client = connect(upstream, create());
    upstream.script = resetAfter(chatEvents().slice(0, 2).join(''));
    const events: unknown[] = [];
    const read = readAll(await client.chat.completions.create(STREAM), events);
    expect(await rejection(read)).toBeInstanceOf(Error);
    expect(events).toHaveLength(2);
    upstream.script = answerAll;
    expect(await readEvents(client.chat.completions.create(STREAM))).toMatchObject({ word: 'MISS' });
  });

  fetchStory('asks once for what is not kept, where the upstream may not be asked', async ({ upstream, create }) => {
    const client = connect(upstream, create(), { maxRetries: 2 });
    const headers = { 'cache-control': 'only-if-cached' };
    const error = await rejection(client.chat.completions.create(QUESTION, { headers }));
    expect(error).toMatchObject({ status: 504, code: 'not_cached' });
    expect(upstream.calls).toHaveLength(0);
  });

  fetchStory('uploads a file and lists models, past the cache', async ({ upstream, create }) => {
    upstream.script = (call) => sendJson(call, JSON.stringify({ object: 'list', id: 'file-1', data: [] }));
    const cached = create();
    const client = connect(upstream, cached);
    const file = new File(['{}\n'], 'batch.jsonl');
    expect(await client.files.create({ file, purpose: 'batch' })).toMatchObject({ id: 'file-1' });
    await client.models.list();
    expect(upstream.calls.map(({ url }) => url)).toEqual(['/v1/files', '/v1/models']);
    expect(upstream.calls[0]?.body.toString()).toContain('filename="batch.jsonl"');
    expect(cached.cache.info()).toMatchObject({ hits: 0, misses: 0 });
  });
});

describe('the AI SDK', () => {
  fetchStory('is answered twice by one upstream call, texts, streams and embeddings', async ({ upstream, create }) => {
    const openai = createOpenAI({ baseURL: `${upstream.url}/v1`, apiKey: 'sk-test', fetch: create() });
    const prompt = 'What is the sea?';
    for (const word of ['MISS', 'HIT']) {
      const { text, finalStep } = await generateText({ model: openai.chat('gpt-test'), prompt });
      expect(text).toBe('Salt water.');
      expect(finalStep.response.headers).toMatchObject({ 'x-cache': word });
      const streamed = streamText({ model: openai.responses('gpt-test'), prompt });
      expect(await streamed.text).toBe('Salt water.');
      const { response } = await embed({ model: openai.embedding('embed-test'), value: 'sea' });
      expect(response?.headers).toMatchObject({ 'x-cache': word });
    }
    expect(upstream.calls.map(({ url }) => url)).toEqual([CHAT, '/v1/responses', '/v1/embeddings']);
  });
});

describe('@anthropic-ai/sdk', () => {
  const question = {
    model: 'claude-test',
    max_tokens: 1024,
    messages: [{ role: 'user', content: 'What is the sea?' }],
  } as const satisfies Anthropic.MessageCreateParamsNonStreaming;

  fetchStory('is answered twice by one upstream call, messages and streams', async ({ upstream, create }) => {
    upstream.script = answerWith('text');
    const cached = create({ upstreams: { anthropic: { url: upstream.url, dialect: 'anthropic', forms: 'exact' } } });
    const client = new Anthropic({ baseURL: upstream.url, apiKey: 'sk-ant-test', maxRetries: 0, fetch: cached });
    const messages = [await client.messages.create(question), await client.messages.create(question)];
    expect(messages[1]).toEqual(messages[0]);
    const streamed = () => client.messages.stream(question).finalMessage();
    expect((await streamed()).content).toEqual((await streamed()).content);
    expect(upstream.calls.map(({ url }) => url)).toEqual([MESSAGES, MESSAGES]);
    expect(cached.cache.info()).toMatchObject({ hits: 2, misses: 2 });
  });

  fetchStory('raises what only-if-cached asks for, in its own words', async ({ upstream, create }) => {
    const client = new Anthropic({ baseURL: upstream.url, apiKey: 'sk-ant-test', fetch: create() });
    const headers = { 'cache-control': 'only-if-cached' };
    const error = await rejection(client.messages.create(question, { headers }));
    expect(error).toMatchObject({ status: 504, error: { type: 'error', error: { message: expect.any(String) } } });
    expect(upstream.calls).toHaveLength(0);
  });
});
