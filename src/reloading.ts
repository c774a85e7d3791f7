/**
 * A reload of settings while the proxy runs: all that it can take over, or
 * nothing. Requests that have begun go on by what they began with.
 */
import { isDeepStrictEqual } from 'node:util';
import { type Certificates, readCertificates } from './certificates.ts';
import type { Config } from './config/config.ts';
import type { Origin } from './config/origin.ts';
import { reloadConfig } from './config/reload.ts';
import type { ExaminedConfig } from './config/sources.ts';
import type { Core, OpenCore } from './core.ts';
import { Prices, type PriceTable, readPriceTable } from './ledger/prices.ts';
import { HeadMemo } from './proxy/head-memo.ts';
import { createRules } from './rules.ts';

/** The values that each process of a proxy takes over: plain, so that they can be sent to it. */
export interface Renewed {
  readonly config: Config;
  readonly origins: readonly Origin[];
  readonly prices: PriceTable;
  /** Null for plain HTTP. */
  readonly certificates: Certificates | null;
}

/** The sources of a reload. Each throws ConfigError where it cannot be used. */
export interface ReloadSources {
  readonly settings: () => ExaminedConfig;
  readonly prices?: () => PriceTable;
}

export interface Reloaded {
  /** The settings and files that differ from before, and hold now. */
  readonly applied: readonly string[];
  /** The settings that differ, and hold after a restart. */
  readonly restart: readonly string[];
}

/** @throws ConfigError where these settings cannot be used; nothing has changed then */
export function renewCore(
  core: Core,
  { proxy, secret, exchanges }: OpenCore,
  { config, origins, prices }: Renewed,
): OpenCore {
  // Exchanges of a cassette were named when it was read.
  const rules = createRules(config, secret, origins, exchanges);
  core.admission.limits = config.limits;
  core.budget.resize(config.limits.requestBytes);
  core.hints.ignored = config.key.ignore;
  core.ledger.prices = new Prices(prices);
  core.log.level = config.logLevel;
  const heads = new HeadMemo({ rules, pseudonym: proxy.pseudonym ?? '' });
  return {
    exchanges,
    secret,
    rules,
    proxy: { ...proxy, heads, omissions: rules.omissions, keyer: proxy.keyer.anew() },
  };
}

export class Reloading {
  /** The settings that hold now, and where they were written. */
  running: ExaminedConfig;
  #certificates: Certificates | null;
  #prices: PriceTable;
  #last: Promise<unknown> = Promise.resolve();

  constructor(running: ExaminedConfig, certificates: Certificates | null, prices: PriceTable) {
    this.running = running;
    this.#certificates = certificates;
    this.#prices = prices;
  }

  /**
   * One at a time.
   * @param renew takes all over, or throws ConfigError before it has taken anything
   * @throws ConfigError where a source cannot be used; nothing has changed then
   */
  reload(sources: ReloadSources, renew: (renewed: Renewed) => Promise<void>): Promise<Reloaded> {
    const reloaded = this.#last.then(() => this.#reload(sources, renew));
    this.#last = reloaded.catch(() => {});
    return reloaded;
  }

  async #reload(sources: ReloadSources, renew: (renewed: Renewed) => Promise<void>): Promise<Reloaded> {
    const { config, origins, applied, restart } = reloadConfig(this.running, sources.settings());
    const prices = (sources.prices ?? readPriceTable)();
    const certificates = readCertificates(config);
    await renew({ config, origins, prices, certificates });
    const { cert, key } = this.#certificates ?? {};
    const files = [
      ...(certificates?.cert === cert ? [] : ['tls.cert']),
      ...(certificates?.key === key ? [] : ['tls.key']),
      ...(isDeepStrictEqual(prices, this.#prices) ? [] : ['prices']),
    ];
    this.running = { config, origins };
    this.#certificates = certificates;
    this.#prices = prices;
    return { applied: [...new Set([...applied, ...files])], restart };
  }
}
