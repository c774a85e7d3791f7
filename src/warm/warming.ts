/**
 * The warming of a cache: so many requests of a file are asked at a time, each answer is counted and, where that is
 * wanted, written. Once it is stopped none is begun; those that are on the way are waited for, since they are paid.
 */
import type { Prices } from '../ledger/prices.ts';
import type { ProxyAnswer, BatchClient, Unanswered } from './batch-client.ts';
import type { BatchFile } from './batch-file.ts';
import type { BatchRequest } from './batch-request.ts';
import { isSuccess, type ResultFile } from './result-file.ts';

/** Sums so far. */
export interface WarmingSums {
  readonly total: number;
  /** ProxyAnswer or failed. */
  done: number;
  /** ProxyAnswer from what was kept, or by the call of an equal request. */
  hits: number;
  /** Fetched, to be kept. */
  misses: number;
  /** Fetched, and never to be kept. */
  bypasses: number;
  failures: number;
  /** Those that calls of these requests took, and those that hits saved. */
  spent: WarmingCost;
  saved: WarmingCost;
}

export interface WarmingCost {
  tokens: number;
  nanoDollars: number;
}

export interface WarmingOptions {
  readonly batch: BatchFile;
  /** How many requests there are. */
  readonly total: number;
  readonly client: BatchClient;
  readonly results: ResultFile | null;
  readonly concurrency: number;
  readonly prices: Prices;
  readonly stopping: AbortSignal;
  readonly onFailure: (request: BatchRequest, answer: ProxyAnswer | Unanswered) => void;
}

/** A request that was answered as one that is kept: to be asked again for proof. */
export interface Sample {
  readonly request: BatchRequest;
  readonly answer: ProxyAnswer;
}

export class Warming {
  readonly sums: WarmingSums;
  /** The first that may be kept, or else the first that was answered; null where none was. */
  sample: Sample | null = null;
  readonly #options: WarmingOptions;

  constructor(options: WarmingOptions) {
    const nothing = (): WarmingCost => ({ tokens: 0, nanoDollars: 0 });
    const counts = { done: 0, hits: 0, misses: 0, bypasses: 0, failures: 0 };
    this.sums = { total: options.total, ...counts, spent: nothing(), saved: nothing() };
    this.#options = options;
  }

  /** Resolves once all are done, or it was stopped and none is on the way. */
  async run(): Promise<void> {
    const requests = this.#options.batch.requests();
    const workers = Array.from({ length: this.#options.concurrency }, () => this.#work(requests));
    await Promise.all(workers);
    await requests.return();
  }

  async #work(requests: AsyncGenerator<BatchRequest, void, undefined>): Promise<void> {
    const { client, stopping } = this.#options;
    while (!stopping.aborted) {
      const { value: request } = await requests.next();
      const answer = request && !stopping.aborted ? await client.ask(request) : null;
      if (!request || !answer) return;
      this.#count(request, answer);
    }
  }

  #count(request: BatchRequest, answer: ProxyAnswer | Unanswered): void {
    const { sums } = this;
    sums.done++;
    this.#options.results?.write(request, answer);
    if (!isSuccess(answer)) {
      sums.failures++;
      this.#options.onFailure(request, answer);
      return;
    }
    const word = answer.header('x-cache');
    const isHit = word === 'HIT' || word === 'FOLLOW';
    if (isHit) sums.hits++;
    else if (word === 'BYPASS') sums.bypasses++;
    else sums.misses++;
    this.#charge(answer, isHit ? sums.saved : sums.spent);
    if (!this.sample || (isBypass(this.sample.answer) && word !== 'BYPASS')) this.sample = { request, answer };
  }

  #charge({ usage, model }: ProxyAnswer, cost: WarmingCost): void {
    if (usage === null) return;
    cost.tokens += usage.input + usage.output;
    cost.nanoDollars += this.#options.prices.nanoDollars(model, usage) ?? 0;
  }
}

export function isBypass({ header }: ProxyAnswer): boolean {
  return header('x-cache') === 'BYPASS';
}
