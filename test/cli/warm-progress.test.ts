import { describe, expect, test } from 'vitest';
import { progressLine, progressText } from '../../src/cli/warm-progress.ts';
import type { WarmingSums } from '../../src/warm/warming.ts';

const sums = (others: Partial<WarmingSums> = {}): WarmingSums => ({
  ...{ total: 2_000, done: 500, hits: 300, misses: 198, bypasses: 1, failures: 1 },
  ...{ spent: { tokens: 12_345, nanoDollars: 120_000_000 }, saved: { tokens: 1, nanoDollars: 0 } },
  ...others,
});

const TEXT = '500/2,000  300 hits  199 misses  1 failure  12,345 tokens, $0.12  3m left';

describe('progress', () => {
  test('is a bar, what was done, what it took, and the time that is left', () => {
    expect(progressLine(sums(), 60, 120)).toBe(`█████░░░░░░░░░░░░░░░  ${TEXT}`);
  });

  test('is as long as the terminal is wide', () => {
    expect(progressLine(sums(), 60, 80)).toBe(TEXT);
    expect(progressLine(sums(), 60, 20)).toBe('500/2,000  300 hits…');
  });

  test('says no time before there is one, nor at the end, and no dollars without a price', () => {
    const spent = { tokens: 1, nanoDollars: 0 };
    const nothing = { hits: 0, misses: 0, bypasses: 0, failures: 0, spent };
    expect(progressText(sums({ done: 0, ...nothing }), 9)).toBe(
      '0/2,000  0 hits  0 misses  0 failures  1 token  - left',
    );
    expect(progressText(sums({ done: 2_000, ...nothing }), 9)).toBe(
      '2,000/2,000  0 hits  0 misses  0 failures  1 token',
    );
  });
});
