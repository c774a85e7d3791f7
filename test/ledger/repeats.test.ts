import { describe, expect, test } from 'vitest';
import { createLog } from '../../src/log.ts';
import { Repeats } from '../../src/ledger/repeats.ts';

const bodyOf = (fields: object) => Buffer.from(JSON.stringify({ model: 'm', ...fields }));
const explained = (fields: object | Buffer) => {
  const lines: string[] = [];
  const repeats = new Repeats(createLog('info', { write: (line) => void lines.push(line) }));
  const bytes = Buffer.isBuffer(fields) ? fields : bodyOf(fields);
  repeats.explain({ length: bytes.length, bytes });
  return lines.length;
};

/** Tests of each answer, shared at these times, if it makes a burst. */
const bursts = (...shared: readonly (readonly [key: string, client: string, now: number])[]) => {
  const repeats = new Repeats(createLog('silent', { write: () => {} }));
  return shared.map(([key, client, now]) => repeats.shared(key, client, now));
};

describe('a burst', () => {
  test('is four shared answers of one key and client within a second, said once', () => {
    expect(bursts(['k', 'c', 0], ['k', 'c', 1], ['k', 'c', 2], ['k', 'c', 999], ['k', 'c', 999])).toEqual([
      false,
      false,
      false,
      true,
      false,
    ]);
  });

  test('is none over a longer time, of several clients, or of other keys', () => {
    for (const shared of [
      [0, 500, 900, 1_000, 1_500].map((now) => ['k', 'c', now] as const),
      [0, 1, 2, 3, 4, 5].map((now) => ['k', `c${now % 2}`, now] as const),
      [0, 1, 2, 3, 4, 5].map((now) => [`k${now % 2}`, 'c', now] as const),
    ])
      expect(bursts(...shared)).not.toContain(true);
  });

  test('is seen among other requests', () => {
    const mixed = [0, 1, 2, 3].flatMap((now) => [0, 1, 2].map((key) => [`k${key}`, 'c', now] as const));
    expect(bursts(...mixed).slice(-3)).toEqual([true, true, true]);
  });
});

describe('the hint', () => {
  test('is for answers that are drawn', () => {
    for (const fields of [{}, { temperature: 0.7 }, { temperature: null }, { temperature: 1, seed: null }])
      expect(explained(fields), JSON.stringify(fields)).toBe(1);
    for (const fields of [{ temperature: 0 }, { seed: 7 }, Buffer.from('[]x'), Buffer.from('null')])
      expect(explained(fields), JSON.stringify(fields)).toBe(0);
  });
});
