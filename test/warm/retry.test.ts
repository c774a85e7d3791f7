import { describe, expect, test } from 'vitest';
import { isTransient, waitBefore } from '../../src/warm/retry.ts';

const NOW = Date.UTC(2026, 0, 1, 12);
const headerOf = (headers: Record<string, string>) => (name: string) => headers[name];

describe('a failure', () => {
  test.each<[number, Record<string, string>, boolean]>([
    [400, {}, false],
    [401, {}, false],
    [408, {}, true],
    [409, {}, true],
    [429, {}, true],
    [500, {}, true],
    [503, {}, true],
    [504, { 'x-should-retry': 'false' }, false],
    [400, { 'x-should-retry': 'true' }, true],
    [429, { 'x-should-retry': 'perhaps' }, true],
  ])('of status %i with %j is transient: %s', (status, headers, isSo) => {
    expect(isTransient(status, headerOf(headers))).toBe(isSo);
  });

  test.each<[Record<string, string>, number | null]>([
    [{ 'retry-after': '3' }, 3_000],
    [{ 'retry-after': '0' }, 0],
    [{ 'retry-after': '1.5' }, 1_500],
    [{ 'retry-after-ms': '20', 'retry-after': '3' }, 20],
    [{ 'retry-after-ms': 'soon', 'retry-after': '3' }, 3_000],
    [{ 'retry-after': new Date(NOW + 5_000).toUTCString() }, 5_000],
    [{ 'retry-after': new Date(NOW - 5_000).toUTCString() }, 0],
    [{ 'retry-after': '86400' }, null],
  ])('is asked again when %j says', (headers, ms) => {
    expect(waitBefore(1, headerOf(headers), NOW, 0.5)).toBe(ms);
  });

  test('that says nothing is asked again ever later, with up to half of it left to chance', () => {
    const waits = (random: number) => [1, 2, 3, 10].map((tries) => waitBefore(tries, headerOf({}), NOW, random));
    expect(waits(0)).toEqual([500, 1_000, 2_000, 30_000]);
    expect(waits(1)).toEqual([250, 500, 1_000, 15_000]);
    expect(waitBefore(1, headerOf({ 'retry-after': 'soon' }), NOW, 0)).toBe(500);
  });
});
