/**
 * The usage ledger: requests served, their cost and their savings, by one record
 * per request once it is over. Hits, follows, misses, bypasses and refusals add up to requests.
 */
import type { Log } from '../log.ts';
import { sparedBy } from './spared.ts';
import type { UsageFile } from './usage-file.ts';
import type { CallRecord, LedgerWord, UsageRecord, PricedCallRecord, PricedUsageRecord } from './usage-record.ts';
import { inDollars, type Prices } from './prices.ts';
import { scopeLabel } from '../request/caller.ts';
import type { Usage } from '../response/usage.ts';
import { whyOf } from './reasons.ts';
import type { TimedRequest } from './open-interval.ts';
import { amountsOf, dayOf } from './row.ts';
import type { Stats } from './stats.ts';
import type { SeriesQuery, TimeSeries } from './time-series.ts';

/** Since the start of the proxy. */
export type OutcomeCounts = Readonly<Record<LedgerWord | 'requests', number>>;

export interface LedgerOptions {
  readonly usageFile: UsageFile;
  readonly prices: Prices;
  readonly log: Log;
}

/** The members of a record that its row is made of, and those that are put anew. */
type Costs = Pick<UsageRecord, 'time' | 'scope' | 'endpoint' | 'model' | 'tags' | 'call'>;
type Priced = 'scope' | 'dollars';

const DAY_MS = 86_400_000;

/** A call that no request is charged with: it has the amounts of a miss. */
const CALL: TimedRequest = { outcome: 'miss', ms: 0, reason: null, why: null };

/** The known part of a batch that missed: it has the amounts of a hit. */
const SPARED: TimedRequest = { outcome: 'hit', ms: 0, reason: null, why: null };

export class Ledger {
  readonly #usageFile: UsageFile;
  /** Those of what is counted from here on. */
  prices: Prices;
  readonly #log: Log;
  readonly #subscribers = new Set<(record: PricedUsageRecord) => void>();
  readonly #callSubscribers: ((record: PricedCallRecord) => void)[] = [];
  readonly #counts: Record<LedgerWord | 'requests', number> = {
    requests: 0,
    hit: 0,
    follow: 0,
    miss: 0,
    bypass: 0,
    refusal: 0,
  };
  /** The day of the last record, and the time at which it began. */
  #day = '';
  #dayBegan = Number.NaN;

  constructor({ usageFile, prices, log }: LedgerOptions) {
    this.#usageFile = usageFile;
    this.prices = prices;
    this.#log = log;
  }

  /** Once per request. Never throws. */
  note(record: UsageRecord): void {
    this.count(record.outcome);
    try {
      this.#write(record);
    } catch (err) {
      this.#log.error({ err, requestId: record.requestId }, 'a request is missing from the usage ledger');
    }
  }

  protected count(outcome: LedgerWord): void {
    this.#counts.requests++;
    this.#counts[outcome]++;
  }

  /** Once per upstream call that no request is charged with: its cost counts as spent on a miss. Never throws. */
  noteCall(record: CallRecord): void {
    try {
      this.#writeCall(record);
    } catch (err) {
      this.#log.error({ err }, 'an upstream call is missing from the usage ledger');
    }
  }

  /** @param subscriber called with each such call from here on */
  onCall(subscriber: (record: PricedCallRecord) => void): void {
    this.#callSubscribers.push(subscriber);
  }

  /** @param subscriber called with each record; what it throws is its own affair @returns what ends that */
  subscribe(subscriber: (record: PricedUsageRecord) => void): () => void {
    this.#subscribers.add(subscriber);
    return () => void this.#subscribers.delete(subscriber);
  }

  counts(): OutcomeCounts {
    return { ...this.#counts };
  }

  /** Of the usage ledger, with what is not yet written. */
  stats(): Promise<Stats> {
    return this.#usageFile.stats();
  }

  /** The same as a time series. */
  series(query: SeriesQuery): Promise<TimeSeries> {
    return this.#usageFile.series(query);
  }

  /** In dollars; null where the model has no price. */
  priceOf(model: string | null, usage: Usage): number | null {
    return inDollars(this.prices.nanoDollars(model, usage));
  }

  /** Writes what is not yet written. */
  close(): Promise<void> {
    return this.#usageFile.close();
  }

  #write(record: UsageRecord): void {
    const { scope, dollars } = this.#add(record, record, 1, whyOf(record));
    // One spread alone is a quick copy to V8.
    const priced = { ...record, scope, dollars };
    if (record.items) Object.assign(priced, { items: { ...record.items, dollars: this.#addSpared(record) } });
    for (const subscriber of this.#subscribers) this.#publish(subscriber, priced);
  }

  /** @returns the price of what was spared, where that is known */
  #addSpared(record: UsageRecord): number | null {
    const spared = sparedBy(record);
    return spared && this.#add(spared, SPARED, 0, null).dollars;
  }

  #writeCall(record: CallRecord): void {
    const { scope, dollars } = this.#add(record, CALL, 0, null);
    for (const subscriber of this.#callSubscribers) subscriber({ ...record, scope, dollars });
  }

  /** Adds to the row of its kind, to its minute and to its tags. @returns its scope and price as others see them */
  #add(record: Costs, counted: TimedRequest, requests: 0 | 1, why: string | null): Pick<PricedUsageRecord, Priced> {
    const { time, scope, endpoint, model, tags, call } = record;
    const nanoDollars = call?.usage ? this.prices.nanoDollars(model, call.usage) : null;
    const label = scope === null ? null : scopeLabel(scope);
    const { outcome } = counted;
    const kind = { day: this.#dayOf(time), scope: label ?? '', endpoint, model: model ?? '', outcome };
    const amounts = amountsOf(record, requests, nanoDollars);
    this.#usageFile.add(kind, amounts, why);
    this.#usageFile.addToIntervals(time, kind, tags, counted, amounts);
    return { scope: label, dollars: inDollars(nanoDollars) };
  }

  #publish(subscriber: (record: PricedUsageRecord) => void, record: PricedUsageRecord): void {
    try {
      subscriber(record);
    } catch (err) {
      this.#log.error({ err, requestId: record.requestId }, 'a subscriber to the usage ledger has failed');
    }
  }

  #dayOf(time: number): string {
    const isSameDay = time >= this.#dayBegan && time < this.#dayBegan + DAY_MS;
    if (!isSameDay) {
      this.#day = dayOf(time);
      this.#dayBegan = Date.parse(this.#day);
    }
    return this.#day;
  }
}
