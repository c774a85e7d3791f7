import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Price, readPrices } from '../../src/ledger/prices.ts';

const PRICES = readPrices();
const LISTED: Record<string, Price> = JSON.parse(
  readFileSync(new URL('../../config/prices.json', import.meta.url), 'utf8'),
);
const tokens = (input: number, output: number, cachedInput = 0) => ({ input, cachedInput, output, reasoning: 0 });

describe('every price', () => {
  test.each(Object.entries(LISTED))(
    'of %s has a day, a source, and is a whole number of nano-dollars per token',
    (_, price) => {
      expect(price.since).toMatch(/^20\d\d-\d\d-\d\d$/);
      expect(price.source).toMatch(/^https:\/\//);
      const { cacheWrite5m = price.input, cacheWrite1h = price.input } = price;
      for (const dollars of [price.input, price.cachedInput ?? 0, cacheWrite5m, cacheWrite1h, price.output])
        expect(Math.abs(dollars * 1_000 - Math.round(dollars * 1_000))).toBeLessThan(1e-9);
      expect(price.cachedInput ?? 0).toBeLessThan(price.input);
      expect(cacheWrite5m).toBeGreaterThanOrEqual(price.input);
      expect(cacheWrite1h).toBeGreaterThanOrEqual(cacheWrite5m);
    },
  );

  test('that the makers of agents ask for most is there', () => {
    const wanted = [
      'gpt-3.5-turbo',
      'gpt-4',
      'gpt-4-turbo',
      'gpt-4o',
      'gpt-4o-mini',
      'gpt-4.1',
      'gpt-4.1-mini',
      'gpt-5',
      'gpt-5-mini',
      'gpt-5.1',
      'o1',
      'o3',
      'o4-mini',
      'text-embedding-3-small',
      'claude-opus-5-5',
      'claude-sonnet-5-5',
      'claude-haiku-5-5',
    ];
    expect(wanted.filter((model) => !(model in LISTED))).toEqual([]);
  });
});

describe('a model', () => {
  test.each([
    ['gpt-4o', 'gpt-4o'],
    ['gpt-4o-2024-08-06', 'gpt-4o'],
    ['gpt-4o-2024-05-13', 'gpt-4o-2024-05-13'],
    ['gpt-4o-mini', 'gpt-4o-mini'],
    ['gpt-4o-mini-2024-07-18', 'gpt-4o-mini'],
    ['gpt-4-0613', 'gpt-4'],
    ['gpt-4-turbo-2024-04-09', 'gpt-4-turbo'],
    ['gpt-4.1-nano-2025-04-14', 'gpt-4.1-nano'],
    ['gpt-3.5-turbo-0125', 'gpt-3.5-turbo'],
    ['gpt-3.5-turbo-1106', 'gpt-3.5-turbo-1106'],
    ['gpt-5-nano-2025-08-07', 'gpt-5-nano'],
    ['o3-2025-04-16', 'o3'],
    ['o3-mini-2025-01-31', 'o3-mini'],
    ['claude-sonnet-4-5-20250929', 'claude-sonnet-4-5'],
    ['claude-sonnet-4-20250514', 'claude-sonnet-4'],
    ['claude-opus-5-5', 'claude-opus-5-5'],
  ])('%s costs what %s costs', (model, listed) => {
    expect(PRICES.find(model)).toEqual(LISTED[listed]);
  });

  test.each([
    'gpt-4o-audio-preview',
    'gpt-4o-audio-preview-2024-12-17',
    'gpt-4o-realtime-preview',
    'gpt-4o-transcribe',
    'gpt-4o-search-preview',
    'gpt-4o-next',
    'gpt-4ox',
    'gpt-4o-2024',
    'gpt-4o-2024-08',
    'gpt-4o-2024-08-06-mini',
    'gpt-4o-mini-tts',
    'gpt-5-turbo',
    'gpt-5.10',
    'gpt-50',
    'o3-deep-research',
    'o30',
    'ft:gpt-4o-2024-08-06:acme::abc123',
    'ft:gpt-4o',
    'openai/gpt-4o',
    'GPT-4O',
    ' gpt-4o',
    'gpt',
    '',
    '__proto__',
    'constructor',
    'llama-3.3-70b',
    'claude-sonnet-4-9',
    'claude-opus-5-5-fast',
    'anthropic.claude-opus-5-5',
  ])('%j has no price', (model) => {
    expect(PRICES.find(model)).toBeNull();
    expect(PRICES.nanoDollars(model, tokens(1, 1))).toBeNull();
  });

  test('without a name has no price, and one for long prompts has none here', () => {
    expect(PRICES.nanoDollars(null, tokens(1, 1))).toBeNull();
    expect(PRICES.nanoDollars('gpt-5.4', tokens(272_000, 1))).not.toBeNull();
    expect(PRICES.nanoDollars('gpt-5.4', tokens(272_001, 1))).toBeNull();
  });
});

describe('money', () => {
  test('is exact to the nano-dollar', () => {
    // gpt-4o-mini: 86 x 0.15 + 1,920 x 0.075 + 300 x 0.60 dollars per million
    // = 12.9 + 144 + 180 = 336.9 millionths of a dollar.
    expect(PRICES.nanoDollars('gpt-4o-mini', tokens(2_006, 300, 1_920))).toBe(336_900);
    // text-embedding-3-small: 8 x 0.02 = 0.16 millionths.
    expect(PRICES.nanoDollars('text-embedding-3-small', tokens(8, 0))).toBe(160);
    // gpt-4 has no price for cached input of its own: 10 x 30 + 1 x 60.
    expect(PRICES.nanoDollars('gpt-4', tokens(10, 1, 4))).toBe(360_000);
  });

  test("counts what was written to the upstream's own cache at its price", () => {
    // claude-opus-5-5: 1,000 x 4 + 2,000 x 0.20 + 3,000 x 5 + 4,000 x 8 + 500 x 20 = 61,400 millionths of a dollar.
    const usage = { input: 10_000, cachedInput: 2_000, cacheWrite5m: 3_000, cacheWrite1h: 4_000, output: 500 };
    expect(PRICES.nanoDollars('claude-opus-5-5', { ...usage, reasoning: 0 })).toBe(61_400_000);
    // gpt-4o-mini has no price for writing: 10,000 x 0.15 - 2,000 x 0.075 + 500 x 0.60 = 1,650.
    expect(PRICES.nanoDollars('gpt-4o-mini', { ...usage, reasoning: 0 })).toBe(1_650_000);
  });

  test('of a million requests adds up exactly', () => {
    const once = PRICES.nanoDollars('gpt-4o-mini', tokens(7, 3)) as number;
    let sum = 0;
    for (let request = 0; request < 1_000_000; request += 1) sum += once;
    expect(once).toBe(2_850);
    expect(sum).toBe(2_850_000_000);
  });
});
