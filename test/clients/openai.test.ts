/**
 * OpenAI's own clients, as programs use them: nothing but their base URL says
 * that there is a proxy in between.
 */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { OpenAI } from 'openai';
import { describe, expect } from 'vitest';
import { beginStream, CHAT, chatEvents } from '../harness/answers.ts';
import { createTestClock } from '../harness/clock.ts';
import type { Proxy } from '../harness/proxy.ts';
import { EMBEDDED, PROMPT, QUESTION, RESPONSE, STREAM, WITH_TOOL, WITH_USAGE } from '../harness/questions.ts';
import {
  type ChatStreamQuestion,
  connect,
  NEWEST,
  OLDER,
  readAll,
  readEvents,
  readJson,
  type Told,
} from '../harness/sdk.ts';
import { story } from '../harness/story.ts';
import { answerTools, DEPTH_ARGUMENTS, DEPTH_TOOL } from '../harness/tool-calls.ts';

/** The request, its path, its form, and a piece of the parsed answer. */
const ASKED: readonly (readonly [string, string, (client: OpenAI) => Promise<Told>, string])[] = [
  ['a chat answer', CHAT, (client) => readJson(client.chat.completions.create(QUESTION)), '"content":"Salt water."'],
  ['a chat stream', CHAT, (client) => readEvents(client.chat.completions.create(STREAM)), '"content":"wäter 🌊"'],
  [
    'a chat stream with usage',
    CHAT,
    (client) => readEvents(client.chat.completions.create(WITH_USAGE)),
    '"total_tokens":8',
  ],
  ['a tool call', CHAT, (client) => readJson(client.chat.completions.create(WITH_TOOL)), DEPTH_TOOL.name],
  [
    'a tool call in a stream',
    CHAT,
    (client) => readEvents(client.chat.completions.create({ ...WITH_TOOL, stream: true })),
    DEPTH_TOOL.name,
  ],
  [
    'a response',
    '/v1/responses',
    (client) => readJson(client.responses.create(RESPONSE)),
    '"output_text":"Salt water."',
  ],
  [
    'a responses stream',
    '/v1/responses',
    (client) => readEvents(client.responses.create({ ...RESPONSE, stream: true })),
    '"type":"response.completed"',
  ],
  ['embeddings', '/v1/embeddings', (client) => readJson(client.embeddings.create(EMBEDDED)), '-0.25'],
  ['a completion', '/v1/completions', (client) => readJson(client.completions.create(PROMPT)), '"text":" water"'],
  [
    'a completion stream',
    '/v1/completions',
    (client) => readEvents(client.completions.create({ ...PROMPT, stream: true })),
    '"text":" salt"',
  ],
  [
    'a moderation',
    '/v1/moderations',
    (client) => readJson(client.moderations.create({ input: 'x' })),
    '"flagged":false',
  ],
];

/** Resolves when the next connection to the proxy has come and gone. */
async function nextHangUp({ app }: Proxy): Promise<void> {
  const [socket] = (await once(app.api, 'connection')) as [Socket];
  await new Promise((resolve) => socket.once('close', resolve));
}

