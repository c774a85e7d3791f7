/**
 * Answers taken apart into items, and put together again.
 */
import { describe, expect, test } from 'vitest';
import { type ItemAnswer, readItems } from '../../src/items/item-answer.ts';
import { answerOf, itemsOf, joinItems } from '../../src/items/join.ts';
import { readCounts, shareOut, sumOf } from '../../src/items/usage-counts.ts';
import { Random } from '../request/random.ts';

const read = (text: string, count: number) => readItems('embeddings', Buffer.from(text), count);
const answerWith = (data: string, others = ',"model":"m","usage":{"prompt_tokens":7,"total_tokens":7}') =>
  `{ "object": "list", "data": [${data}]${others} }`;

const SPELLINGS = ['1e-05', '0.10', '-0', '1E+2', '12345678901234567890.1', '3'];

/** A vector, in a spelling that parsing would change. */
function vectorIn(random: Random): string {
  if (random.once(2)) return `"${random.pick(['AAAA', 'qq==', '\\/8=', '+/'])}${random.below(1000)}"`;
  const numbers = Array.from({ length: 1 + random.below(4) }, () => random.pick(SPELLINGS));
  return `[ ${numbers.join(random.pick([',', ', ', '\n,']))}]`;
}

describe('an answer', () => {
  test('has its items back at any place, in their very spelling', () => {
    const random = new Random(4);
    for (let round = 0; round < 1000; round++) {
      const count = 1 + random.below(6);
      const vectors = Array.from({ length: count }, () => vectorIn(random));
      const isNumbered = random.once(2);
      const items = vectors.map((vector, index) => {
        const members = [
          `"embedding": ${vector}`,
          '"object":"embedding"',
          ...(isNumbered ? [`"index" :${index}`] : []),
        ];
        return `{${random.shuffled(members).join(' , ')}}`;
      });
      const answer = read(answerWith((isNumbered ? random.shuffled(items) : items).join(' ,')), count) as ItemAnswer;
      const apart = itemsOf(
        answer,
        vectors.map(() => 1 + random.below(9)),
      );
      // Each is kept as the answer to its input alone.
      const alone = apart.map((item) => read(answerOf(item), 1) as ItemAnswer);
      const places = Array.from({ length: 1 + random.below(9) }, () => random.below(count));
      const known = alone.map((one) => ({ answer: one, item: one.items[0] as never, usage: one.usage }));
      const joined = joinItems({ places }, known, answer)?.text as string;
      const { data } = JSON.parse(joined);
      expect(data.map(({ index }: { index: number }) => index)).toEqual(places.map((_, place) => place));
      const found = joined.matchAll(/"embedding": ("[^"]*"|\[[^\]]*\])/g).map(([, vector]) => vector);
      expect([...found]).toEqual(places.map((at) => vectors[at]));
      const tokens = apart.map(({ usage }) => usage?.get('total_tokens') as number);
      expect(tokens.reduce((sum, share) => sum + share, 0)).toBe(7);
      expect(JSON.parse(joined).usage.total_tokens).toBe(places.reduce((sum, at) => sum + (tokens[at] as number), 0));
    }
  });

  test.each([
    ['a member that is not known', answerWith('{"embedding":[1]}', ',"meta":1')],
    ['a name twice', answerWith('{"embedding":[1]}', ',"model":"a","model":"b"')],
    ['a name with escapes', answerWith('{"embedding":[1]}', ',"mod\\u0065l":"a"')],
    ['a number twice', answerWith('{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}')],
    ['a number beyond', answerWith('{"index":1,"embedding":[1]}')],
    ['a number that is none', answerWith('{"index":"0","embedding":[1]}')],
    ['an item too many', answerWith('{"embedding":[1]},{"embedding":[1]}')],
    ['no item', answerWith('')],
    ['an item that is no object', answerWith('[1]')],
    ['an empty item', answerWith('{}')],
    ['a name of an item twice', answerWith('{"index":0,"index":0,"embedding":[1]}')],
    ['a usage that does not count', answerWith('{"embedding":[1]}', ',"usage":{"cost":0.1}')],
    ['a usage that is none', answerWith('{"embedding":[1]}', ',"usage":[]')],
    ['no list', '{"model":"m"}'],
  ])('with %s stays whole', (_, text) => {
    expect(read(text, 1) && read(text, 2)).toBeNull();
  });

  test('is not put together from two models, or from items that do not count the same', () => {
    const one = (others: string) => {
      const answer = read(answerWith('{"embedding":[1]}', others), 1) as ItemAnswer;
      return itemsOf(answer, [1])[0] as never;
    };
    const [base, other, silent, open] = [
      one(',"model":"a","usage":{"prompt_tokens":1}'),
      one(',"model":"b","usage":{"prompt_tokens":1}'),
      one(',"model":"a"'),
      one(',"model":"a","usage":{"prompt_tokens":null}'),
    ];
    const { answer } = base as { answer: ItemAnswer };
    expect(joinItems({ places: [0, 1] }, [base, base], answer)).not.toBeNull();
    for (const odd of [other, silent, open]) expect(joinItems({ places: [0, 1] }, [base, odd], answer)).toBeNull();
  });
});

test('a usage is shared out to the last token, and exactly by tokens', () => {
  const counts = readCounts('{"prompt_tokens":10,"total_tokens":10,"details":null}') as Map<string, number>;
  const exact = shareOut(counts, [7, 1, 2]).map((share) => share?.get('prompt_tokens'));
  expect(exact).toEqual([7, 1, 2]);
  for (const weights of [[1, 1, 1], [100, 1, 1, 1], [3]]) expect(sumOf(shareOut(counts, weights))).toEqual(counts);
  expect(shareOut(null, [1, 2])).toEqual([null, null]);
});
