/**
 * Freshness against a model: the moments at which an entry is fresh, stale and
 * gone, as intervals of time.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Freshness, freshnessOf, type Staleness } from '../../src/cache/freshness.ts';
import { CLOCK_SKEW_MS } from '../../src/clock.ts';

const ORDER: readonly Freshness[] = ['fresh', 'stale-while-revalidate', 'stale-if-error', 'gone'];
const STORED_AT = 1_000_000;

const seconds = fc.oneof(fc.nat(5), fc.nat(1_000_000), fc.constant(Infinity));
const permissions = fc.record({
  maxAge: seconds,
  maxStale: seconds,
  revalidates: fc.boolean(),
  staleIfError: seconds,
});
const entries = fc.record({
  storedAt: fc.constant(STORED_AT),
  expiresAt: fc.oneof(
    fc.nat(10_000).map((ms) => STORED_AT + ms),
    fc.nat(1e9).map((ms) => STORED_AT + ms),
    fc.constant(Infinity),
  ),
});

/** The first moment at which an entry is not that good any more. */
function ends({ expiresAt }: { expiresAt: number }, permission: Staleness): Record<Exclude<Freshness, 'gone'>, number> {
  const { maxAge, maxStale, revalidates, staleIfError } = permission;
  const after = (ms: number) => (ms === Infinity ? Infinity : ms + 1);
  const tooOld = after(STORED_AT + maxAge * 1000);
  const accepted = maxStale === 0 ? expiresAt : after(expiresAt + maxStale * 1000);
  const onError = staleIfError === 0 ? expiresAt : after(expiresAt + staleIfError * 1000);
  return {
    'fresh': Math.min(tooOld, revalidates ? expiresAt : accepted),
    'stale-while-revalidate': Math.min(tooOld, accepted),
    'stale-if-error': Math.min(tooOld, Math.max(accepted, onError)),
  };
}

describe('freshness', () => {
  test('is fresh, then stale, then gone, each until its moment, to the millisecond', () => {
    fc.assert(
      fc.property(entries, permissions, fc.nat(2_000_000_000), (entry, permission, later) => {
        const end = ends(entry, permission);
        const moments = Object.values(end)
          .filter(Number.isFinite)
          .flatMap((moment) => [moment - 1, moment, moment + 1]);
        for (const now of [...moments, STORED_AT + later]) {
          if (now < STORED_AT) continue;
          const expected = ORDER.find((freshness) => freshness === 'gone' || now < end[freshness]);
          expect(freshnessOf(entry, permission, now)).toBe(expected);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test('never gets better as time passes', () => {
    fc.assert(
      fc.property(entries, permissions, fc.nat(2e9), fc.nat(2e9), (entry, permission, earlier, more) => {
        const [first, second] = [earlier, earlier + more].map((ms) => freshnessOf(entry, permission, STORED_AT + ms));
        expect(ORDER.indexOf(second!)).toBeGreaterThanOrEqual(ORDER.indexOf(first!));
      }),
    );
  });

  test('never gets worse by a longer permission', () => {
    fc.assert(
      fc.property(entries, permissions, permissions, fc.nat(2e9), (entry, a, b, ms) => {
        const wider = {
          maxAge: Math.max(a.maxAge, b.maxAge),
          maxStale: Math.max(a.maxStale, b.maxStale),
          revalidates: a.revalidates,
          staleIfError: Math.max(a.staleIfError, b.staleIfError),
        };
        const [narrow, wide] = [a, wider].map((permission) => freshnessOf(entry, permission, STORED_AT + ms));
        expect(ORDER.indexOf(wide!)).toBeLessThanOrEqual(ORDER.indexOf(narrow!));
      }),
    );
  });

  test('is gone for what a clock far ahead of this one has dated, whatever is permitted', () => {
    fc.assert(
      fc.property(entries, fc.integer({ min: 1, max: 1e9 }), (entry, ahead) => {
        const anything = { maxAge: Infinity, maxStale: Infinity, revalidates: true, staleIfError: Infinity };
        expect(freshnessOf(entry, anything, STORED_AT - CLOCK_SKEW_MS - ahead)).toBe('gone');
      }),
    );
  });
});