describe.each([NEWEST, OLDER])('$name', (sdk) => {
  for (const base of ['/v1', '']) {
    for (const [what, path, ask, piece] of ASKED) {
      story(`is answered twice by one upstream call, at ${base || '/'}: ${what}`, async ({ upstream, open }) => {
        upstream.script = answerTools;
        const client = connect(sdk, (await open()).url + base);
        const first = await ask(client);
        expect(first).toMatchObject({ word: 'MISS', requestId: 'req_first' });
        expect(JSON.stringify(first.value)).toContain(piece);
        expect(await ask(client)).toEqual({ ...first, word: 'HIT' });
        expect(upstream.calls.map(({ url }) => url)).toEqual([path]);
      });
    }
  }

  story(
    'puts a stored chat stream together as it did the first time, tool calls included',
    async ({ upstream, open }) => {
      upstream.script = answerTools;
      const client = connect(sdk, `${(await open()).url}/v1`);
      const play = async (question: ChatStreamQuestion, headers: Record<string, string>) => {
        const stream = sdk.streamChat(client, question, headers);
        const calls: unknown[] = [];
        stream.on('tool_calls.function.arguments.done', (call) => calls.push(call));
        return { chunks: await readAll(stream), calls, completion: await stream.finalChatCompletion() };
      };
      for (const question of [QUESTION, WITH_TOOL]) {
        const first = await play(question, {});
        expect(await play(question, { 'cache-control': 'only-if-cached' })).toEqual(first);
        const called =
          question === WITH_TOOL ? [{ name: DEPTH_TOOL.name, arguments: JSON.stringify(DEPTH_ARGUMENTS) }] : [];
        expect(first.calls).toMatchObject(called);
      }
      expect(upstream.calls).toHaveLength(2);
    },
  );

  story('puts a stored responses stream together as it did the first time', async ({ upstream, open }) => {
    const client = connect(sdk, `${(await open()).url}/v1`);
    const first = await client.responses.stream(RESPONSE).finalResponse();
    expect(first.output).toMatchObject([{ content: [{ text: 'Salt water.' }] }]);
    expect(
      await client.responses.stream(RESPONSE, { headers: { 'cache-control': 'only-if-cached' } }).finalResponse(),
    ).toEqual(first);
    expect(upstream.calls).toHaveLength(1);
  });

  story(
    'decodes the base64 that it asks vectors in by itself, and gets floats where the program asks; each is kept',
    async ({ upstream, open }) => {
      const client = connect(sdk, `${(await open()).url}/v1`);
      for (const encoding of [{}, { encoding_format: 'float' }, {}, { encoding_format: 'float' }] as const) {
        const { data } = await client.embeddings.create({ ...EMBEDDED, ...encoding });
        expect(data.map(({ embedding }) => embedding.map(Math.fround))).toEqual(
          [0.1, 1.1].map((first) => [first, -0.25, 1e-7].map(Math.fround)),
        );
      }
      expect(upstream.calls.map(({ body }) => JSON.parse(body.toString()).encoding_format)).toEqual([
        'base64',
        'float',
      ]);
    },
  );

  story('lists the models from the upstream each time', async ({ upstream, open }) => {
    const client = connect(sdk, `${(await open()).url}/v1`);
    for (const calls of [1, 2]) {
      const { data, response } = await client.models.list().withResponse();
      expect(data.data).toMatchObject([{ id: 'gpt-test' }]);
      expect(response.headers.get('x-cache')).toBe('BYPASS');
      expect(upstream.calls).toHaveLength(calls);
    }
  });

  story('in twenty places at once has one upstream call and equal events everywhere', async ({ upstream, open }) => {
    const proxy = await open();
    upstream.script = beginStream;
    const clients = Array.from({ length: 20 }, () => connect(sdk, `${proxy.url}/v1`));
    const begun = await Promise.all(clients.map((client) => client.chat.completions.create(STREAM).withResponse()));
    const { response } = await upstream.called(1);
    for (const event of chatEvents()) response.write(event);
    response.end();
    const [first, ...others] = await Promise.all(begun.map(({ data }) => readAll(data)));
    expect(first).toHaveLength(chatEvents().length - 1);
    for (const other of others) expect(other).toEqual(first);
    const words = begun.map(({ response: { headers } }) => headers.get('x-cache'));
    expect(words.sort()).toEqual([...Array(19).fill('FOLLOW'), 'MISS']);
    expect(upstream.calls).toHaveLength(1);
  });
});

story(
  'a client that hangs up on reading [DONE] does not keep the answer from being kept',
  async ({ upstream, open }) => {
    const proxy = await open({}, createTestClock());
    upstream.script = beginStream;
    const client = connect(NEWEST, `${proxy.url}/v1`);
    const askOnce = async () => {
      const hungUp = nextHangUp(proxy);
      const told = await readEvents(client.chat.completions.create(STREAM));
      await hungUp;
      return told;
    };
    const asked = askOnce();
    const { response } = await upstream.called(1);
    response.write(chatEvents().join(''));
    const first = await asked;
    expect(first).toMatchObject({ word: 'MISS', value: { length: chatEvents().length - 1 } });
    expect(await askOnce()).toEqual({ ...first, word: 'FOLLOW' });

    const patient = await connect(OLDER, `${proxy.url}/v1`).chat.completions.create(STREAM).withResponse();
    response.end();
    expect(await readAll(patient.data)).toEqual(first.value);
    expect(patient.response.headers.get('x-cache')).toBe('FOLLOW');
    expect(await readEvents(client.chat.completions.create(STREAM))).toEqual({ ...first, word: 'HIT' });
    expect(upstream.calls).toHaveLength(1);
  },
);
