/**
 * The rules by which requests are read, as the configuration says.
 */
import type { Config } from './config/config.ts';
import { type Origin, settingOfUpstream } from './config/origin.ts';
import type { NamedUpstream } from './config/upstreams.ts';
import { dialectOfHost, doneMarkerOf } from './dialect.ts';
import { createBypasses } from './request/bypasses.ts';
import { createCallers, createDigest, createScopeHeaders, createUserHeaders } from './request/caller.ts';
import { createOmissions } from './request/omissions.ts';
import type { Rules } from './request/parsed-head.ts';
import { findRoute, type Target, type Targets } from './request/route.ts';

/** @param origins where the settings got their values, to be named where there is trouble with them */
export function createRules(config: Config, secret: Buffer, origins: readonly Origin[] = []): Rules {
  const { ttl, maxTtl, stale, cache: mode, pace, scope, key, bypass, sse } = config;
  const targets = createTargets(config, origins);
  const digestOf = createDigest(secret);
  const isUser = createUserHeaders(scope.headers);
  const isScopeHeader = createScopeHeaders(isUser);
  return {
    routeOf: (url, fields) => findRoute(url, fields, targets),
    policy: { ttl, maxTtl, stale, mode, sseNoStore: sse.noStore, pace },
    omissions: createOmissions(key, isScopeHeader),
    bypasses: createBypasses(bypass),
    digestOf,
    isScopeHeader,
    callerOf: createCallers({ shared: { name: scope.shared, members: scope.members }, isUser, digestOf }),
  };
}

/** The settings that an upstream may have of its own. */
type Own = Pick<NamedUpstream, 'dialect' | 'doneMarker' | 'noStore'>;

/** Each upstream with what is set for it, or else for all, or else follows from its host. */
export function createTargets(
  { upstream, upstreams, dialect, doneMarker, noStore }: Config,
  origins: readonly Origin[],
): Targets {
  const targetOf = (name: string | null, base: string, own: Own): Target => {
    const { origin, hostname, pathname } = new URL(base);
    const spoken = own.dialect === 'auto' ? dialectOfHost(hostname) : own.dialect;
    const marker = own.doneMarker ?? doneMarker;
    return {
      name,
      origin,
      basePath: pathname.replace(/\/+$/, ''),
      setting: settingOfUpstream(origins, name),
      dialect: spoken,
      doneMarker: marker === 'auto' ? doneMarkerOf(spoken) : marker,
      noStore: own.noStore ?? noStore,
    };
  };
  const named = Object.entries(upstreams).map(([name, own]) => [name, targetOf(name, own.url, own)] as const);
  return { standard: targetOf(null, upstream, { dialect, doneMarker, noStore }), named: new Map(named) };
}
