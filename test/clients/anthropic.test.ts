/**
 * Anthropic's own client through a proxy: what it makes of an answer that is
 * kept is what it makes of the upstream's.
 */
import Anthropic from '@anthropic-ai/sdk';
import { describe, expect } from 'vitest';
import { endAfter, resetAfter } from '../harness/answers.ts';
import {
  anthropicError,
  answerWith,
  messageAnswer,
  messageEvents,
  OVERLOADED,
  PAIRS,
  sendMessage,
} from '../harness/anthropic.ts';
import { readAll } from '../harness/sdk.ts';
import { story } from '../harness/story.ts';

const QUESTION = {
  model: 'claude-opus-5-5',
  max_tokens: 1024,
  messages: [{ role: 'user', content: 'What is the sea?' }],
} as const satisfies Anthropic.MessageCreateParamsNonStreaming;

const TOOLS = [
  { name: 'get_tide', description: 'The tide.', input_schema: { type: 'object', properties: {} } },
] as const satisfies readonly Anthropic.Tool[];

const connect = (baseURL: string, apiKey = 'sk-ant-test') => new Anthropic({ baseURL, apiKey, maxRetries: 0 });

/** A message, and what `x-cache` says of it. */
async function ask(client: Anthropic, question: Anthropic.MessageCreateParamsNonStreaming = QUESTION) {
  const { data, response, request_id: requestId } = await client.messages.create(question).withResponse();
  return { word: response.headers.get('x-cache'), message: data, requestId };
}

/** The same, of a stream that its helper puts together. */
async function askStream(client: Anthropic, question: Anthropic.MessageStreamParams = QUESTION) {
  const stream = client.messages.stream(question);
  const message = await stream.finalMessage();
  return { word: stream.response?.headers.get('x-cache'), message };
}

/** The members of a message that the wire has; the helper of streams adds one of its own. */
function plain(message: Anthropic.Message) {
  const { parsed_output: _, ...members } = JSON.parse(JSON.stringify(message));
  return members;
}

const failureOf = (asked: PromiseLike<unknown>): Promise<InstanceType<typeof Anthropic.APIError>> =>
  Promise.resolve(asked).then(
    () => Promise.reject(new Error('it did not fail')),
    (error) => error,
  );

describe.each(PAIRS)("Anthropic's client is told of the pair %s", (pair) => {
  const words = pair === 'refusal' ? ['MISS', 'MISS'] : ['MISS', 'HIT'];

  story('in JSON', async ({ upstream, open }) => {
    upstream.script = answerWith(pair);
    const client = connect((await open()).url);
    const answers = [await ask(client), await ask(client)];
    expect(answers.map(({ word }) => word)).toEqual(words);
    for (const { message } of answers) expect(plain(message)).toEqual(JSON.parse(messageAnswer(pair)));
  });

  story('in a stream', async ({ upstream, open }) => {
    upstream.script = answerWith(pair);
    const client = connect((await open()).url);
    const answers = [await askStream(client), await askStream(client)];
    expect(answers.map(({ word }) => word)).toEqual(words);
    for (const { message } of answers) expect(plain(message)).toEqual(JSON.parse(messageAnswer(pair)));
  });
});

describe("Anthropic's client", () => {
  story('shares a stream that is on its way', async ({ upstream, open }) => {
    upstream.script = answerWith('thinking');
    const client = connect((await open()).url);
    const answers = await Promise.all(Array.from({ length: 10 }, () => askStream(client)));
    expect(answers.filter(({ word }) => word === 'MISS')).toHaveLength(1);
    expect(new Set(answers.map(({ message }) => JSON.stringify(message))).size).toBe(1);
    expect(upstream.calls).toHaveLength(1);
  });

  story('goes round with a tool, each turn kept', async ({ upstream, open }) => {
    const client = connect((await open()).url);
    const turns = async () => {
      upstream.script = answerWith('tool-use');
      const first = await askStream(client, { ...QUESTION, tools: [...TOOLS] });
      const calls = first.message.content.filter((block) => block.type === 'tool_use');
      upstream.script = answerWith('text');
      const results = calls.map(({ id }) => ({ type: 'tool_result' as const, tool_use_id: id, content: '3 m' }));
      const second = await askStream(client, {
        ...QUESTION,
        tools: [...TOOLS],
        messages: [
          ...QUESTION.messages,
          { role: 'assistant', content: first.message.content },
          { role: 'user', content: results },
        ],
      });
      return [first.word, second.word];
    };
    expect(await turns()).toEqual(['MISS', 'MISS']);
    expect(await turns()).toEqual(['HIT', 'HIT']);
    expect(upstream.calls).toHaveLength(2);
  });

  story('has answers of its own key, version and betas', async ({ upstream, open }) => {
    upstream.script = answerWith('text');
    const { url } = await open();
    const others = [
      connect(url),
      connect(url, 'sk-ant-other'),
      new Anthropic({ baseURL: url, apiKey: null, defaultHeaders: { 'x-api-key': 'sk-ant-test' } }),
      new Anthropic({ baseURL: url, apiKey: 'sk-ant-test', defaultHeaders: { 'anthropic-version': '2023-06-01' } }),
      new Anthropic({ baseURL: url, apiKey: 'sk-ant-test', defaultHeaders: { 'anthropic-beta': 'x-2026-01-01' } }),
    ];
    for (const client of others) expect((await ask(client)).word).toBe('MISS');
    for (const client of others) expect((await ask(client)).word).toBe('HIT');
  });

  story('asks with betas, and is answered from the store', async ({ upstream, open }) => {
    upstream.script = answerWith('text');
    const client = connect((await open()).url);
    const wordOf = async () => {
      const asked = client.beta.messages.create({ ...QUESTION, betas: ['context-management-2025-06-27'] });
      return (await asked.withResponse()).response.headers.get('x-cache');
    };
    expect([await wordOf(), await wordOf(), (await ask(client)).word]).toEqual(['MISS', 'HIT', 'MISS']);
  });

  story('keeps the request id of the answer', async ({ upstream, open }) => {
    upstream.script = answerWith('text');
    const client = connect((await open()).url);
    const ids = [(await ask(client)).requestId, (await ask(client)).requestId];
    expect(ids).toEqual(Array(2).fill('req_018EeWyXxfu5pfWkrYcMdjWG'));
  });

  story('counts tokens and makes batches past the cache', async ({ upstream, open }) => {
    upstream.script = (call) => sendMessage(call, '{"input_tokens":14}');
    const client = connect((await open()).url);
    for (const _ of [1, 2]) {
      const { model, messages } = QUESTION;
      const counted = await client.messages.countTokens({ model, messages: [...messages] }).withResponse();
      const batch = await client.messages.batches
        .create({ requests: [{ custom_id: 'a', params: QUESTION }] })
        .withResponse();
      for (const { response } of [counted, batch]) expect(response.headers.get('x-cache')).toBe('BYPASS');
    }
    expect(upstream.calls.map(({ url }) => url)).toEqual([
      '/v1/messages/count_tokens',
      '/v1/messages/batches',
      '/v1/messages/count_tokens',
      '/v1/messages/batches',
    ]);
  });
});

