import { expect, test } from 'vitest';
import { MOST_SAMPLES, sampleKeys, sampleOf } from '../../src/store/sample-key.ts';

test('each sample of each question has a key of its own, which says in which form it is', () => {
  const keys = ['aa.json', 'aa.sse', 'bb.json'].map((key) => sampleKeys(key, MOST_SAMPLES));
  expect(new Set(keys.flat()).size).toBe(3 * MOST_SAMPLES);
  for (const some of keys) {
    const [first] = some;
    expect(some.every((key) => key.endsWith(first.slice(2)))).toBe(true);
    expect(some.map((key) => sampleOf(key, first))).toEqual(some.map((_, at) => at + 1));
  }
});
