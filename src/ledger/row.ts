/**
 * A row of the usage ledger: the sums of all requests of one kind on one day.
 */
import type { LedgerWord, UsageRecord } from './usage-record.ts';

/** The amounts that are summed, each a whole number. */
export const AMOUNTS = [
  'requests',
  'input',
  'cachedInput',
  'output',
  'reasoning',
  'unpriced',
  'nanoDollars',
  'upstreamMs',
] as const;

export type Amounts = Record<(typeof AMOUNTS)[number], number>;

/** The requests that are summed; empty for a scope or a model that is not known. */
export interface RowKind {
  /** In UTC, as `2026-11-01`. */
  readonly day: string;
  /** As people see it; see `request/caller`. */
  readonly scope: string;
  readonly endpoint: UsageRecord['endpoint'];
  readonly model: string;
  readonly outcome: LedgerWord;
}

export type UsageRow = RowKind & Amounts;

/** The most that a sum may come to: up to here a number is exact. */
export const MOST = Number.MAX_SAFE_INTEGER;

/** @param requests 0 for a call that no request is charged with @param nanoDollars null where there is no price */
export function amountsOf({ call }: Pick<UsageRecord, 'call'>, requests: 0 | 1, nanoDollars: number | null): Amounts {
  const { input, cachedInput, output, reasoning } = call?.usage ?? {
    input: 0,
    cachedInput: 0,
    output: 0,
    reasoning: 0,
  };
  const unpriced = nanoDollars === null ? input + output : 0;
  return {
    requests,
    input,
    cachedInput,
    output,
    reasoning,
    unpriced,
    nanoDollars: nanoDollars ?? 0,
    upstreamMs: call?.ms ?? 0,
  };
}

export function noAmounts(): Amounts {
  return { requests: 0, input: 0, cachedInput: 0, output: 0, reasoning: 0, unpriced: 0, nanoDollars: 0, upstreamMs: 0 };
}

export function addTo(sum: Amounts, more: Amounts): void {
  for (const name of AMOUNTS) sum[name] = Math.min(sum[name] + more[name], MOST);
}

/** @param time in milliseconds since the epoch */
export function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
