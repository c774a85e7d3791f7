/**
 * The page of this process: all that it counts, from one moment on.
 */
import { NANO_PER_DOLLAR } from '../ledger/prices.ts';
import { type Reason, Reasons } from '../ledger/reasons.ts';
import { amountsOf, dayOf } from '../ledger/row.ts';
import type { LedgerWord, PricedCallRecord, PricedUsageRecord } from '../ledger/usage-record.ts';
import { addUp, createPageSums, createPageTags, type PageSums } from './page.ts';

type Counted = Pick<PricedUsageRecord, keyof PricedCallRecord & keyof PricedUsageRecord>;

export class OwnPage {
  readonly name: string;
  #sums = createPageSums();
  #reasons = new Reasons();
  #tags = createPageTags();
  #day = '';

  constructor(name: string) {
    this.name = name;
  }

  /** @param requests 0 for a call that no request is charged with */
  add({ time, scope, endpoint, model, tags, call, dollars }: Counted, outcome: LedgerWord, requests: 0 | 1): void {
    const kind = { day: dayOf(time), scope: scope ?? '', endpoint, model: model ?? '', outcome };
    const nanoDollars = dollars === null ? null : Math.round(dollars * NANO_PER_DOLLAR);
    const amounts = amountsOf({ call }, requests, nanoDollars);
    this.#sums.add(kind, amounts);
    if (tags.length > 0) this.#tags.add(time, tags, { outcome, ms: 0, reason: null, why: null }, amounts);
  }

  addReason(reason: Reason): void {
    this.#reasons.add(reason);
  }

  sums(now: number): PageSums {
    const own = { rows: [...this.#sums.rows], reasons: [...this.#reasons.rows], tags: [...this.#tags.rows] };
    const sums = addUp([own], now);
    if (dayOf(now) !== this.#day) this.#begin(dayOf(now), sums);
    return sums;
  }

  /** Adds what was counted elsewhere. */
  take({ rows, reasons, tags }: PageSums): void {
    this.#tags.restore(tags);
    this.#sums.restore(rows);
    for (const reason of reasons) this.#reasons.add(reason);
  }

  /** Goes on from sums in which days of long ago take no room. */
  #begin(day: string, sums: PageSums): void {
    this.#day = day;
    this.#sums = createPageSums();
    this.#reasons = new Reasons();
    this.#tags = createPageTags();
    this.take(sums);
  }
}
