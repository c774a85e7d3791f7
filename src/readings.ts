/**
 * The numbers of a proxy, as the admin API and the metrics show them; those of
 * workers are looked at first.
 */
import type { AdminOptions } from './admin/admin.ts';
import { examineRunning } from './admin/doctor.ts';
import type { StateReader, StateSources } from './admin/state.ts';
import type { Config } from './config/config.ts';
import type { ExaminedConfig } from './config/sources.ts';
import { showConfig } from './config/shown.ts';
import { packageVersion } from './config/version.ts';
import type { Core } from './core.ts';
import { billOf } from './ledger/bill.ts';
import { type MetricSources, Metrics } from './ledger/metrics.ts';
import type { WorkerGroup } from './workforce.ts';

type Readings = Required<Pick<AdminOptions, 'stats' | 'series' | 'bill' | 'metrics' | 'settings' | 'state' | 'doctor'>>;

interface Read {
  /** The settings that hold now. */
  readonly running: () => ExaminedConfig;
  readonly metrics: Metrics;
  readonly state: StateReader;
}

/** The numbers that the admin API shows; those of workers are looked at first. */
export function createReadings(core: Core, workers: WorkerGroup | null, { running, metrics, state }: Read): Readings {
  const { ledger, fleet } = core;
  const hints = () => workers?.state.hints ?? core.hints.list();
  return {
    async stats() {
      await workers?.look();
      const [stats, ofFleet] = await Promise.all([ledger.stats(), fleet()?.books?.stats()]);
      return { ...stats, ...(ofFleet !== undefined && { fleet: ofFleet }), hints: hints() };
    },
    series: async (query) => ({ node: nodeOf(running().config, core), ...(await ledger.series(query)) }),
    async bill(query, now) {
      await workers?.look();
      const { config } = running();
      const bill = await billOf(query, now, (asked) => ledger.series(asked));
      const { by } = query;
      const ofFleet = by === 'tag' ? await fleet()?.books?.bill({ ...query, by }) : undefined;
      return { node: nodeOf(config, core), ...bill, ...(ofFleet !== undefined && { fleet: ofFleet }) };
    },
    async metrics() {
      await workers?.look();
      return metrics.text();
    },
    settings: () => showConfig(running().config, running().origins),
    async state() {
      await workers?.look();
      return state.read();
    },
    async doctor() {
      await workers?.look();
      const named = running().origins.map(({ path, shown, from }) => `${path} = ${shown}, from ${from}`);
      return examineRunning(state.read(), hints(), named);
    },
  };
}

type Sources = MetricSources & Pick<StateSources, 'counts' | 'upstreams' | 'node'>;

/** Null where there is no other. */
function nodeOf({ redis }: Config, { fleet }: Core): string | null {
  return redis === null ? null : (fleet()?.hub.node ?? null);
}

export function createSources(config: Config, core: Core, workers: WorkerGroup | null): Sources {
  const { stores, files, admission, fleet } = core;
  return {
    counts: () => core.ledger.counts(),
    upstreams: () => workers?.state.upstreams ?? core.upstream.readings?.() ?? [],
    node: () => nodeOf(config, core),
    version: packageVersion(),
    tiers: () => [...(workers?.tiersBeside(stores.tiers()) ?? stores.tiers()), ...(fleet()?.tiers() ?? [])],
    files,
    flights: () => (workers?.state ?? admission).flights,
    listeners: () => (workers?.state ?? admission).listeners,
    bytesInTheAir: () => (workers?.state ?? admission).bytes,
    fleet: () => (workers ? workers.state.fleet : (fleet()?.reading() ?? null)),
    ...(workers && { delays: () => workers.state.delays }),
  };
}

export function createMetrics({ ledger }: Core, sources: MetricSources): Metrics {
  const metrics = new Metrics(sources);
  ledger.subscribe((record) => metrics.observe(record));
  ledger.onCall((record) => metrics.observeCall(record));
  return metrics;
}
