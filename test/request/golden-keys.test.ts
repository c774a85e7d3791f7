import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { KEY_VERSION } from '../../src/request/fingerprint.ts';
import { GOLDEN_KEYS, type GoldenKeys, keyNow, refreshGoldenKeys, WHAT_TO_DO } from './golden-keys.ts';

const TEXT = readFileSync(GOLDEN_KEYS, 'utf8');
const GOLDEN = JSON.parse(TEXT) as GoldenKeys;
const [first, ...others] = GOLDEN.requests as [GoldenKeys['requests'][number]];
const written = (version: string, key: string | undefined) =>
  JSON.stringify({ version, requests: [{ ...first, key }, ...others] });

describe('golden keys', () => {
  test('are of the version that the code has', () => {
    expect(GOLDEN.version, 'KEY_VERSION was raised: run `node test/generate.ts`').toBe(KEY_VERSION);
  });

  test('are what the requests are named today', () => {
    const changed = GOLDEN.requests.filter((request) => keyNow(request) !== request.key).map(({ name }) => name);
    expect(changed, WHAT_TO_DO).toEqual([]);
    expect(GOLDEN.requests.length).toBeGreaterThanOrEqual(30);
  });

  test('are all keys, and one where the name says "the same"', () => {
    let before = '';
    for (const { name, key = '' } of GOLDEN.requests) {
      expect(key, name).toMatch(/^[0-9a-f]{64}\.(json|sse(\+[a-z]+)?)$/);
      expect(key === before, name).toBe(name.startsWith('the same'));
      before = key;
    }
  });

  test('are not rewritten under the version that they had', () => {
    expect(() => refreshGoldenKeys(written(KEY_VERSION, 'another.json'))).toThrow(
      `raise KEY_VERSION in src/request/fingerprint.ts, then run \`node test/generate.ts\`: ${first.name}`,
    );
    expect(refreshGoldenKeys(written('0', 'another.json'))).toBe(TEXT);
    expect(refreshGoldenKeys(written(KEY_VERSION, undefined))).toBe(TEXT);
  });
});
