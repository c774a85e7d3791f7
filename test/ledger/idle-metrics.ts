/**
 * Metrics of no proxy: their gauges read nothing.
 */
import { Metrics } from '../../src/ledger/metrics.ts';

export function idleMetrics(version = ''): Metrics {
  return new Metrics({
    version,
    tiers: () => [],
    files: () => ({}),
    flights: () => 0,
    listeners: () => 0,
    bytesInTheAir: () => 0,
  });
}
