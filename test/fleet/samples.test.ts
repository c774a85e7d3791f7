/**
 * Samples of one question, asked for at several nodes: they are the same at each.
 */
import { expect } from 'vitest';
import { CHAT, chatAnswer, sendJson } from '../harness/answers.ts';
import { type Answer, ask } from '../harness/client.ts';
import type { Proxy } from '../harness/proxy.ts';
import { about, story } from './nodes.ts';

const SAMPLED = about('What is the sea?', { 'x-refrain-samples': '3' });
const many = (...nodes: readonly Proxy[]) =>
  Promise.all(
    Array.from({ length: 50 }, (_, index) => ask((nodes[index % nodes.length] as Proxy).url + CHAT, SAMPLED)),
  );
const textsOf = (answers: readonly Answer[]) => [...new Set(answers.map(({ text }) => text))].toSorted();

story('two runs at once share samples, and a later one elsewhere has them all', async ({ join, upstream }) => {
  upstream.script = async (call) => {
    await upstream.called(3);
    sendJson(call, chatAnswer(`${upstream.calls.indexOf(call) + 1}`));
  };
  const [one, other] = [await join(), await join()];
  const texts = ['1', '2', '3'].map((number) => chatAnswer(number));
  expect(textsOf(await many(one, other))).toEqual(texts);
  expect(upstream.calls).toHaveLength(3);
  const third = await join();
  const again = await many(third);
  expect(textsOf(again)).toEqual(texts);
  expect(new Set(again.map(({ headers }) => headers['x-cache']))).toEqual(new Set(['HIT']));
  expect(upstream.calls).toHaveLength(3);
});
