/**
 * Metrics for Prometheus, on a registry of its own: two proxies in one process
 * share none of it.
 *
 * They grow with the records of the ledger; numbers that grow with each hit are
 * plain, since nine counters of prom-client would cost a hit 4 µs, and become
 * series at a scrape. Labels are words of ours, but for `model`, which is bounded.
 */
import { EventLoopDelay } from './event-loop-delay.ts';
import { addFleetMetrics, type FleetReading } from './fleet-metrics.ts';
import { HIT_BUCKETS, UPSTREAM_BUCKETS } from './interval.ts';
import { ModelSums } from './model-sums.ts';
import { pricedSparedBy } from './spared.ts';
import type { BatchItems, LedgerWord, PricedCallRecord, PricedUsageRecord } from './usage-record.ts';
import { whyOf } from './reasons.ts';
import { type Report, Series } from './series.ts';

/** The size of one tier of the store. */
export interface TierReading {
  readonly tier: string;
  readonly entries: number;
  readonly bytes: number;
  readonly maxBytes: number;
  /** Entries that made room for others, since the start. */
  readonly evictions: number;
}

/** Read at each scrape; none of them waits. */
export interface MetricSources {
  readonly version: string;
  readonly tiers: () => readonly TierReading[];
  /** True where a file may be read and written; absent where there is none. */
  readonly files: () => Readonly<Record<string, boolean>>;
  readonly flights: () => number;
  readonly listeners: () => number;
  /** The memory of answers on their way. */
  readonly bytesInTheAir: () => number;
  /** How late the event loop is that answers requests, in seconds by quantile; that of this process if not given. */
  readonly delays?: () => Readonly<Record<string, number>>;
  /** Null where this process is alone. */
  readonly fleet?: () => FleetReading | null;
}

const inSeconds = (bounds: readonly number[]) => bounds.map((ms) => ms / 1_000);

