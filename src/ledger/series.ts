/**
 * The series of one registry, by names that begin with ours.
 */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Reports the value of one series. */
export type Report = (labels: Record<string, string>, value: number) => void;

export class Series {
  readonly registry = new Registry();

  /** @param collect reports its series anew, where they are counted elsewhere */
  counter(name: string, help: string, labelNames: readonly string[], collect?: (add: Report) => void): Counter {
    const counter: Counter = new Counter({
      name: `refrain_${name}`,
      help,
      labelNames,
      registers: [this.registry],
      ...(collect && {
        collect: () => {
          counter.reset();
          collect((labels, value) => counter.inc(labels, value));
        },
      }),
    });
    return counter;
  }

  gauge(name: string, help: string, labelNames: readonly string[], collect: (set: Report) => void): void {
    const gauge: Gauge = new Gauge({
      name: `refrain_${name}`,
      help,
      labelNames,
      registers: [this.registry],
      collect: () => collect((labels, value) => gauge.set(labels, value)),
    });
  }

  durations(name: string, help: string, label: string, buckets: number[]): Histogram {
    return new Histogram({ name: `refrain_${name}`, help, labelNames: [label], buckets, registers: [this.registry] });
  }
}
