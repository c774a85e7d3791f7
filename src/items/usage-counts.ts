/**
 * The usage of an answer as counts by name, so that it can be shared out among its items and summed up again.
 */
import type { Endpoint } from '../endpoint.ts';
import { RESPONSE_ENDPOINTS } from '../response/endpoints/table.ts';
import type { Usage } from '../response/usage.ts';

/** Null for a count that a server leaves open. */
export type UsageCounts = ReadonlyMap<string, number | null>;

/** @param text as it stands under `usage` @returns `unknown` where anything but counts stands there */
export function readCounts(text: string | undefined): UsageCounts | null | 'unknown' {
  if (text === undefined || text === 'null') return null;
  const usage: unknown = JSON.parse(text);
  if (typeof usage !== 'object' || usage === null || Array.isArray(usage)) return 'unknown';
  const counts = new Map(Object.entries(usage));
  const isCount = (count: unknown) => count === null || (Number.isSafeInteger(count) && (count as number) >= 0);
  return counts.values().every(isCount) ? counts : 'unknown';
}

/** The share of each item, by weight: they add up to the whole, and are exact where the weights are. */
export function shareOut(usage: UsageCounts | null, weights: readonly number[]): readonly (UsageCounts | null)[] {
  if (usage === null) return weights.map(() => null);
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  const shares = weights.map(() => new Map<string, number | null>());
  for (const [name, count] of usage) {
    let weight = 0;
    let before = 0;
    for (const [at, share] of shares.entries()) {
      weight += weights[at] as number;
      const upTo = count === null ? 0 : Math.round(count * (weight / whole));
      share.set(name, count === null ? null : upTo - before);
      before = upTo;
    }
  }
  return shares;
}

/** @returns `unknown` where they do not count the same */
export function sumOf(all: readonly (UsageCounts | null)[]): UsageCounts | null | 'unknown' {
  const [first = null] = all;
  if (first === null) return all.every((counts) => counts === null) ? null : 'unknown';
  const sum = new Map(first);
  return all.slice(1).every((counts) => counts?.size === sum.size && add(sum, counts)) ? sum : 'unknown';
}

/** @returns false where one counts what the other does not */
function add(sum: Map<string, number | null>, counts: UsageCounts): boolean {
  for (const [name, count] of counts) {
    const before = sum.get(name);
    if (before === undefined || (before === null) !== (count === null)) return false;
    if (before !== null) sum.set(name, before + (count as number));
  }
  return true;
}

export function usageText(usage: UsageCounts | null): string {
  return usage === null ? 'null' : JSON.stringify(Object.fromEntries(usage));
}

/** The same as the usage of an answer is read. */
export function usageOf(endpoint: Endpoint, counts: UsageCounts | null | 'unknown'): Usage | null {
  if (counts === null || counts === 'unknown') return null;
  return RESPONSE_ENDPOINTS[endpoint].usage.read(Object.fromEntries(counts));
}
