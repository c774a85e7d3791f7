/**
 * One question asked by OpenAI's own client as JSON and as a stream, by many at once.
 */
import type { OpenAI } from 'openai';
import { expect } from 'vitest';
import { chatAnswer, chatEvents, sendJson, sendStream } from '../harness/answers.ts';
import { QUESTION, STREAM } from '../harness/questions.ts';
import { connect, NEWEST } from '../harness/sdk.ts';
import { story } from '../harness/story.ts';
import { until } from '../harness/until.ts';

const DERIVES = { dialect: 'openai' } as const;
const many = <Value>(count: number, make: () => Promise<Value>) => Array.from({ length: count }, make);

const told = async (client: OpenAI) => (await client.chat.completions.create(QUESTION)).choices[0]?.message.content;

async function streamed(client: OpenAI): Promise<string | null | undefined> {
  const { messages, model } = STREAM;
  const completion = await NEWEST.streamChat(client, { ...STREAM, messages, model }, {}).finalChatCompletion();
  return completion.choices[0]?.message.content;
}

story('100 of both forms make one call where JSON came first', async ({ upstream, open }) => {
  const proxy = await open(DERIVES);
  const client = connect(NEWEST, `${proxy.url}/v1`);
  upstream.script = () => {};
  const first = told(client);
  const call = await upstream.called(1);
  const others = [...many(49, () => told(client)), ...many(50, () => streamed(client))];
  await until(() => proxy.app.admission.listeners >= 100);
  sendJson(call, chatAnswer());
  expect(new Set(await Promise.all([first, ...others]))).toEqual(new Set(['Salt water.']));
  expect(upstream.calls).toHaveLength(1);
});

story('100 of both forms make two calls at most, whoever came first', async ({ upstream, open }) => {
  const proxy = await open(DERIVES);
  const client = connect(NEWEST, `${proxy.url}/v1`);
  upstream.script = (call) => {
    const { stream } = JSON.parse(call.body.toString());
    return stream ? sendStream(call, chatEvents(['Salt water.'])) : sendJson(call, chatAnswer());
  };
  const all = await Promise.all(many(50, () => Promise.all([streamed(client), told(client)])));
  expect(new Set(all.flat())).toEqual(new Set(['Salt water.']));
  expect(upstream.calls.length).toBeLessThanOrEqual(2);
});