describe("Anthropic's client is told of a failure", () => {
  story.for([
    [401, 'authentication_error', Anthropic.AuthenticationError],
    [429, 'rate_limit_error', Anthropic.RateLimitError],
    [529, 'overloaded_error', Anthropic.APIError],
  ] as const)('of the upstream: %i', async ([status, type, Failure], { upstream, open }) => {
    upstream.script = (call) => sendMessage(call, anthropicError(type, 'No.'), status);
    const client = connect((await open()).url);
    for (const _ of [1, 2]) {
      const error = await failureOf(client.messages.create(QUESTION));
      expect(error).toBeInstanceOf(Failure);
      expect(error).toMatchObject({ status, type, requestID: 'req_018EeWyXxfu5pfWkrYcMdjWG' });
    }
    expect(upstream.calls).toHaveLength(2);
  });

  story('of ours, where the upstream hangs up', async ({ upstream, open }) => {
    const client = connect((await open()).url);
    upstream.script = ({ response }) => response.socket?.resetAndDestroy();
    const error = await failureOf(client.messages.create(QUESTION));
    expect(error).toBeInstanceOf(Anthropic.InternalServerError);
    expect(error).toMatchObject({ status: 502, type: 'api_error', errorCode: 'upstream_cut' });
  });

  story('of ours, where nothing is kept', async ({ upstream, open }) => {
    const client = connect((await open()).url);
    const headers = { 'cache-control': 'only-if-cached' };
    const error = await failureOf(client.messages.create(QUESTION, { headers }));
    expect(error).toMatchObject({ status: 504, type: 'timeout_error', errorCode: 'not_cached' });
    expect(upstream.calls).toHaveLength(0);
  });

  story('of ours, before its request was understood', async ({ open }) => {
    const client = connect((await open()).url);
    const error = await failureOf(client.messages.create(QUESTION, { headers: { 'x-refrain-ttl': 'soon' } }));
    expect(error).toBeInstanceOf(Anthropic.BadRequestError);
    expect(error).toMatchObject({ type: 'invalid_request_error', errorCode: 'invalid_header' });
    expect(error.message).toContain('x-refrain-ttl');
  });

  story('within a stream, and nothing of it is kept', async ({ upstream, open }) => {
    const client = connect((await open()).url);
    const begun = messageEvents('text').slice(0, 5);
    upstream.script = endAfter([...begun, OVERLOADED].join(''));
    for (const _ of [1, 2]) {
      const events: unknown[] = [];
      const stream = await client.messages.create({ ...QUESTION, stream: true });
      const error = await failureOf(readAll(stream, events));
      expect(error).toMatchObject({ type: 'overloaded_error' });
      expect(events).toHaveLength(4);
    }
    upstream.script = answerWith('text');
    expect((await askStream(client)).word).toBe('MISS');
    expect(upstream.calls).toHaveLength(3);
  });

  story('in a stream that is cut, and nothing of it is kept', async ({ upstream, open }) => {
    const client = connect((await open()).url);
    upstream.script = resetAfter(messageEvents('text').slice(0, 6).join(''));
    for (const _ of [1, 2]) {
      const stream = await client.messages.create({ ...QUESTION, stream: true });
      const error = await failureOf(readAll(stream));
      expect(error).toMatchObject({ type: 'api_error', errorCode: 'upstream_cut' });
    }
    upstream.script = answerWith('text');
    expect((await askStream(client)).word).toBe('MISS');
  });

  story('in a stream that ends too early, and nothing of it is kept', async ({ upstream, open }) => {
    const client = connect((await open()).url);
    upstream.script = endAfter(messageEvents('text').slice(0, -1).join(''));
    for (const _ of [1, 2]) {
      const { data, response } = await client.messages.create({ ...QUESTION, stream: true }).withResponse();
      expect(response.headers.get('x-cache')).toBe('MISS');
      expect((await readAll(data)).at(-1)).toMatchObject({ type: 'message_delta' });
    }
    expect(upstream.calls).toHaveLength(2);
  });
});
