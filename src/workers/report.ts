/**
 * The state of a worker at one moment, for metrics and statistics, and that of
 * all of them.
 */
import type { WorkerGroupState } from '../workforce.ts';
import type { FleetReading } from '../ledger/fleet-metrics.ts';
import type { Hint } from '../ledger/hint-list.ts';
import type { UpstreamReading } from '../upstream/health.ts';

type Numbers = Readonly<Record<string, number>>;

export const NO_REPORT: WorkerGroupState = {
  flights: 0,
  listeners: 0,
  bytes: 0,
  memory: { entries: 0, bytes: 0, evictions: 0 },
  lru: { hits: 0, misses: 0, maxsize: 0, currsize: 0, entries: 0 },
  hints: [],
  fleet: null,
  upstreams: [],
  delays: {},
};

/** The sum of two reports; of lateness the worst. */
export function addReport(one: WorkerGroupState, other: WorkerGroupState): WorkerGroupState {
  const delays = Object.keys(other.delays).map((at) => [at, Math.max(one.delays[at] ?? 0, other.delays[at] ?? 0)]);
  return {
    flights: one.flights + other.flights,
    listeners: one.listeners + other.listeners,
    bytes: one.bytes + other.bytes,
    memory: sum(one.memory, other.memory),
    lru: sum(one.lru, other.lru),
    hints: mergeHints(one.hints, other.hints),
    fleet: addReadings(one.fleet, other.fleet),
    upstreams: mergeUpstreams(one.upstreams, other.upstreams),
    delays: Object.fromEntries(delays),
  };
}

function sum<T extends object>(one: T, other: T): T {
  const [a, b] = [one as Numbers, other as Numbers];
  return Object.fromEntries(Object.keys(a).map((name) => [name, (a[name] as number) + (b[name] as number)])) as T;
}

function addReadings(one: FleetReading | null, other: FleetReading | null): FleetReading | null {
  if (one === null || other === null) return one ?? other;
  const { claims, unshared: _, ...counts } = one;
  const unshared = sum(one.unshared, other.unshared);
  return { ...sum(counts, other), claims: sum(claims, other.claims), unshared };
}

/** The latest word on each. */
function mergeUpstreams(some: readonly UpstreamReading[], others: readonly UpstreamReading[]): UpstreamReading[] {
  const all = new Map(some.map((reading) => [reading.setting, reading]));
  for (const reading of others) {
    if (reading.since > (all.get(reading.setting)?.since ?? -Infinity)) all.set(reading.setting, reading);
  }
  return [...all.values()];
}

/** Each worker says its own; of the same hint the numbers add up. */
function mergeHints(some: readonly Hint[], others: readonly Hint[]): Hint[] {
  const all = new Map<string, Hint>();
  for (const hint of [...some, ...others]) {
    const id = `${hint.about} ${hint.setting}`;
    const before = all.get(id);
    all.set(id, before ? withRequests(hint, before.requests + hint.requests) : hint);
  }
  return [...all.values()].sort((a, b) => b.requests - a.requests);
}

/** The text begins with what it is about, and then the number. */
function withRequests(hint: Hint, requests: number): Hint {
  const text = hint.text.replace(/ kept \d+ requests? from /, ` kept ${requests} requests from `);
  return { ...hint, requests, text };
}

/** The part of a report that remains of a worker that has ended: its counts. */
export function pastOf(report: WorkerGroupState | undefined): WorkerGroupState {
  if (!report) return NO_REPORT;
  const { hits, misses } = report.lru;
  return {
    ...NO_REPORT,
    memory: { ...NO_REPORT.memory, evictions: report.memory.evictions },
    lru: { ...NO_REPORT.lru, hits, misses },
    hints: report.hints,
    fleet: report.fleet && { ...report.fleet, following: 0, followed: 0 },
  };
}
