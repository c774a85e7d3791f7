/**
 * What a histogram is told of later, many at a time: one by one, telling it
 * costs a hit more than finding its answer does.
 */
import type { Histogram } from 'prom-client';

/** How many wait: less than a millisecond of telling. */
const AT_ONCE = 512;

export class Gathered {
  readonly #histogram: Histogram;
  readonly #labels: Record<string, string>;
  readonly #values = new Float64Array(AT_ONCE);
  #count = 0;

  constructor(histogram: Histogram, labels: Record<string, string>) {
    this.#histogram = histogram;
    this.#labels = labels;
  }

  observe(value: number): void {
    this.#values[this.#count++] = value;
    if (this.#count === AT_ONCE) this.tell();
  }

  tell(): void {
    for (const value of this.#values.subarray(0, this.#count)) this.#histogram.observe(this.#labels, value);
    this.#count = 0;
  }
}