export class Metrics {
  readonly #series = new Series();
  readonly registry = this.#series.registry;
  readonly #delay = new EventLoopDelay();
  readonly #spent = new ModelSums();
  readonly #saved = new ModelSums();
  /** Numbers of requests, by outcome and endpoint, and bytes by outcome: made into series at a scrape. */
  readonly #served = new Map<LedgerWord, { readonly requests: Map<string, number>; bytes: number }>();
  /** Numbers of misses, by reason. */
  readonly #misses = new Map<string, number>();
  readonly #bypasses = this.#series.counter('bypasses_total', 'Requests that went past the cache, by why', ['reason']);
  readonly #unstored = this.#series.counter('unstored_total', 'Answers of misses that were not kept, by why', [
    'reason',
  ]);
  readonly #inputs = this.#series.counter('batch_inputs_total', 'Inputs of batches, by whether they were known', [
    'outcome',
  ]);
  readonly #stale = this.#series.counter('stale_hits_total', 'Hits on answers that had expired, by why', ['freshness']);
  readonly #derived = this.#series.counter(
    'derived_hits_total',
    'Hits that were made from another form of the answer',
    ['forms'],
  );
  readonly #errors = this.#series.counter('errors_total', 'Requests that ended in an error of Refrain, by its code', [
    'code',
  ]);
  readonly #hitDurations = this.#series.durations(
    'hit_duration_seconds',
    'From the request to the last byte of a hit',
    'tier',
    inSeconds(HIT_BUCKETS),
  );
  readonly #upstreamDurations = this.#series.durations(
    'upstream_duration_seconds',
    'From an upstream call to the end of its answer',
    'endpoint',
    inSeconds(UPSTREAM_BUCKETS),
  );
  readonly #firstByteDurations = this.#series.durations(
    'upstream_first_byte_seconds',
    'From an upstream call to the head of its answer',
    'endpoint',
    inSeconds(UPSTREAM_BUCKETS),
  );
  readonly #savedSeconds = this.#series.counter(
    'saved_upstream_seconds_total',
    'Upstream time that hits and follows spared',
    [],
  );

  constructor(sources: MetricSources) {
    this.#series.counter('requests_total', 'Requests, by how they were answered', ['outcome', 'endpoint'], (add) => {
      for (const [outcome, { requests }] of this.#served)
        for (const [endpoint, count] of requests) add({ outcome, endpoint }, count);
    });
    this.#series.counter('sent_bytes_total', 'Bytes of answers that were sent to clients', ['outcome'], (add) =>
      this.#served.forEach(({ bytes }, outcome) => add({ outcome }, bytes)),
    );
    this.#series.counter('misses_total', 'Misses, by why nothing kept could be served', ['reason'], (add) =>
      this.#misses.forEach((requests, reason) => add({ reason }, requests)),
    );
    this.#money();
    this.#store(sources.tiers);
    this.#series.gauge('file_up', 'Whether it takes what it is given: store, ledger, or redis', ['file'], (set) => {
      for (const [file, isUp] of Object.entries(sources.files())) set({ file }, isUp ? 1 : 0);
    });
    this.#series.gauge('flights', 'Upstream calls under way', [], (set) => set({}, sources.flights()));
    this.#series.gauge('listeners', 'Requests that wait for an answer or are being sent one', [], (set) =>
      set({}, sources.listeners()),
    );
    this.#series.gauge('flight_bytes', 'Bytes that answers on their way hold in memory', [], (set) =>
      set({}, sources.bytesInTheAir()),
    );
    this.#series.gauge(
      'event_loop_delay_seconds',
      'How late the event loop is, since the last look',
      ['quantile'],
      (set) => {
        const delays = sources.delays?.() ?? this.#delay.take();
        for (const quantile of Object.keys(delays).sort()) set({ quantile }, delays[quantile] ?? 0);
      },
    );
    addFleetMetrics(this.#series, () => sources.fleet?.() ?? null);
    this.#series.gauge('build_info', 'Always 1; what runs', ['version', 'node'], (set) =>
      set({ version: sources.version, node: process.version }, 1),
    );
  }

  /** The answer to a scrape. */
  text(): Promise<string> {
    return this.#series.registry.metrics();
  }

  observe(record: PricedUsageRecord): void {
    const { outcome, reason, error, tier, call } = record;
    const why = whyOf(record);
    this.#count(record);
    if (record.items) this.#countItems(record, record.items);
    if (reason !== null) this.#misses.set(reason, (this.#misses.get(reason) ?? 0) + 1);
    if (error !== null) this.#errors.inc({ code: error });
    if (why !== null) this.#reasonsOf(outcome).inc(outcome === 'hit' ? { forms: why } : { reason: why });
    if (tier !== null) this.#hitDurations.observe({ tier }, record.ms / 1_000);
    if (outcome === 'hit' && record.why !== null && error === null) this.#stale.inc({ freshness: record.why });
    if (call === null) return;
    if (outcome !== 'hit' && outcome !== 'follow') return this.observeCall({ ...record, call });
    if (call.usage) this.#saved.add(record.model, call.usage, record.dollars);
    this.#savedSeconds.inc(call.ms / 1_000);
  }

  #reasonsOf(outcome: LedgerWord) {
    if (outcome === 'hit') return this.#derived;
    return outcome === 'bypass' ? this.#bypasses : this.#unstored;
  }

  /** Counts an upstream call, whichever request it was for, or none. */
  observeCall({ endpoint, model, call, dollars }: PricedCallRecord): void {
    if (call.usage) this.#spent.add(model, call.usage, dollars);
    this.#upstreamDurations.observe({ endpoint }, call.ms / 1_000);
    this.#firstByteDurations.observe({ endpoint }, call.firstByteMs / 1_000);
  }

  /** Stops the clock of the event loop. */
  close(): void {
    this.#delay.close();
  }

  #countItems(record: PricedUsageRecord, { hit, fetched }: BatchItems): void {
    this.#inputs.inc({ outcome: 'hit' }, hit);
    this.#inputs.inc({ outcome: 'fetched' }, fetched);
    const spared = pricedSparedBy(record);
    if (spared?.call.usage) this.#saved.add(spared.model, spared.call.usage, spared.dollars);
  }

  #count({ outcome, endpoint, bytes }: PricedUsageRecord): void {
    let served = this.#served.get(outcome);
    if (!served) this.#served.set(outcome, (served = { requests: new Map(), bytes: 0 }));
    served.requests.set(endpoint, (served.requests.get(endpoint) ?? 0) + 1);
    served.bytes += bytes;
  }

  #money(): void {
    this.#series.counter(
      'spent_tokens_total',
      'Tokens of upstream calls, cached input and reasoning within input and output',
      ['model', 'kind'],
      (add) => this.#spent.eachToken(add),
    );
    this.#series.counter('saved_tokens_total', 'Tokens that hits and follows spared', ['model', 'kind'], (add) =>
      this.#saved.eachToken(add),
    );
    this.#series.counter('spent_dollars_total', 'Dollars of upstream calls at list prices', ['model'], (add) =>
      this.#spent.each('dollars', add),
    );
    this.#series.counter(
      'saved_dollars_total',
      'Dollars that hits and follows spared at list prices',
      ['model'],
      (add) => this.#saved.each('dollars', add),
    );
    this.#series.counter(
      'unpriced_tokens_total',
      'Tokens spent or saved for which no price is known',
      ['model'],
      (add) => {
        for (const sums of [this.#spent, this.#saved]) sums.each('unpriced', add);
      },
    );
  }

  #store(tiers: MetricSources['tiers']): void {
    const each = (of: 'entries' | 'bytes' | 'maxBytes' | 'evictions') => (report: Report) =>
      tiers().forEach((reading) => report({ tier: reading.tier }, reading[of]));
    this.#series.gauge('store_entries', 'Entries that a tier of the store holds', ['tier'], each('entries'));
    this.#series.gauge(
      'store_bytes',
      'Bytes that a tier of the store takes, as its bound counts them',
      ['tier'],
      each('bytes'),
    );
    this.#series.gauge('store_max_bytes', 'Bytes that a tier of the store may take', ['tier'], each('maxBytes'));
    this.#series.counter(
      'store_evictions_total',
      'Entries that made room for others in a tier of the store',
      ['tier'],
      each('evictions'),
    );
  }
}
