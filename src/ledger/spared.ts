/**
 * The part of a batch that was known while others of its inputs were asked for: it has the amounts of a hit, and is no
 * request.
 */
import type { CallRecord, PricedCallRecord, PricedUsageRecord, UsageRecord } from './usage-record.ts';

type Spared = Pick<UsageRecord, 'time' | 'endpoint' | 'model' | 'scope' | 'tags' | 'items'>;

/** Null where nothing was spared so, or it is not known what. */
export function sparedBy({ time, endpoint, model, scope, tags, items }: Spared): CallRecord | null {
  const usage = items?.spared;
  return usage ? { time, endpoint, model, scope, tags, call: { usage, firstByteMs: 0, ms: 0 } } : null;
}

/** The same with its price. */
export function pricedSparedBy(record: PricedUsageRecord): PricedCallRecord | null {
  const spared = sparedBy(record);
  return spared && { ...spared, dollars: record.items?.dollars ?? null };
}
