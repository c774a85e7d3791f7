/**
 * What Prometheus is told, on a registry of its own: two proxies in one
 * process share none of it.
 *
 * Counters and histograms grow with the notes of the ledger; gauges are asked
 * for when somebody looks. Labels are words of ours, but for `model`, which is
 * bounded.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Call } from '../response/entry.ts';
import { Names } from './names.ts';
import type { PricedNote } from './note.ts';

/** What one tier of the store holds. */
export interface TierReading {
  readonly tier: string;
  readonly entries: number;
  readonly bytes: number;
  readonly maxBytes: number;
  /** Entries that made room for others, since the start. */
  readonly evictions: number;
}

/** What is asked when somebody looks. Nothing that waits. */
export interface Sources {
  readonly version: string;
  readonly tiers: () => readonly TierReading[];
  /** Whether the file of each may be asked and written; absent where there is none. */
  readonly files: () => Readonly<Record<string, boolean>>;
  readonly flights: () => number;
  readonly listeners: () => number;
  /** What answers on their way hold. */
  readonly bytesInTheAir: () => number;
}

/** How many models have a label of their own; all others share one. */
const MOST_MODELS = 100;

/** The label of requests whose model nobody knows. */
const NO_MODEL = '(none)';

/** In seconds: of an answer from the store. */
const HIT_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];
/** In seconds: of an answer from a model, which may think for minutes. */
const UPSTREAM_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 60, 120, 300, 600, 1_800];

/** In ms: how often the event loop is looked at. What is measured has it in it. */
const LOOK_MS = 20;
const QUANTILES = [0.5, 0.99, 1];

export class Metrics {
  readonly registry = new Registry();
  readonly #delay: ReturnType<typeof monitorEventLoopDelay>;
  readonly #models = new Names(MOST_MODELS);
  readonly #requests = this.#counter('requests_total', 'Requests, by how they were answered', ['outcome', 'endpoint']);
  readonly #sent = this.#counter('sent_bytes_total', 'Bytes of answers that were sent to clients', ['outcome']);
  readonly #bypasses = this.#counter('bypasses_total', 'Requests that went past the cache, by why', ['reason']);
  readonly #unstored = this.#counter('unstored_total', 'Answers of misses that were not kept, by why', ['reason']);
  readonly #errors = this.#counter('errors_total', 'Requests that ended in an error of Refrain, by its code', ['code']);
  readonly #hitSeconds = this.#histogram('hit_duration_seconds', 'From the request to the last byte of a hit', ['tier'], HIT_BUCKETS);
  readonly #upstreamSeconds = this.#histogram('upstream_duration_seconds', 'From an upstream call to the end of its answer', ['endpoint'], UPSTREAM_BUCKETS);
  readonly #firstByteSeconds = this.#histogram('upstream_first_byte_seconds', 'From an upstream call to the head of its answer', ['endpoint'], UPSTREAM_BUCKETS);
  readonly #spentTokens = this.#counter('spent_tokens_total', 'Tokens of upstream calls, cached input and reasoning within input and output', ['model', 'kind']);
  readonly #savedTokens = this.#counter('saved_tokens_total', 'Tokens that hits and follows spared', ['model', 'kind']);
  readonly #spentDollars = this.#counter('spent_dollars_total', 'Dollars of upstream calls at list prices', ['model']);
  readonly #savedDollars = this.#counter('saved_dollars_total', 'Dollars that hits and follows spared at list prices', ['model']);
  readonly #unpricedTokens = this.#counter('unpriced_tokens_total', 'Tokens spent or saved for which no price is known', ['model']);
  readonly #savedSeconds = this.#counter('saved_upstream_seconds_total', 'Upstream time that hits and follows spared', []);

