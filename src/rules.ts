/**
 * The rules by which requests are read, as the configuration says.
 */
import { exchangeHead, type ExchangeKeyer } from './cassette/exchange-key.ts';
import { type Config, isOffline } from './config/config.ts';
import { type Origin, settingOfUpstream } from './config/origin.ts';
import type { NamedUpstream } from './config/upstreams.ts';
import { type Dialect, dialectOfHost, doneMarkerOf, formModeOf } from './dialect.ts';
import { createBypasses } from './request/bypasses.ts';
import {
  CASSETTE_SCOPE,
  createCallers,
  createDigest,
  createScopeHeaders,
  createUserHeaders,
} from './request/caller.ts';
import { createOmissions } from './request/omissions.ts';
import type { Rules } from './request/parsed-head.ts';
import { findRoute, type Target, type Targets } from './request/route.ts';

/** How a cassette has requests named. */
export interface ExchangeRules {
  readonly keyer: ExchangeKeyer;
  /** That in which an upstream was asked when its answers were recorded; absent where there are none. */
  readonly dialectOf: (upstream: string | null) => Dialect | undefined;
  readonly explain: NonNullable<Rules['explainExchange']>;
}

/**
 * @param origins where the settings got their values, to be named where there is trouble with them
 * @param exchanges null where there is no cassette
 */
export function createRules(
  config: Config,
  secret: Buffer,
  origins: readonly Origin[] = [],
  exchanges: ExchangeRules | null = null,
): Rules {
  const { ttl, maxTtl, stale, cache: mode, samples, pace, items, scope, key, bypass, sse } = config;
  const targets = createTargets(config, origins, exchanges?.dialectOf);
  const digestOf = createDigest(secret);
  const isUser = createUserHeaders(scope.headers);
  const isScopeHeader = createScopeHeaders(isUser);
  const omissions = createOmissions(key, isScopeHeader);
  const callerOf = createCallers({
    shared: { name: scope.shared, members: scope.members },
    isUser,
    // The same in every dialect, of those that are asked about.
    isIgnoredHeader: omissions.compatible.isIgnoredHeader,
    digestOf,
  });
  return {
    routeOf: (url, fields) => findRoute(url, fields, targets),
    policy: {
      ttl,
      maxTtl,
      stale,
      mode,
      sseNoStore: sse.noStore,
      samples,
      pace,
      items: items === 'on',
      isOffline: isOffline(config),
    },
    omissions,
    bypasses: createBypasses(bypass),
    digestOf,
    isScopeHeader,
    callerOf: exchanges === null ? callerOf : (fields) => ({ ...callerOf(fields), scope: CASSETTE_SCOPE }),
    ...(exchanges && {
      explainExchange: exchanges.explain,
      exchangeContextOf: ({ method, fields }, route) =>
        exchanges.keyer.context(exchangeHead(exchanges.keyer, method, fields, route)),
    }),
  };
}

/** The settings that an upstream may have of its own. */
type Own = Pick<NamedUpstream, 'dialect' | 'doneMarker' | 'noStore' | 'forms'>;

/**
 * Each upstream with what is set for it, or else for all, or else follows from its host.
 * @param dialectOf the dialect that a cassette has for an upstream
 */
export function createTargets(
  { upstream, upstreams, dialect, doneMarker, noStore, forms }: Config,
  origins: readonly Origin[],
  dialectOf: ExchangeRules['dialectOf'] = () => undefined,
): Targets {
  const targetOf = (name: string | null, base: string, own: Own): Target => {
    const { origin, hostname, pathname } = new URL(base);
    const spoken = dialectOf(name) ?? (own.dialect === 'auto' ? dialectOfHost(hostname) : own.dialect);
    const marker = own.doneMarker ?? doneMarker;
    const mode = own.forms ?? forms;
    return {
      name,
      origin,
      basePath: pathname.replace(/\/+$/, ''),
      setting: settingOfUpstream(origins, name),
      dialect: spoken,
      doneMarker: marker === 'auto' ? doneMarkerOf(spoken) : marker,
      noStore: own.noStore ?? noStore,
      forms: mode === 'auto' ? formModeOf(spoken) : mode,
    };
  };
  const named = Object.entries(upstreams).map(([name, own]) => [name, targetOf(name, own.url, own)] as const);
  return { standard: targetOf(null, upstream, { dialect, doneMarker, noStore, forms }), named: new Map(named) };
}
