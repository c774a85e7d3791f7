/**
 * A proxy that replays, as the configuration says: from a cassette, or offline from whatever it keeps.
 */
import { Cassette } from './cassette/cassette.ts';
import type { CassetteStore } from './cassette/cassette-store.ts';
import { headerName } from './cassette/cassette-header.ts';
import { ExchangeKeyer } from './cassette/exchange-key.ts';
import type { Redaction } from './cassette/redaction.ts';
import type { Unrecorded } from './cassette/unrecorded.ts';
import type { Clock } from './clock.ts';
import { type Config, isOffline } from './config/config.ts';
import { recordedHeaders } from './headers/relayed-headers.ts';
import type { Log } from './log.ts';
import type { Replay } from './proxy/proxy-dependencies.ts';
import type { ExchangeRules } from './rules.ts';
import { exchangeKeyOptions } from './stores.ts';

export interface ReplayParts {
  /** Null where there is no cassette, and then so is the other. */
  readonly store: CassetteStore | null;
  readonly exchanges: OpenExchanges | null;
  readonly unrecorded: Unrecorded;
  readonly log: Log;
  readonly clock: Clock;
}

/** @returns null for a proxy that does not */
export function createReplay(config: Config, { store, exchanges, unrecorded, log, clock }: ReplayParts): Replay | null {
  const offline = isOffline(config);
  if (store === null || exchanges === null) return offline ? { cassette: null, isOffline: true, unrecorded } : null;
  const { record, recordErrors } = config;
  const parts = { ...exchanges, store, recordedHeaders, log, clock };
  const cassette = new Cassette({ ...parts, record, recordErrors, isOffline: offline });
  return { cassette, isOffline: offline, unrecorded };
}

/** How requests are named and redacted, as the first document of a cassette says. */
export interface OpenExchanges extends ExchangeRules {
  readonly redaction: Redaction | null;
}

/** @throws ConfigError for a rule of redaction that is none */
export async function openExchanges(config: Config, store: CassetteStore): Promise<OpenExchanges> {
  const { upstreams, redact } = await store.opened;
  return {
    keyer: new ExchangeKeyer(exchangeKeyOptions(config)),
    dialectOf: (upstream) => upstreams[headerName(upstream)],
    redaction: redact.length === 0 ? null : await (await import('./cassette/redaction.ts')).createRedaction(redact),
  };
}
