/**
 * Batches of embeddings and moderations, answered input by input.
 */
import { describe, expect } from 'vitest';
import { type Answer, ask } from '../harness/client.ts';
import { sendJson } from '../harness/answers.ts';
import { EMBEDDINGS, embeds, inputsOf, tokensOf, vectorOf } from '../harness/embeddings.ts';
import { recordsOf, recorded } from '../harness/proxy.ts';
import { story } from '../harness/story.ts';

const bodyOf = (input: unknown, others: object = {}) => ({ model: 'm', input, ...others });
const said = ({ headers }: Answer) => `${headers['x-cache']} ${headers['x-refrain-items'] ?? '-'}`;

/** Every input has its own vector, to the letter, at its own place. */
function expectVectors({ text }: Answer, inputs: readonly unknown[], encoding?: string): void {
  const { data } = JSON.parse(text) as { data: { index: number }[] };
  expect(data.map(({ index }) => index)).toEqual(inputs.map((_, index) => index));
  const vectors = text.matchAll(/"embedding":\s*(\[[^\]]*\]|"[^"]*")/g).map(([, vector]) => vector);
  expect([...vectors]).toEqual(inputs.map((input) => vectorOf(input, encoding)));
}

describe('a batch', () => {
  story('is a hit where every input is known, and pays for the new ones alone', async ({ upstream, open }) => {
    upstream.script = embeds();
    const { url } = await open();
    const answers = [];
    for (const input of [['a', 'b'], ['b', 'a'], ['c', 'a', 'd'], ['d', 'c', 'b', 'a']]) {
      const answer = await ask(url + EMBEDDINGS, { body: bodyOf(input) });
      expectVectors(answer, input);
      answers.push(answer);
    }
    expect(answers.map(said)).toEqual([
      'MISS hit=0, fetched=2',
      'HIT hit=2, fetched=0',
      'MISS hit=1, fetched=2',
      'HIT hit=4, fetched=0',
    ]);
    expect(upstream.calls.map(({ body }) => inputsOf(body.toString()))).toEqual([['a', 'b'], ['c', 'd']]);
    expect(JSON.parse(answers[3]?.text as string)).toMatchObject({ object: 'list', model: 'm-1' });
  });
});
