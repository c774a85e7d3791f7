/**
 * The page of this process: all that it counts, from one moment on.
 */
import { NANO_PER_DOLLAR } from '../ledger/prices.ts';
import { type Reason, Reasons } from '../ledger/reasons.ts';
import { amountsOf, dayOf } from '../ledger/row.ts';
import type { LedgerWord, PricedCallRecord, PricedUsageRecord } from '../ledger/usage-record.ts';
import { addUp, createPageSums, type PageSums } from './page.ts';

type Counted = Pick<PricedUsageRecord, keyof PricedCallRecord & keyof PricedUsageRecord>;

export class OwnPage {
  readonly name: string;
  #sums = createPageSums();
  #reasons = new Reasons();
  #day = '';

  constructor(name: string) {
    this.name = name;
  }

  /** @param requests 0 for a call that no request is charged with */
  add({ time, scope, endpoint, model, call, dollars }: Counted, outcome: LedgerWord, requests: 0 | 1): void {
    const kind = { day: dayOf(time), scope: scope ?? '', endpoint, model: model ?? '', outcome };
    const nanoDollars = dollars === null ? null : Math.round(dollars * NANO_PER_DOLLAR);
    this.#sums.add(kind, amountsOf({ call }, requests, nanoDollars));
  }

  addReason(reason: Reason): void {
    this.#reasons.add(reason);
  }

  sums(now: number): PageSums {
    const sums = addUp([{ rows: [...this.#sums.rows], reasons: [...this.#reasons.rows] }], now);
    if (dayOf(now) !== this.#day) this.#begin(dayOf(now), sums);
    return sums;
  }

  /** Adds what was counted elsewhere. */
  take({ rows, reasons }: PageSums): void {
    this.#sums.restore(rows);
    for (const reason of reasons) this.#reasons.add(reason);
  }

  /** Goes on from sums in which days of long ago take no room. */
  #begin(day: string, sums: PageSums): void {
    this.#day = day;
    this.#sums = createPageSums();
    this.#reasons = new Reasons();
    this.take(sums);
  }
}
