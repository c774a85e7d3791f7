/**
 * A histogram of durations that is told of them many at a time: one by one,
 * telling it costs a hit more than finding its answer does.
 */
import { Histogram, type Registry } from 'prom-client';

/** How many wait: less than a millisecond of telling. */
const AT_ONCE = 512;

export interface DurationsOptions {
  readonly name: string;
  readonly help: string;
  /** The name of its one label. */
  readonly label: string;
  /** In seconds. */
  readonly buckets: number[];
  readonly registry: Registry;
}

export class Durations {
  readonly #histogram: Histogram;
  readonly #label: string;
  /** By the value of the label, in seconds. */
  readonly #waiting = new Map<string, number[]>();

  constructor({ name, help, label, buckets, registry }: DurationsOptions) {
    this.#label = label;
    this.#histogram = new Histogram({
      name,
      help,
      labelNames: [label],
      buckets,
      registers: [registry],
      collect: () => this.#waiting.forEach((times, of) => this.#tell(times, of)),
    });
  }

  /** @param of what is measured @param ms how long it took */
  observe(of: string, ms: number): void {
    let times = this.#waiting.get(of);
    if (!times) this.#waiting.set(of, (times = []));
    times.push(ms / 1_000);
    if (times.length === AT_ONCE) this.#tell(times, of);
  }

  #tell(times: number[], of: string): void {
    const labels = { [this.#label]: of };
    for (const time of times) this.#histogram.observe(labels, time);
    times.length = 0;
  }
}