  constructor(sources: Sources) {
    this.#delay = monitorEventLoopDelay({ resolution: LOOK_MS });
    this.#delay.enable();
    const { tiers } = sources;
    this.#gauge('store_entries', 'Entries that a tier of the store holds', ['tier'], (gauge) => tiers().forEach(({ tier, entries }) => gauge.set({ tier }, entries)));
    this.#gauge('store_bytes', 'Bytes that a tier of the store takes, as its bound counts them', ['tier'], (gauge) => tiers().forEach(({ tier, bytes }) => gauge.set({ tier }, bytes)));
    this.#gauge('store_max_bytes', 'Bytes that a tier of the store may take', ['tier'], (gauge) => tiers().forEach(({ tier, maxBytes }) => gauge.set({ tier }, maxBytes)));
    this.#counter('store_evictions_total', 'Entries that made room for others in a tier of the store', ['tier'], (counter) => {
      counter.reset();
      for (const { tier, evictions } of tiers()) counter.inc({ tier }, evictions);
    });
    this.#gauge('file_up', 'Whether a file takes what it is given: store, or ledger', ['file'], (gauge) => {
      for (const [file, isUp] of Object.entries(sources.files())) gauge.set({ file }, isUp ? 1 : 0);
    });
    this.#gauge('flights', 'Upstream calls under way', [], (gauge) => gauge.set(sources.flights()));
    this.#gauge('listeners', 'Requests that wait for an answer or are being sent one', [], (gauge) => gauge.set(sources.listeners()));
    this.#gauge('flight_bytes', 'Bytes that answers on their way hold in memory', [], (gauge) => gauge.set(sources.bytesInTheAir()));
    this.#gauge('event_loop_delay_seconds', 'How late the event loop is, since the last look', ['quantile'], (gauge) => {
      for (const quantile of QUANTILES) gauge.set({ quantile: String(quantile) }, Math.max(0, this.#delay.percentile(quantile * 100) / 1e9 - LOOK_MS / 1_000));
      this.#delay.reset();
    });
    this.#gauge('build_info', 'Always 1; what runs', ['version', 'node'], (gauge) => gauge.set({ version: sources.version, node: process.version }, 1));
  }

  /** What a scrape gets. */
  text(): Promise<string> {
    return this.registry.metrics();
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  observe(note: PricedNote): void {
    const { outcome, endpoint, why, error, tier, call } = note;
    this.#requests.inc({ outcome, endpoint });
    this.#sent.inc({ outcome }, note.bytes);
    if (error !== null) this.#errors.inc({ code: error });
    if (outcome === 'bypass') this.#bypasses.inc({ reason: why ?? '' });
    else if (outcome === 'miss' && error === null && why !== null) this.#unstored.inc({ reason: why });
    if (outcome === 'hit') this.#hitSeconds.observe({ tier: tier ?? '' }, note.ms / 1_000);
    if (call === null) return;
    if (outcome === 'hit' || outcome === 'follow') {
      this.#savedSeconds.inc(call.ms / 1_000);
      this.#count(note, call, this.#savedTokens, this.#savedDollars);
    } else {
      this.#upstreamSeconds.observe({ endpoint }, call.ms / 1_000);
      this.#firstByteSeconds.observe({ endpoint }, call.firstByteMs / 1_000);
      this.#count(note, call, this.#spentTokens, this.#spentDollars);
    }
  }

  /** Stops the clock of the event loop. */
  close(): void {
    this.#delay.disable();
  }

  #count({ model: name, dollars }: PricedNote, { usage }: Call, tokens: Counter, money: Counter): void {
    if (usage === null) return;
    const model = this.#models.of(name ?? NO_MODEL);
    tokens.inc({ model, kind: 'input' }, usage.input);
    tokens.inc({ model, kind: 'output' }, usage.output);
    if (usage.cachedInput > 0) tokens.inc({ model, kind: 'cached_input' }, usage.cachedInput);
    if (usage.reasoning > 0) tokens.inc({ model, kind: 'reasoning' }, usage.reasoning);
    if (dollars === null) this.#unpricedTokens.inc({ model }, usage.input + usage.output);
    else money.inc({ model }, dollars);
  }

  #counter(name: string, help: string, labelNames: readonly string[], collect: (counter: Counter) => void = () => {}): Counter {
    const counter: Counter = new Counter({ name: `refrain_${name}`, help, labelNames, registers: [this.registry], collect: () => collect(counter) });
    return counter;
  }

  #gauge(name: string, help: string, labelNames: readonly string[], collect: (gauge: Gauge) => void): void {
    const gauge: Gauge = new Gauge({ name: `refrain_${name}`, help, labelNames, registers: [this.registry], collect: () => collect(gauge) });
  }

  #histogram(name: string, help: string, labelNames: readonly string[], buckets: number[]): Histogram {
    return new Histogram({ name: `refrain_${name}`, help, labelNames, buckets, registers: [this.registry] });
  }
}
