/**
 * A proxy that replays, as the configuration says: from a cassette, or offline from whatever it keeps.
 */
import type { CassetteStore } from './cassette/cassette-store.ts';
import { type CassetteHeader, headerName } from './cassette/cassette-header.ts';
import { ExchangeKeyer } from './cassette/exchange-key.ts';
import type { Redaction } from './cassette/redaction.ts';
import type { Unrecorded } from './cassette/unrecorded.ts';
import { type Clock, within } from './clock.ts';
import { type Config, isOffline } from './config/config.ts';
import { ConfigError } from './errors.ts';
import { recordedHeaders } from './headers/relayed-headers.ts';
import type { Log } from './log.ts';
import type { Replay } from './proxy/proxy-dependencies.ts';
import type { ExchangeRules } from './rules.ts';
import { exchangeKeyOptions } from './stores.ts';

export interface ReplayParts {
  /** Null where there is no cassette. */
  readonly store: CassetteStore | null;
  readonly unrecorded: Unrecorded;
  readonly log: Log;
  readonly clock: Clock;
}

export interface OpenReplay {
  /** How requests are named; null where there is no cassette. */
  readonly exchanges: ExchangeRules | null;
  /** Null for a proxy that does not replay. */
  readonly replay: Replay | null;
}

/** A file that is read for longer is read on while requests are served, each of which waits for its answer. */
const LOADING_MS = 1_000;

/** Loads what that needs. @throws ConfigError where the file is no cassette, or a rule of redaction none */
export async function openReplay(config: Config, parts: ReplayParts): Promise<OpenReplay> {
  const { store, unrecorded, log, clock } = parts;
  const offline = isOffline(config);
  if (store === null) {
    return { exchanges: null, replay: offline ? { cassette: null, isOffline: true, unrecorded } : null };
  }
  const header = await store.opened;
  const failure = await within(clock, LOADING_MS, store.loaded);
  if (failure) throw new ConfigError(failure.message);
  const { Cassette } = await import('./cassette/cassette.ts');
  const { record, recordErrors } = config;
  const { keyer, redaction, exchanges } = await nameExchanges(config, header);
  const given = { store, keyer, redaction, recordedHeaders, log, clock };
  return {
    exchanges,
    replay: {
      cassette: new Cassette({ ...given, record, recordErrors, isOffline: offline }),
      isOffline: offline,
      unrecorded,
    },
  };
}

export interface ExchangeNaming {
  readonly keyer: ExchangeKeyer;
  /** Null where nothing is redacted. */
  readonly redaction: Redaction | null;
  readonly exchanges: ExchangeRules;
}

/** How the requests of a cassette with this header are named. @throws ConfigError where a rule of redaction is none */
export async function nameExchanges(config: Config, { upstreams, redact }: CassetteHeader): Promise<ExchangeNaming> {
  const { createRedaction } = await import('./cassette/redaction.ts');
  const { explainExchange } = await import('./cassette/explained-exchange.ts');
  const keyer = new ExchangeKeyer(exchangeKeyOptions(config));
  const redaction = redact.length === 0 ? null : await createRedaction(redact);
  const exchanges: ExchangeRules = {
    keyer,
    dialectOf: (upstream) => upstreams[headerName(upstream)],
    explain: (head, route, body) => explainExchange(keyer, redaction, head, route, body),
  };
  return { keyer, redaction, exchanges };
}
