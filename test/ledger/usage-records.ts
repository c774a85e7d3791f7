/**
 * Usage records, made from a word or two.
 */
import type { UsageRecord } from '../../src/ledger/usage-record.ts';
import type { Call } from '../../src/response/entry.ts';
import type { Usage } from '../../src/response/usage.ts';

export const NOON = Date.UTC(2026, 10, 22, 12);

export function recordOf(more: Partial<UsageRecord> = {}): UsageRecord {
  return {
    time: NOON,
    requestId: 'r-1',
    outcome: 'miss',
    endpoint: 'chat',
    model: 'gpt-4o-mini',
    scope: `private:${'0123456789abcdef'.repeat(4)}`,
    tags: [],
    key: '0123456789abcdef',
    status: 200,
    reason: null,
    why: null,
    error: null,
    tier: null,
    derivation: null,
    ms: 1_210,
    bytes: 500,
    call: null,
    ...more,
  };
}

export function callOf(usage: Partial<Usage> | null, ms = 1_200): Call {
  return { usage: usage && { input: 0, cachedInput: 0, output: 0, reasoning: 0, ...usage }, firstByteMs: 80, ms };
}
