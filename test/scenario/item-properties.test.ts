/**
 * Whatever is asked in whichever batches: every vector is the upstream's for that input, to the letter, and no input is
 * asked for twice.
 */
import { expect } from 'vitest';
import { ask } from '../harness/client.ts';
import { EMBEDDINGS, embeds, inputsOf, tokensOf, vectorOf } from '../harness/embeddings.ts';
import { story } from '../harness/story.ts';
import { Random } from '../request/random.ts';

const TEXTS = ['sea', 'Sea', 'sea ', 'wäter 🌊', '"', '\\', '1', '1,2', '[1]', 'a\nb', '', 'x'.repeat(300)];
const TOKENS = [[1], [2], [1, 2], [12], [3, 2, 1], [100_257], [1, 1], [2, 1]];

story.for([{}, { isShuffled: true }, { isIndexless: true }])(
  'random batches of %o',
  async (style, { upstream, open }) => {
    const random = new Random(77);
    upstream.script = embeds(style);
    const { url } = await open();
    for (let round = 0; round < 80; round++) {
      const pool: readonly unknown[] = random.once(3) ? TOKENS : TEXTS;
      const encoding = random.pick([undefined, 'float', 'base64']);
      const input = Array.from({ length: 1 + random.below(9) }, () => random.pick(pool));
      const alone = random.once(5) ? input[0] : input;
      const text = JSON.stringify({ model: 'm', input: alone, ...(encoding && { encoding_format: encoding }) });
      const body = random.once(2) ? text : text.replaceAll('/', '\\/').replaceAll(',"', ' , "');
      const answer = await ask(url + EMBEDDINGS, { body });
      const asked = inputsOf(body);
      const vectors = answer.text.matchAll(/"embedding":\s*(\[[^\]]*\]|"[^"]*")/g).map(([, vector]) => vector);
      const items = answer.headers['x-refrain-items'] as string | undefined;
      const isPlain = items === undefined || items.startsWith('hit=0');
      // An answer that came as it was asked for is in the upstream's order.
      if (isPlain && style.isShuffled)
        expect([...vectors].toSorted()).toEqual(asked.map((one) => vectorOf(one, encoding)).toSorted());
      else expect([...vectors], body).toEqual(asked.map((one) => vectorOf(one, encoding)));
      const { usage } = JSON.parse(answer.text);
      if (pool === TOKENS) expect(usage.total_tokens).toBe(asked.reduce((sum: number, one) => sum + tokensOf(one), 0));
    }
    const paid = upstream.calls.flatMap(({ body }) => {
      const { encoding_format: encoding } = JSON.parse(body.toString());
      return inputsOf(body.toString()).map((input) => JSON.stringify([encoding, input]));
    });
    expect(paid.length).toBe(new Set(paid).size);
  },
);

story('2,048 inputs of 256 dimensions, of which 2,000 are known, ask for 48', async ({ upstream, open }) => {
  upstream.script = embeds({ dimensions: 256 });
  const { url } = await open();
  const inputs = Array.from({ length: 2048 }, (_, at) => `chunk ${at} of a long document`);
  const bodyOf = (input: readonly string[]) => ({ model: 'm', encoding_format: 'base64', input });
  await ask(url + EMBEDDINGS, { body: bodyOf(inputs.slice(0, 2000)) });
  const answer = await ask(url + EMBEDDINGS, { body: bodyOf(inputs) });
  expect(answer.headers['x-refrain-items']).toBe('hit=2000, fetched=48');
  expect(inputsOf(upstream.calls[1]?.body.toString() as string)).toEqual(inputs.slice(2000));
  const { data } = JSON.parse(answer.text) as { data: { index: number; embedding: string }[] };
  expect(data.map(({ embedding }) => JSON.stringify(embedding))).toEqual(
    inputs.map((input) => vectorOf(input, 'base64', 256)),
  );
  const again = await ask(url + EMBEDDINGS, { body: bodyOf(inputs.toReversed()) });
  expect(again.headers['x-refrain-items']).toBe('hit=2048, fetched=0');
});
