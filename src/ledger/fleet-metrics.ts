/**
 * Metrics of what several processes share: of a process that is alone they say
 * nothing, or 0.
 */
import type { Report, Series } from './series.ts';

export interface FleetReading {
  /** Claims of leave to lead since the start, by what came of each. */
  readonly claims: Readonly<Record<string, number>>;
  /** Leases that ended while their flights went on, since the start. */
  readonly lost: number;
  /** Answers of other processes that are followed here. */
  readonly following: number;
  /** Processes that follow answers of this one, each as often as it follows. */
  readonly followed: number;
  /** Answers that were not stored for all, since the start: they came too late, or there was no room for them. */
  readonly unshared: Readonly<Record<'fenced' | 'refused', number>>;
}

export function addFleetMetrics(series: Series, read: () => FleetReading | null): void {
  series.counter('claims_total', 'Claims of the leave to lead in a fleet, by what came of them', ['result'], (add) => {
    for (const [result, count] of Object.entries(read()?.claims ?? {})) add({ result }, count);
  });
  series.counter('unshared_total', 'Answers that were not stored for all nodes, by why', ['reason'], (add) => {
    for (const [reason, count] of Object.entries(read()?.unshared ?? {})) add({ reason }, count);
  });
  const each = (of: 'lost' | 'following' | 'followed') => (report: Report) => {
    const reading = read();
    if (reading) report({}, reading[of]);
  };
  series.counter('leases_lost_total', 'Leases that ended before the answer that they were for', [], each('lost'));
  series.gauge(
    'remote_flights',
    'Answers on their way to other nodes that are followed from here',
    [],
    each('following'),
  );
  series.gauge('remote_readers', 'Readers on other nodes that answers on their way here have', [], each('followed'));
}
